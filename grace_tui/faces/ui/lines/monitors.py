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
    """Each monitor in as many words as fit: all of it, without the next run, its state alone."""
    pieces: list[Piece] = []
    for detail in (2, 1, 0):
        pieces = [(" ", paint.room.text)]
        for monitor in monitors:
            if len(pieces) > 1:
                pieces.append(("   ", paint.room.text))
            pieces += _monitor(monitor, detail, paint)
        if cells(pieces) <= width:
            break
    return line_of(pieces, width, paint.room.text)


def _monitor(monitor: MonitorView, detail: int, paint: Paint) -> list[Piece]:
    inks = paint.room
    mark = marks.mark(marks.MONITOR, monitor.state)
    pieces: list[Piece] = [(f"{shown(monitor.name)} ", inks.muted), (mark.glyph, inks.named(mark.ink))]
    if detail == 0:
        return pieces if monitor.state not in ("alert", "off") else [*pieces, (f" {mark.word}", inks.named(mark.ink))]
    text = "no report yet" if monitor.age is None and not monitor.text else shown(monitor.text) or mark.word
    pieces.append(
        (f" {text}", inks.bad if monitor.state == "alert" else inks.text if monitor.state == "busy" else inks.muted)
    )
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
