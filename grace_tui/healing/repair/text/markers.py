"""What a merge that was never finished leaves in a file."""

import re
from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.text.reading import Problem
from grace_tui.healing.repair.text.rule import Change

_OURS, _BASE, _SPLIT, _THEIRS = (re.compile(rf"^{re.escape(mark * 7)}(?: .*)?\r?\n?$", re.DOTALL) for mark in "<|=>")

Conflict = tuple[int, int, int, int]
"""Lines, from 0: of the beginning, of what both came from (or the split), of the split, of the end."""


def conflicts(text: str, lines: Sequence[str], problem: Problem) -> Iterator[Change]:
    found = list(_found(lines))
    if found:
        ours, theirs = (_resolved(lines, found, side) for side in (0, 1))
        if ours == theirs:
            yield Change(ours, 0.9, f"{_several(found)} removed; both sides say the same")
        else:
            yield Change(ours, 0.5, f"{_several(found)} resolved to the first side")
            yield Change(theirs, 0.5, f"{_several(found)} resolved to the second side")
        return
    stray = [line for line in lines if any(mark.match(line) for mark in (_OURS, _BASE, _SPLIT, _THEIRS))]
    if stray:
        kept = "".join(line for line in lines if line not in stray)
        yield Change(kept, 0.7, f"{len(stray)} stray line{'s' * (len(stray) > 1)} of a merge removed")


def _several(found: Sequence[Conflict]) -> str:
    return "a merge conflict" if len(found) == 1 else f"{len(found)} merge conflicts"


def _found(lines: Sequence[str]) -> Iterator[Conflict]:
    begin = base = split = -1
    for number, line in enumerate(lines):
        if _OURS.match(line):
            begin, base, split = number, -1, -1
        elif begin >= 0 and split < 0 and _BASE.match(line):
            base = number
        elif begin >= 0 and split < 0 and _SPLIT.match(line):
            split = number
        elif begin >= 0 and split >= 0 and _THEIRS.match(line):
            yield begin, base if base >= 0 else split, split, number
            begin = -1


def _resolved(lines: Sequence[str], found: Sequence[Conflict], side: int) -> str:
    parts: list[str] = []
    at = 0
    for begin, base, split, end in found:
        parts += lines[at:begin]
        parts += lines[begin + 1 : base] if side == 0 else lines[split + 1 : end]
        at = end + 1
    return "".join([*parts, *lines[at:]])
