"""The sections of a long page: which there are, and the line that names them with their keys. Pure."""

from collections.abc import Sequence

from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_of
from grace_tui.faces.ui.draw.text import clip
from grace_tui.faces.ui.lines.said import Said, Saying

MOST = 9
"""Sections that have a key."""


def sections(said: Sequence[Saying]) -> list[int]:
    """Which of what is said begins a section."""
    return [index for index, one in enumerate(said) if isinstance(one, Said) and one.ink == "heading"]


def contents_line(titles: Sequence[str], current: int, width: int, paint: Paint) -> Line:
    """Every section with its key, in the longest words that fit; the one in sight stands out."""
    named = titles[:MOST]
    first = [title.split(" ")[0] for title in named]
    here = [title if index == current else "" for index, title in enumerate(first)]
    forms = ((named, 2), (named, 1), (first, 2), (first, 1), ([clip(word, 5) for word in first], 1), (here, 1))
    for words, gap in forms:
        pieces = _pieces(words, gap, current, paint)
        if cells(pieces) <= width:
            break
    return line_of(pieces, width, paint.room.text)


def _pieces(words: Sequence[str], gap: int, current: int, paint: Paint) -> list[Piece]:
    inks = paint.room
    pieces: list[Piece] = []
    for index, word in enumerate(words):
        chosen = index == current
        key = f"{index + 1}{' ' if word else ''}"
        pieces += [
            (" " * gap if index else "", inks.text),
            (key, inks.strong_accent if chosen else inks.muted),
            (word, inks.strong if chosen else inks.muted),
        ]
    return pieces
