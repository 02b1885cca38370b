"""How much speaks for one name being another's earlier one: likeness, use, and that nobody uses the new one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.calling.parameters import fits, given_by_caller
from grace_tui.healing.repair.index import FunctionNode, Index, likeness
from grace_tui.healing.repair.members.uses import Usage

ALIKE, VAGUELY = 0.72, 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    score: float
    words: tuple[str, ...]
    ask: str = ""


def orphaned(index: Index, name: str, home: str) -> bool:
    """Whether no file but the one that defines it says the name."""
    return index.saying(rf"\b{re.escape(name)}\b") in ([home], [])


def same_word(one: str, other: str) -> bool:
    return one.strip("_").lower() == other.strip("_").lower() != ""


def within(one: str, other: str) -> bool:
    """Whether one name is the other with words added."""
    words, others = _words(one), _words(other)
    short, long = sorted((words, others), key=len)
    stem, grown = sorted((one.strip("_").lower(), other.strip("_").lower()), key=len)
    grew = (len(stem) > 2 and grown.startswith(stem)) or (len(stem) > 3 and grown.endswith(stem))
    return bool(short) and (set(short) <= set(long) or grew)


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word for word in spaced.lower().split("_") if word]


def evidence(earlier: str, new: str, *, alone: bool, only: bool) -> Evidence | None:
    """`alone`: nobody else uses the new name; `only`: no other that fits is without users. None where too little."""
    nobody = f"nothing else in the tree uses {new}"
    alike = likeness(earlier, new)
    if same_word(earlier, new):
        return Evidence(0.85 if alone else 0.6, (f"{new} is {earlier} but for underscores",))
    if alone and within(earlier, new):
        return Evidence(round(0.74 + 0.08 * alike, 3), (nobody, f"{earlier} and {new} share their words"))
    if alone and alike >= ALIKE:
        return Evidence(round(0.45 + 0.3 * alike, 2), (nobody, f"{earlier} and {new} are alike"))
    if alone and alike >= VAGUELY:
        return Evidence(round(0.25 + 0.4 * alike, 2), (nobody, f"{earlier} and {new} are somewhat alike"))
    if not alone and (alike >= ALIKE or within(earlier, new)):
        why = f"{new} is used by its own name too: it may be another thing than {earlier} was"
        return Evidence(0.3, (f"{earlier} and {new} are alike",), why)
    if alone and only:
        return Evidence(0.25, (nobody,), f"nothing but its place says that {new} was once {earlier}")
    return None


def takes(node: FunctionNode, uses: Sequence[Usage], *, in_class: bool) -> bool:
    """Whether a function takes every call that is made by the earlier name."""
    given = given_by_caller(node, in_class=in_class)
    calls = [use for use in uses if use.call is not None and not use.open]
    return all(fits(given, use.positional, use.keywords) for use in calls)
