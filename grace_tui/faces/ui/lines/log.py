"""A log's lines as they were written for people: when, a sign for the level or the stream, and the words."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.draw.text import LONGEST, shown_lines
from grace_tui.faces.ui.lines.pages import ink_of
from grace_tui.faces.ui.lines.said import Said

_WRITTEN = re.compile(rf"(\d\d:\d\d:\d\d) ({'|'.join(marks.LOG)})\b {{0,7}}", re.IGNORECASE)
LEVEL_WIDTH = 7
"""Cells a level is padded to, so that what a program printed keeps its own indentation."""


def log_said(text: str) -> list[Said]:
    """The lines of a log; of a line without end its beginning."""
    return list(_said(shown_lines("\n".join(line[:LONGEST] for line in text.split("\n")))))


def _said(lines: Sequence[str]) -> Iterator[Said]:
    for line in lines:
        found = _WRITTEN.match(line)
        if found is None:
            yield Said(line, ink_of(line))
            continue
        at, level = found.groups()
        mark = marks.LOG[level.lower()]
        words = line[len(at) + 2 + max(LEVEL_WIDTH, len(level)) :]
        yield Said(words, mark.ink, at, mark.glyph)
