"""The header: is anything wrong, what is being done, how far along; then the room's own measurements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.views import RoomView

STALE_AFTER = 3.0
"""Seconds after which a view is called old: the supervisor makes one at least every second."""
GAP = "  "


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
        left = _joined(_state_parts(view, level, paint, freshness))
        right = _joined(_figure_parts(view, level, paint, freshness))
        if cells(left) + cells(right) + 3 <= width or (not right and cells(left) <= width):
            return line_between(left, (*right, (" ", inks.text)) if right else (), width, inks.text)
    return line_of(left, width, inks.text)


_LEVELS = 7
"""0 says everything; each further level leaves out what matters least."""


def _joined(parts: Iterator[Sequence[Piece]]) -> list[Piece]:
    joined: list[Piece] = []
    for part in parts:
        if joined:
            joined.append((GAP, part[0][1] if not part[0][1].bold else joined[0][1]))
        joined.extend(part)
    return joined


def _state_parts(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Iterator[Sequence[Piece]]:
    inks = paint.panel
    if level < 5:
        yield [(" grace", inks.strong)]
    else:
        yield [("", inks.text)]
    if freshness.stale:
        age = figures.duration(freshness.age)
        yield [(f" ▲ no answer for {age} " if level < 4 else f" ▲ {age} old ", paint.alert)]
    yield _running(view, level, paint, freshness)
    if view.failed:
        yield [
            (
                f" ✖ {figures.short(view.failed)} failed " if level < 6 else f" ✖ {figures.short(view.failed)} ",
                paint.alert,
            )
        ]
    if view.open_incidents:
        word = " incident" + ("s" if view.open_incidents != 1 else "") if level < 4 else ""
        yield [(f"▲ {figures.short(view.open_incidents)}{word}", inks.strong_bad)]
    yield from _agent(view, level, paint)
    if view.chaos.state not in ("", "idle", None):
        word = f"chaos {shown(view.chaos.state)}" if level < 4 else "chaos"
        yield [(word, inks.warn)]


def _running(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Sequence[Piece]:
    inks = paint.panel
    mark = marks.mark(marks.ROOM, view.state)
    style = inks.muted if freshness.stale else inks.named(mark.ink)
    total = f"{figures.short(view.running)}/{figures.short(view.total)}"
    # Degraded is the general case of what the alert beside it says exactly: its sign stays quiet.
    sign = inks.warn if view.state == "degraded" and not freshness.stale else style
    glyph = "●" if view.state == "degraded" else mark.glyph
    words = inks.muted if freshness.stale else inks.strong
    if view.state in ("steady", "degraded"):
        return [(f"{glyph} ", sign), (total, words), (" running" if level < 4 else "", inks.text)]
    full, empty = figures.bar(view.running, view.total, 10 if level < 3 else 0)
    pieces = [(f"{glyph} {shown(mark.word)} ", sign), (total, words)]
    if full or empty:
        pieces += [(" ", inks.text), (full, inks.accent), (empty, inks.line)]
    return pieces


def _agent(view: RoomView, level: int, paint: Paint) -> Iterator[Sequence[Piece]]:
    fixing, queued = view.fixing, view.queued
    if not fixing and not queued:
        return
    inks = paint.panel
    if level < 4:
        words = [
            f"{figures.short(fixing)} fixing" if fixing else "",
            f"{figures.short(queued)} queued" if queued else "",
        ]
        yield [("⚙ " + " ".join(word for word in words if word), inks.strong_accent)]
    else:
        yield [(f"⚙ {figures.short(fixing)}+{figures.short(queued)}", inks.strong_accent)]


def _figure_parts(view: RoomView, level: int, paint: Paint, freshness: Freshness) -> Iterator[Sequence[Piece]]:
    """Measurements, muted: they stand in fixed columns so that a change of one moves no other."""
    inks = paint.panel
    words = inks.muted
    values = inks.muted if freshness.stale else inks.text
    if view.chaos.state in ("", "idle", None) and level < 1:
        yield [("chaos ", words), ("idle", words)]
    if view.screens > 1 and level < 1:
        yield [("screens ", words), (figures.short(view.screens), values)]
    if level < 2:
        yield [("bus ", words), (f"{figures.rate(view.bus_rate) or '0/s':>6}", values)]
    if level < 4:
        slow = isinstance(view.loop_lag_ms, (int, float)) and view.loop_lag_ms >= 100
        yield [("lag ", words), (f"{figures.milliseconds(view.loop_lag_ms):>6}", inks.warn if slow else values)]
    if level < 3:
        yield [("cpu ", words), (f"{figures.percent(view.cpu_percent):>5}", values)]
        yield [("rss ", words), (f"{figures.size(view.rss_bytes):>5}", values)]
    if level < 6:
        yield [("up ", words), (figures.uptime(view.uptime), values)]


def banner_line(view: RoomView | None, width: int, paint: Paint) -> Line:
    """One line about something larger in progress."""
    return line_of([(f" ▸ {shown(view.banner) if view else ''}", paint.notice)], width, paint.notice)
