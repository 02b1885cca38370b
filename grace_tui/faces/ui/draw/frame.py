"""The frame around a pane: a rounded box, or one rule where lines are too dear for a box."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style

from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, Piece, blank, cells, line_between, to_height
from grace_tui.faces.ui.draw.text import clip, width_of


@dataclass(frozen=True, slots=True)
class Frame:
    title: str
    note: str = ""
    """Said at the right of the upper edge."""
    more: str = ""
    """Said at the right of the lower edge: what lies beyond it."""
    alarm: str = ""
    """Said before it, loudly."""
    focused: bool = False
    alarming: bool = False
    boxed: bool = True


def inner_size(width: int, height: int, boxed: bool) -> tuple[int, int]:
    """Room left for the body."""
    if boxed and width >= 4 and height >= 3:
        return width - 4, height - 2
    if not boxed and height >= 2:
        return width, height - 1
    return width, height


def framed(frame: Frame, body: Sequence[Line], width: int, height: int, paint: Paint) -> list[Line]:
    """`body` (lines of the inner width) in its frame: `height` lines of `width` cells."""
    inner_width, inner_height = inner_size(width, height, frame.boxed)
    inks = paint.room
    rows = to_height(body, inner_width, inner_height, inks.text)
    edge = inks.work if frame.focused else inks.line
    if not frame.boxed:
        return rows if height < 2 else [_edge("", frame, width, edge, paint, corner="─"), *rows]
    if width < 4 or height < 3:
        return rows
    left, right = Segment("│", edge), Segment("│", edge)
    gap = Segment(" ", inks.text)
    top = _edge("╭─", frame, width, edge, paint, corner="╮")
    bottom = _bottom(frame, width, edge, paint)
    return [top, *((left, gap, *row, gap, right) for row in rows), bottom]


def _edge(start: str, frame: Frame, width: int, edge: Style, paint: Paint, corner: str) -> Line:
    inks = paint.room
    title = inks.strong_bad if frame.alarming else inks.strong_accent if frame.focused else inks.strong
    left = [(f"{start}", edge), (f" {clip(frame.title, max(1, width - 6))} ", title)]
    right = [(corner, edge)]
    spare = width - width_of(start) - width_of(corner) - width_of(frame.title) - 2
    if frame.note and spare >= width_of(frame.note) + 4:
        right = [(f" {frame.note} ", inks.muted), ("─" + corner, edge)]
    used = sum(width_of(text) for text, _ in (*left, *right))
    left.append(("─" * max(0, width - used), edge))
    return line_between(left, right, width, edge) if width > 0 else blank(width, edge)


def _bottom(frame: Frame, width: int, edge: Style, paint: Paint) -> Line:
    words: list[Piece] = []
    if alarm := clip(frame.alarm, max(0, width - 6)):
        words.append((f" {alarm} ", paint.room.strong_bad))
    if more := clip(frame.more, max(0, width - 6 - cells(words))):
        words.append((f" {more} ", paint.room.muted))
    right = [*words, ("─╯" if words else "╯", edge)]
    return line_between([("╰", edge), ("─" * max(0, width - 1 - cells(right)), edge)], right, width, edge)
