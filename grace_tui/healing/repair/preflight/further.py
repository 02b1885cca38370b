"""Whether the import of a module gets further than before: past the line that failed, or to its end. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from grace_tui.healing.failure import Frame
from grace_tui.healing.repair.preflight.survey import UNREADABLE, Outcome

Lines = Callable[[str, int], int]
"""(file, line before) -> the same line by now."""


def is_further(before: Outcome, after: Outcome, lines: Lines) -> bool:
    """True for another failure at a later place, and for none.

    At one and the same place another failure counts: one statement may ask for several things.
    """
    if after.ok:
        return True
    if after.seen is None or before.seen is None or after.cause == before.cause:
        return False
    old, new = _own(before), _own(after)
    for was, now in zip(old, new, strict=False):
        if (was.file, was.function) != (now.file, now.function):
            return True  # the same statement led elsewhere
        at = lines(was.file, was.line) if was.line else 0
        if now.line != at:
            return now.line > at
    return True


def shifted(before: Sequence[str], after: Sequence[str]) -> Callable[[int], int]:
    """Where each line of a text is after an edit; one that is gone is where its place is."""
    if before == after:
        return lambda number: number
    moves = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()

    def line(number: int) -> int:
        for how, start, end, there, _ in moves:
            if start < number <= end:
                return there + (number - start if how == "equal" else 1)
        return number

    return line


def _own(outcome: Outcome) -> list[Frame]:
    assert outcome.seen is not None
    failure = outcome.seen.failure
    own = [frame for frame in failure.frames if frame.in_project]
    if failure.kind in UNREADABLE and own:
        own[-1] = replace(own[-1], line=0)  # none of its lines has run
    return own
