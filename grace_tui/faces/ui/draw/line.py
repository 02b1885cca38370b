"""A line of segments that is exactly as wide as it was asked to be, whatever was written on it."""

from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style

from grace_tui.faces.ui.draw.text import clip, width_of

Line = tuple[Segment, ...]
Piece = tuple[str, Style]


def cells(pieces: Sequence[Piece]) -> int:
    return sum(width_of(text) for text, _ in pieces)


def line_of(pieces: Sequence[Piece], width: int, ground: Style) -> Line:
    """`pieces` one after the other; what does not fit is cut with an ellipsis, what remains is filled with `ground`."""
    return line_between(pieces, (), width, ground)


def line_between(left: Sequence[Piece], right: Sequence[Piece], width: int, ground: Style) -> Line:
    """`left` at the left edge and `right` at the right one; where both do not fit the left is cut."""
    if width <= 0:
        return ()
    room_right = min(width, cells(right))
    line, used = _cut(left, width - room_right)
    if width - room_right > used:
        line.append(Segment(" " * (width - room_right - used), ground))
    if room_right:
        tail, used = _cut(right, room_right)
        line.extend(tail)
        if used < room_right:
            line.append(Segment(" " * (room_right - used), ground))
    return tuple(line)


def _cut(pieces: Sequence[Piece], width: int) -> tuple[list[Segment], int]:
    line: list[Segment] = []
    used = 0
    for text, style in pieces:
        taken = width_of(text)
        if used + taken > width:
            text = clip(text, width - used)
            taken = width_of(text)
            # Half a wide character cannot be drawn: never trust a cut, count it.
            if taken > width - used:
                text = set_cell_size(text, width - used)
                taken = width - used
            if text:
                line.append(Segment(text, style))
            return line, used + taken
        if text:
            line.append(Segment(text, style))
            used += taken
    return line, used


def blank(width: int, ground: Style) -> Line:
    return (Segment(" " * width, ground),) if width > 0 else ()


def to_height(lines: Sequence[Line], width: int, height: int, ground: Style) -> list[Line]:
    """Exactly `height` lines of the first of `lines`."""
    kept = list(lines[: max(0, height)])
    kept.extend(blank(width, ground) for _ in range(height - len(kept)))
    return kept
