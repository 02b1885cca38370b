"""The header: is anything wrong, what is being done, how far along; then the room's own measurements."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks, Paint
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import clip_middle, shown
from grace_tui.faces.views import RoomView

STALE_AFTER = 3.0
"""Seconds after which a view is called old: the supervisor makes one at least every second."""
GAP = "  "
SLOW_MS, STALLED_MS = 100.0, 250.0
"""Loop lag from which a key press is felt to wait, and from which a kernel is said to hold the loop."""
OTHER_STATES = ("starting", "paused", "stopped")
"""Counted beside the running, the completed and the failed where there is room."""


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
    if view.stall:
        return _stall_line(view, width, paint, freshness)
    left: Sequence[Piece] = ()
    for level in range(_LEVELS):
        left = _joined(_state_parts(view, level, paint, freshness), inks.text)
        right = _joined(_figure_parts(view, level, paint, freshness), inks.text)
        if cells(left) + cells(right) + 3 <= width or (not right and cells(left) <= width):
            return line_between(left, (*right, (" ", inks.text)) if right else (), width, inks.text)
    return line_of(left, width, inks.text)


_LEVELS = 10
"""0 says everything; each further level leaves out what matters least: first measurements, then words."""
_NO_LAG, _NO_FIGURES, _SHORT_AGENT, _SHORT_WORDS, _NO_NAME, _SIGNS, _ALARMS = 4, 5, 6, 7, 7, 8, 9


def _joined(parts: Iterator[Sequence[Piece]], ground: Style) -> list[Piece]:
    joined: list[Piece] = []
    for part in parts:
        if joined:
            joined.append((GAP, ground))
        joined.extend(part)
    # The name brings its own margin; without it the first sign needs one.
    return joined if not joined or joined[0][0].startswith(" ") else [(" ", ground), *joined]


def _stall_line(view: RoomView, width: int, paint: Paint, freshness: Freshness) -> Line:
    """Nothing moves while the loop is held: the whole line says by whom, and keeps the counts if they fit."""
    age = f"no answer for {figures.duration(freshness.age)}  " if freshness.stale else ""
    said = f" ▲ {shown(view.stall)}  {age}"
    counts = [f"{_counted(view)} running", f"✖ {figures.short(view.failed)} failed"]
    for kept in (counts[: 2 if view.failed else 1], [_counted(view)]):
        right = f"{GAP.join(kept)} "
        if cells([(said + right, paint.alert)]) <= width:
            return line_between([(said, paint.alert)], [(right, paint.alert)], width, paint.alert)
    return line_of([(clip_middle(said.rstrip(), width), paint.alert)], width, paint.alert)


def _counted(view: RoomView) -> str:
    return f"{figures.short(view.running)}/{figures.short(view.total)}"


def _state_parts(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Iterator[Sequence[Piece]]:
    inks = paint.panel
    if level < _NO_NAME:
        yield [(" grace", inks.strong)]
    if freshness.stale:
        age = figures.duration(freshness.age)
        yield [(f" ▲ no answer for {age} " if level < _SHORT_WORDS else f" ▲ {age} old ", paint.alert)]
    if view.state == "degraded" and view.degraded:
        yield [(_degraded(view, level), paint.alert)]
    yield _running(view, level, paint, freshness)
    if view.failed:
        word = " failed" if level < _SIGNS else ""
        yield [(f" ✖ {figures.short(view.failed)}{word} ", paint.alert)]
    if level >= _ALARMS:
        return
    if view.open_incidents:
        word = " incident" + ("s" if view.open_incidents != 1 else "") if level < _SHORT_WORDS else ""
        yield [(f"▲ {figures.short(view.open_incidents)}{word}", inks.strong_bad)]
    yield from _asked(view, level, paint)
    yield from _agent(view, level, paint)
    if _chaotic(view):
        word = f"chaos {shown(view.chaos.state)}" if level < _SHORT_WORDS else "chaos"
        yield [(word, inks.warn)]


def _degraded(view: RoomView, level: int) -> str:
    """The critical kernels that are down, by name: without them the room is not what it should be."""
    names = [shown(name) for name in view.degraded]
    most = 3 if level < _NO_LAG else 1
    more = f" +{len(names) - most}" if len(names) > most else ""
    return f" {'degraded: ' if level < _SHORT_AGENT else '▼ '}{', '.join(names[:most])}{more} "


def _chaotic(view: RoomView) -> bool:
    return view.chaos.state not in ("", "idle", None)


def _running(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Sequence[Piece]:
    inks = paint.panel
    mark = marks.mark(marks.ROOM, view.state)
    words = inks.muted if freshness.stale else inks.strong
    if view.state in ("steady", "degraded"):
        # Degraded is the general case of what the alert beside it says exactly: its own sign stays quiet.
        sign = inks.muted if freshness.stale else inks.warn if view.state == "degraded" else inks.ok
        running = " running" if level < _SHORT_WORDS else ""
        return [("● ", sign), (_counted(view), words), (running, inks.text), *_others(view, level, inks)]
    style = inks.muted if freshness.stale else inks.named(mark.ink)
    up = view.running + view.completed if isinstance(view.completed, int) and isinstance(view.running, int) else 0
    full, empty = figures.bar(up, view.total, 10 if level < _SHORT_WORDS else 0)
    pieces = [(f"{mark.glyph} {shown(mark.word)} ", style), (_counted(view), words)]
    return [*pieces, (" ", inks.text), (full, inks.accent), (empty, inks.line)] if full or empty else pieces


def _others(view: RoomView, level: int, inks: Inks) -> Iterator[Piece]:
    """Those that neither run nor failed: what is missing from the count is accounted for."""
    if view.completed:
        done = figures.short(view.completed)
        yield (f" {done} done" if level < _SHORT_WORDS else f" ✓{done}", inks.muted)
    if level < _NO_FIGURES:
        counted = Counter(kernel.state for kernel in view.kernels)
        found = (f" {figures.short(counted[state])} {state}" for state in OTHER_STATES if counted[state])
        yield ("".join(found), inks.muted)


def _asked(view: RoomView, level: int, paint: Paint) -> Iterator[Sequence[Piece]]:
    """A run of a playbook that stands still until a person answers."""
    count = sum(run.state == "waiting_for_person" for run in view.runs)
    if count:
        words = f"{figures.short(count)} question{'s' if count != 1 else ''}" if level < _SHORT_WORDS else str(count)
        yield [(f" ? {words} ", paint.notice)]


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
    lag = figures.number(view.loop_lag_ms)
    if level < _NO_LAG or (lag >= SLOW_MS and level < _ALARMS):
        style = inks.strong_bad if lag >= STALLED_MS else inks.warn if lag >= SLOW_MS else values
        yield [("lag ", words), (f"{figures.milliseconds(view.loop_lag_ms):>6}", style)]
    if level < 3:
        yield [("cpu ", words), (f"{figures.percent(view.cpu_percent):>4}", values)]
        yield [("rss ", words), (f"{figures.size(view.rss_bytes):>5}", values)]
    if level < _NO_FIGURES:
        yield [("up ", words), (figures.uptime(view.uptime), values)]


def banner_line(view: RoomView | None, width: int, paint: Paint) -> Line:
    """One line about something larger in progress, or about what a person should know soon."""
    if view is not None and not view.banner and view.warnings:
        return _warnings_line(view.warnings, width, paint)
    return line_of([(f" ▸ {shown(view.banner) if view else ''}", paint.notice)], width, paint.notice)


def has_banner(view: RoomView) -> bool:
    """Whether the line under the header has anything to say."""
    return bool(view.banner or view.warnings)


def _warnings_line(warnings: Sequence[str], width: int, paint: Paint) -> Line:
    """As many of the warnings as fit, whole; how many more there are."""
    inks = paint.panel
    for count in range(len(warnings), 0, -1):
        more = f"  +{len(warnings) - count} more" if count < len(warnings) else ""
        text = " · ".join(shown(text) for text in warnings[:count])
        if count == 1 or cells([(f" ▲ {text}{more}", inks.text)]) <= width:
            break
    left = [(" ▲ ", inks.warn), (text, inks.text)]
    return line_between(left, [(f"{more} " if more else "", inks.muted)], width, inks.text)
