"""What is typed after `/` in the room: words that a kernel's name must have, and its state or host."""

from functools import lru_cache
from typing import NamedTuple

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.views import KernelView

HINT = "name  state:failed  !running  host:command"
DOWN = "down"
"""A state that stands for every state a kernel is down in."""
SHORTEST = 3
"""Letters from which a word after `!` is taken for the beginning of a state."""


class Term(NamedTuple):
    field: str
    word: str
    wanted: bool = True


@lru_cache(32)
def terms(query: str) -> tuple[Term, ...]:
    """Every term must hold. `!` turns one round; after it a word that begins a state means that state."""
    return tuple(_term(word) for word in query.lower().split() if word.strip("!"))


def _term(text: str) -> Term:
    word = text.lstrip("!")
    wanted = len(word) == len(text)
    field, colon, value = word.partition(":")
    if colon and field in ("state", "host"):
        return Term(field, value, wanted or not value)
    if not wanted and len(word) >= SHORTEST and any(state.startswith(word) for state in (*marks.KERNEL, DOWN)):
        return Term("state", word, wanted)
    return Term("name", word, wanted)


def passes(kernel: KernelView, query: str) -> bool:
    return all(_holds(kernel, term) is term.wanted for term in terms(query))


def _holds(kernel: KernelView, term: Term) -> bool:
    if term.field == "host":
        return kernel.isolation.startswith(term.word)
    if term.field == "state":
        down = term.word == DOWN and kernel.state in marks.DOWN
        return down or kernel.state.replace("_", " ").startswith(term.word.replace("_", " "))
    return term.word in kernel.name.lower()
