"""The line of the four monitors, and the line of keys under it."""

from collections.abc import Sequence

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_of
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.views import MonitorView

LATE = 3_600.0
"""Seconds without a report after which a monitor's age is told."""


def monitors_line(monitors: Sequence[MonitorView], width: int, paint: Paint) -> Line:
    """Every monitor by name and sign. Where not all words fit, the next runs go first, then the words of quiet ones."""
    details = [2] * len(monitors)
    pieces = _pieces(monitors, details, paint)
    for index in _least_needed(monitors):
        if cells(pieces) <= width:
            break
        details[index] -= 1
        pieces = _pieces(monitors, details, paint)
    return line_of(pieces, width, paint.room.text)


def _least_needed(monitors: Sequence[MonitorView]) -> list[int]:
    """Whose words to take away, in order: from all the next run, then from the right, quiet ones before loud ones."""
    everyone = list(range(len(monitors) - 1, -1, -1))
    return everyone + sorted(everyone, key=lambda index: monitors[index].state in ("alert", "busy"))


def _pieces(monitors: Sequence[MonitorView], details: Sequence[int], paint: Paint) -> list[Piece]:
    pieces: list[Piece] = [(" ", paint.room.text)]
    for monitor, detail in zip(monitors, details, strict=True):
        if len(pieces) > 1:
            pieces.append(("  ", paint.room.text))
        pieces += _monitor(monitor, detail, paint)
    return pieces


def _monitor(monitor: MonitorView, detail: int, paint: Paint) -> list[Piece]:
    inks = paint.room
    mark = marks.mark(marks.MONITOR, monitor.state)
    pieces: list[Piece] = [(f"{shown(monitor.name)} ", inks.muted), (mark.glyph, inks.named(mark.ink))]
    if detail == 0:
        return pieces
    text = "no report yet" if monitor.age is None and not monitor.text else shown(monitor.text) or mark.word
    style = {"alert": inks.bad, "busy": inks.text}.get(monitor.state, inks.muted)
    pieces.append((f" {text}", style))
    if detail == 2 and monitor.next_in is not None:
        pieces.append((f", next {figures.duration(monitor.next_in)}", inks.muted))
    if isinstance(monitor.age, (int, float)) and monitor.age >= LATE:
        pieces.append((f", {figures.duration(monitor.age)} ago", inks.warn))
    return pieces


def keys_line(keys: Sequence[tuple[str, str]], width: int, paint: Paint) -> Line:
    """(key, word) pairs, most needed first; those that do not fit are left out whole, the last one always stands."""
    inks = paint.panel
    if not keys:
        return line_of([], width, inks.text)
    *first, last = [[(f" {key}", inks.strong_accent), (f" {word} ", inks.muted)] for key, word in keys]
    pieces: list[Piece] = []
    for pair in first:
        if cells(pieces) + cells(pair) + cells(last) <= width:
            pieces += pair
    return line_of([*pieces, *last], width, inks.text)
