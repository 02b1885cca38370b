"""What a rule of mending is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.text.reading import Problem


@dataclass(frozen=True, slots=True)
class Change:
    text: str
    sure: float
    words: str
    guess: bool = False
    """One guess is made on the way to a readable text, not one upon another."""


Rule = Callable[[str, Sequence[str], Problem], Iterator[Change]]
"""From the text, its lines, and its first problem to texts that may be what was meant."""


def with_line(lines: Sequence[str], number: int, *new: str) -> str:
    """The text with line `number`, from 1, replaced."""
    return "".join([*lines[: number - 1], *new, *lines[number:]])
