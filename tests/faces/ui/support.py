"""Reading lines of segments in tests."""

from collections.abc import Iterable, Sequence

from rich.style import Style

from grace_tui.faces.ui.draw.inks import paint_of
from grace_tui.faces.ui.draw.line import Line
from grace_tui.faces.ui.draw.text import width_of
from grace_tui.faces.ui.palette import GRACE

PAINT = paint_of(GRACE)


def text_of(line: Line) -> str:
    return "".join(segment.text for segment in line)


def texts(lines: Iterable[Line]) -> list[str]:
    return [text_of(line).rstrip() for line in lines]


def squeezed(lines: Iterable[Line]) -> list[str]:
    """The words of lines, however far they stand from one another."""
    return [" ".join(text_of(line).split()) for line in lines]


def width(line: Line) -> int:
    return sum(width_of(segment.text) for segment in line)


def style_of(line: Line, text: str) -> Style | None:
    """The style of the first segment with `text` in it."""
    return next((segment.style for segment in line if text in segment.text), None)


def is_picture(lines: Sequence[Line], wide: int, high: int) -> bool:
    """Whether `lines` fill exactly `wide` x `high` cells."""
    return len(lines) == high and all(width(line) == max(0, wide) for line in lines)
