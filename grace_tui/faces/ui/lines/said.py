"""What a page says, before and after it is fitted to a width. Labels stand in a column, long text wraps beside them."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, blank, line_of
from grace_tui.faces.ui.draw.text import fit, shown, width_of, wrap

LABEL = 11
BESIDE = 96
"""Width from which two groups of facts stand beside each other."""
GUTTER = 3


class Said(NamedTuple):
    """One line of a page before it is fitted to a width; `label` stands before it and is kept clear when it wraps."""

    text: str
    ink: str = "text"
    label: str = ""
    glyph: str = ""


class Beside(NamedTuple):
    """Two groups of facts that stand beside each other where there is room, and one after the other where not."""

    left: tuple[Said, ...]
    right: tuple[Said, ...]


Saying = Said | Beside


def heading(text: str) -> Said:
    return Said(text, "heading")


def fact(label: str, text: object, ink: str = "text") -> Iterator[Said]:
    """A fact where there is one."""
    words = shown(text) if isinstance(text, str) else "" if text is None else str(text)
    if words:
        yield Said(words, ink, label)


def said_text(one: Saying) -> str:
    """As a plain line: what is copied."""
    if isinstance(one, Beside):
        return "\n".join(map(said_text, (*one.left, *one.right)))
    return f"{f'{one.label}: ' if one.label.strip() else ''}{one.text}"


def page_lines(said: Sequence[Saying], width: int, paint: Paint, *, wrapped: bool = True) -> list[Line]:
    return [line for lines in fitted(said, width, paint, wrapped=wrapped) for line in lines]


def fitted(
    said: Sequence[Saying], width: int, paint: Paint, *, wrapped: bool = True, least: int = LABEL
) -> list[list[Line]]:
    """The lines of each of `said`; unless `wrapped`, what is too long is cut. Labels have `least` cells."""
    lines: list[list[Line]] = []
    column = 0
    for index, one in enumerate(said):
        if not index or _is_heading(one):
            column = _column(_section(said, index), width, least)
        if isinstance(one, Beside):
            lines.append(_beside(one, width, paint, wrapped))
        elif one.ink == "heading":
            lines.append(_heading(one, width, paint, first=not lines))
        else:
            lines.append(_fit(one, width, column, paint, wrapped))
    return lines


def _is_heading(one: Saying) -> bool:
    return isinstance(one, Said) and one.ink == "heading"


def _section(said: Sequence[Saying], index: int) -> list[Said]:
    """What stands from `index` to the next heading: it has one column of labels."""
    rest = takewhile(lambda one: not _is_heading(one), said[index + 1 :])
    return [one for one in (said[index], *rest) if isinstance(one, Said)]


def _column(said: Sequence[Said], width: int, least: int) -> int:
    """Cells of the labels and the space after them."""
    longest = max((width_of(one.label) for one in said if one.label), default=0)
    return min(max(longest + 1, least), max(4, width // 3)) if longest else 0


def _heading(one: Said, width: int, paint: Paint, *, first: bool) -> list[Line]:
    inks = paint.room
    rule = "─" * max(0, width - width_of(one.text) - 1)
    line = line_of([(f"{one.text} ", inks.strong_accent), (rule, inks.line)], width, inks.text)
    return [line] if first else [blank(width, inks.text), line]


def _fit(one: Said, width: int, column: int, paint: Paint, wrapped: bool) -> list[Line]:
    inks = paint.room
    label = fit(one.label, column) if one.label else ""
    glyph = f"{one.glyph} " if one.glyph else ""
    style = paint.notice if one.ink == "notice" else inks.named(one.ink)
    indent = width_of(label) + width_of(glyph)
    texts = wrap(one.text, max(1, width - indent)) if wrapped else [one.text]
    lines = []
    for index, text in enumerate(texts):
        before = [(label, inks.muted), (glyph, style)] if not index else [(" " * indent, inks.text)]
        lines.append(line_of([*before, (text, style)], width, inks.text))
    return lines


def _beside(one: Beside, width: int, paint: Paint, wrapped: bool) -> list[Line]:
    if width < BESIDE:
        return page_lines((*one.left, *one.right), width, paint, wrapped=wrapped)
    half = (width - GUTTER) // 2
    wide = width - GUTTER - half
    left = page_lines(one.left, half, paint, wrapped=wrapped)
    right = page_lines(one.right, wide, paint, wrapped=wrapped)
    high = max(len(left), len(right))
    left += [blank(half, paint.room.text)] * (high - len(left))
    right += [blank(wide, paint.room.text)] * (high - len(right))
    gap = blank(GUTTER, paint.room.text)
    return [(*first, *gap, *second) for first, second in zip(left, right, strict=True)]


def finder(query: str) -> re.Pattern[str]:
    """Finds `query` as it is written, in capitals or not."""
    return re.compile(re.escape(query), re.IGNORECASE)


def holds(one: Saying, found: re.Pattern[str]) -> bool:
    if isinstance(one, Beside):
        return any(holds(part, found) for part in (*one.left, *one.right))
    return bool(found.search(f"{one.label} {one.text}"))


def marked(line: Line, found: re.Pattern[str], style: Style) -> Line:
    """`line` with everything that `found` finds in it painted in `style`."""
    text = "".join(segment.text for segment in line)
    spans = [match.span() for match in found.finditer(text)]
    if not spans:
        return line
    pieces: list[Segment] = []
    at = 0
    for segment in line:
        end = at + len(segment.text)
        cuts = sorted({at, end, *(min(max(cut, at), end) for span in spans for cut in span)})
        for first, last in pairwise(cuts):
            inside = any(start <= first and last <= stop for start, stop in spans)
            pieces.append(Segment(text[first:last], style if inside else segment.style))
        at = end
    return tuple(pieces)
