"""The header: is anything wrong, what is being done, how far along; then the room's own measurements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.views import RoomView

STALE_AFTER = 3.0
"""Seconds after which a view is called old: the supervisor makes one at least every second."""
GAP = "  "
SLOW_MS = 100.0
"""Loop lag from which a key press is felt to wait."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest view is, in seconds."""

    age: float = 0.0

    @property
    def stale(self) -> bool:
        return self.age >= STALE_AFTER


def header_line(view: RoomView | None, width: int, paint: Paint, freshness: Freshness = Freshness()) -> Line:
    """The header in the fullest form that fits `width`."""
    inks = paint.panel
    if view is None:
        return line_of([(" grace ", inks.strong), ("◐ opening …", inks.strong_accent)], width, inks.text)
    left: Sequence[Piece] = ()
    for level in range(_LEVELS):
        left = _joined(_state_parts(view, level, paint, freshness), inks.text)
        right = _joined(_figure_parts(view, level, paint, freshness), inks.text) if level < _NO_FIGURES else []
        if cells(left) + cells(right) + 3 <= width or (not right and cells(left) <= width):
            return line_between(left, (*right, (" ", inks.text)) if right else (), width, inks.text)
    return line_of(left, width, inks.text)


_LEVELS = 9
"""0 says everything; each further level leaves out what matters least: first measurements, then words."""
_NO_LAG, _NO_FIGURES, _SHORT_AGENT, _SHORT_WORDS, _NO_NAME, _SIGNS = 4, 5, 6, 7, 7, 8


def _joined(parts: Iterator[Sequence[Piece]], ground: Style) -> list[Piece]:
    joined: list[Piece] = []
    for part in parts:
        if joined:
            joined.append((GAP, ground))
        joined.extend(part)
    # The name brings its own margin; without it the first sign needs one.
    return joined if joined and joined[0][0].startswith(" ") else [(" ", ground), *joined]


def _state_parts(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Iterator[Sequence[Piece]]:
    inks = paint.panel
    if level < _NO_NAME:
        yield [(" grace", inks.strong)]
    if freshness.stale:
        age = figures.duration(freshness.age)
        yield [(f" ▲ no answer for {age} " if level < _SHORT_WORDS else f" ▲ {age} old ", paint.alert)]
    yield _running(view, level, paint, freshness)
    if view.failed:
        word = " failed" if level < _SIGNS else ""
        yield [(f" ✖ {figures.short(view.failed)}{word} ", paint.alert)]
    if view.open_incidents:
        word = " incident" + ("s" if view.open_incidents != 1 else "") if level < _SHORT_WORDS else ""
        yield [(f"▲ {figures.short(view.open_incidents)}{word}", inks.strong_bad)]
    yield from _agent(view, level, paint)
    if _chaotic(view):
        word = f"chaos {shown(view.chaos.state)}" if level < _SHORT_WORDS else "chaos"
        yield [(word, inks.warn)]


def _chaotic(view: RoomView) -> bool:
    return view.chaos.state not in ("", "idle", None)


def _running(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Sequence[Piece]:
    inks = paint.panel
    mark = marks.mark(marks.ROOM, view.state)
    total = f"{figures.short(view.running)}/{figures.short(view.total)}"
    words = inks.muted if freshness.stale else inks.strong
    if view.state in ("steady", "degraded"):
        # Degraded is the general case of what the alert beside it says exactly: its own sign stays quiet.
        sign = inks.muted if freshness.stale else inks.warn if view.state == "degraded" else inks.ok
        return [("● ", sign), (total, words), (" running" if level < _SHORT_WORDS else "", inks.text)]
    style = inks.muted if freshness.stale else inks.named(mark.ink)
    full, empty = figures.bar(view.running, view.total, 10 if level < _SHORT_WORDS else 0)
    pieces = [(f"{mark.glyph} {shown(mark.word)} ", style), (total, words)]
    return [*pieces, (" ", inks.text), (full, inks.accent), (empty, inks.line)] if full or empty else pieces


def _agent(view: RoomView, level: int, paint: Paint) -> Iterator[Sequence[Piece]]:
    fixing, queued = figures.short(view.fixing), figures.short(view.queued)
    if not view.fixing and not view.queued:
        return
    if level < _SHORT_AGENT:
        words = [f"{fixing} fixing" if view.fixing else "", f"{queued} queued" if view.queued else ""]
        text = "⚙ " + " ".join(word for word in words if word)
    else:
        text = f"⚙ {fixing}+{queued}"
    yield [(text, paint.panel.strong_accent)]


def _figure_parts(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Iterator[Sequence[Piece]]:
    """Measurements, muted: each in a column of fixed width, so that a change of one moves no other."""
    inks = paint.panel
    words = inks.muted
    values = inks.muted if freshness.stale else inks.text
    if not _chaotic(view) and level < 1:
        yield [("chaos ", words), ("idle", words)]
    if isinstance(view.screens, int) and view.screens > 1 and level < 1:
        yield [("screens ", words), (figures.short(view.screens), values)]
    if level < 2:
        yield [("bus ", words), (f"{figures.rate(view.bus_rate) or '0/s':>6}", values)]
    if level < _NO_LAG:
        slow = isinstance(view.loop_lag_ms, (int, float)) and view.loop_lag_ms >= SLOW_MS
        yield [("lag ", words), (f"{figures.milliseconds(view.loop_lag_ms):>6}", inks.warn if slow else values)]
    if level < 3:
        yield [("cpu ", words), (f"{figures.percent(view.cpu_percent):>4}", values)]
        yield [("rss ", words), (f"{figures.size(view.rss_bytes):>5}", values)]
    if level < _NO_FIGURES:
        yield [("up ", words), (figures.uptime(view.uptime), values)]


def banner_line(view: RoomView | None, width: int, paint: Paint) -> Line:
    """One line about something larger in progress."""
    return line_of([(f" ▸ {shown(view.banner) if view else ''}", paint.notice)], width, paint.notice)
