"""A silence as a row of a list and in full: what it hides, until when, by whom and why, and what it hid so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.lines.form import Field, Form
from grace_tui.faces.ui.lines.said import Said, Saying, fact, heading
from grace_tui.faces.views import IncidentView, SilenceView

SOON = 300.0
"""Seconds before its end in which a silence is said to end soon."""
SPANS = (("30m", "30 min"), ("2h", "2 h"), ("8h", "8 h"), ("1d", "1 day"))
WHY = "a silence needs a reason: whoever finds it later must know why"


def state_of(silence: SilenceView, now: float) -> str:
    left = figures.number(figures.between(now, silence.ends_at))
    return "ended" if left <= 0 else "ends_soon" if left <= SOON else "in_force"


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """A silence as a row says it: made again when its time is told in other words."""

    silence: SilenceView
    state: str
    until: str

    @property
    def id(self) -> str:
        return self.silence.id


def silence_rows(silences: Sequence[SilenceView], now: float) -> tuple[SilenceRow, ...]:
    states = [(silence, state_of(silence, now)) for silence in silences]
    return tuple(SilenceRow(silence, state, _until(silence, state, now)) for silence, state in states)


def silence_lines(
    row: SilenceRow, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False
) -> list[Line]:
    edge = gutter or (" ", inks.text)
    silence, mark = row.silence, marks.mark(marks.SILENCE, row.state)
    over = row.state == "ended"
    left = [edge, (f"{mark.glyph} ", inks.named(mark.ink)), (shown(silence.matcher), inks.muted if over else inks.text)]
    head = line_between(left, [(f" {row.until}", inks.named(mark.ink))], width, inks.text)
    if over:
        return [head]
    why = [edge, ("  ", inks.text), (shown(silence.reason), inks.muted)]
    return [head, line_between(why, [(f" {_hid(silence)}", inks.muted)], width, inks.text)]


def _until(silence: SilenceView, state: str, now: float) -> str:
    if state == "ended":
        return f"ended {figures.duration(figures.between(silence.ends_at, now))} ago"
    return f"{figures.duration(figures.between(now, silence.ends_at))} left"


def _hid(silence: SilenceView) -> str:
    if not silence.hidden:
        return "hides nothing"
    times = f" ×{figures.short(silence.failures)}" if silence.failures else ""
    return f"hides {figures.short(silence.hidden)}{times}"


def silence_facts(silence: SilenceView, now: float) -> list[Saying]:
    state = state_of(silence, now)
    mark = marks.mark(marks.SILENCE, state)
    until = _until(silence, state, now)
    ended = f"{until} by {shown(silence.ended_by)}" if silence.ended_by else until
    many = "s" if silence.hidden != 1 else ""
    hidden = f"{figures.short(silence.hidden)} incident{many}, {figures.short(silence.failures)} failures meanwhile"
    return [
        Said(ended if state == "ended" else f"{mark.word}, {until}", mark.ink, "state", mark.glyph),
        *fact("hides", silence.matcher, "strong"),
        *fact("because", silence.reason),
        *fact("by", silence.by),
        *fact("began", figures.day_time(silence.starts_at)),
        *fact("ends" if state != "ended" else "ended", figures.day_time(silence.ends_at)),
        *fact("hid", hidden if silence.hidden else "nothing so far"),
        *fact("silence", silence.id, "muted"),
    ]


def ledger_said(told: object) -> list[Said]:
    """What it hid, the incident that happened last first, as the room told it."""
    lines = [one for one in told if isinstance(one, Mapping)] if isinstance(told, (list, tuple)) else []
    said = [heading("what it hid")]
    for one in lines:
        at, count = one.get("last_at"), one.get("count")
        times = figures.short(count if isinstance(count, (int, float)) else None)
        words = f"{shown(str(one.get('title', '')))}  ×{times}, {shown(str(one.get('incident_id', '')))}"
        moment = figures.clock_time(at if isinstance(at, (int, float)) else None)
        said += [Said(shown(str(one.get("kernel", ""))), "strong", moment), Said(words, "text", " ")]
    return said if lines else [*said, Said("nothing so far", "muted")]


def silence_form(incident: IncidentView) -> tuple[Form, Mapping[str, Mapping[str, str]]]:
    """The form that silences what is like an incident, and the matcher of each of its choices."""
    kernel, kind = incident.kernel, incident.kind
    matchers = {
        "this": {"kernel": kernel, "signature": incident.signature},
        "kind": {"kernel": kernel, "kind": kind},
        "kernel": {"kernel": kernel},
    }
    words = (
        ("this", "this failure only"),
        ("kind", f"every {shown(kind)} of {shown(kernel)}"),
        ("kernel", f"all of {shown(kernel)}"),
    )
    return Form(f"silence {incident.id}", _fields(Field("what", "what", words))), matchers


def free_form(kernels: Sequence[str]) -> Form:
    """The form that silences a kernel, or a kind of failure everywhere."""
    known = f"a kernel's name, with * and ?, such as {shown(kernels[0])}" if kernels else "a kernel's name"
    fields = (
        Field("kernel", "kernel", needed=f"{known}; * is every kernel"),
        Field("kind", "kind"),
        *_fields(),
    )
    return Form("new silence", fields)


def _fields(*first: Field) -> tuple[Field, ...]:
    return (*first, Field("for", "how long", SPANS), Field("reason", "why", needed=WHY))
