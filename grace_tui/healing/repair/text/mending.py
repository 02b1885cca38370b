"""The search: one rule after another is tried where the text stops being Python, until all of it can be read.

A change counts only if it moves the first problem further down, or ends it. The fewest and surest changes come first.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from grace_tui.healing.repair.text.bytes import unreadable
from grace_tui.healing.repair.text.leaks import leaked
from grace_tui.healing.repair.text.lines import misplaced
from grace_tui.healing.repair.text.markers import conflicts
from grace_tui.healing.repair.text.reading import END, Problem, ends_too_soon, lines_of, problem_in
from grace_tui.healing.repair.text.rule import Change
from grace_tui.healing.repair.text.statements import misspelt

RULES = (unreadable, conflicts, leaked, misplaced, misspelt)
STEPS, LOOKS = 40, 400
"""Changes in a row, and texts that are read, at most."""
ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Mended:
    text: str
    sure: float
    """0 to 1: the least of what speaks for each change."""
    words: tuple[str, ...]
    """What was done, a change each."""
    guessed: bool = False


def mend(text: str) -> list[Mended]:
    """Texts that can be read again, best first; none where nothing is known that would not invent anything."""
    first = problem_in(text)
    if first is None or ends_too_soon(text, first):
        return []
    order, looks = count(), 0
    waiting: list[tuple[float, int, Mended, Problem]] = [(0.0, next(order), Mended(text, 1.0, ()), first)]
    found: dict[str, Mended] = {}
    seen = {text}
    while waiting and looks < LOOKS and len(found) < ANSWERS:
        _, _, state, problem = heapq.heappop(waiting)
        for change in _changes(state.text, problem):
            if change.text in seen or looks >= LOOKS or (change.guess and state.guessed):
                continue
            seen.add(change.text)
            looks += 1
            after = problem_in(change.text)
            sure, words = min(state.sure, change.sure), (*state.words, change.words)
            following = Mended(change.text, sure, words, state.guessed or change.guess)
            if after is None:
                found[change.text] = following
            elif len(following.words) < STEPS and _later(problem, state.text, after, change.text):
                cost = (1.0 - following.sure) - _reached(after, change.text) / 10
                heapq.heappush(waiting, (cost, next(order), following, after))
    return sorted(found.values(), key=lambda mended: (-mended.sure, len(mended.words)))


def _changes(text: str, problem: Problem) -> Iterator[Change]:
    lines = lines_of(text)
    for rule in RULES:
        yield from rule(text, lines, problem)


def _later(before: Problem, old: str, after: Problem, new: str) -> bool:
    """The problem moved down, counted from the end of the file where lines went away."""
    return _left(after, new) < _left(before, old) or (after.line, after.column) > (before.line, before.column)


def _left(problem: Problem, text: str) -> int:
    total = text.count("\n") + 1
    return total - min(problem.line, total)


def _reached(problem: Problem, text: str) -> float:
    total = text.count("\n") + 1
    return min(problem.line if problem.line != END else total, total) / total
