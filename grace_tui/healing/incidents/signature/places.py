"""Where a failure went through the project: functions of its own files; and what of a traceback does not count.

Pure.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.failure import Frame
from grace_tui.kernel.spelling import plural

MODULE = "<module>"
_NAMELESS = re.compile(r"\.?<(?:locals|lambda|listcomp|dictcomp|setcomp|genexpr|generic parameters of [^<>]*)>")
"""Scopes without a name of their own. Which of them have a frame differs between Python versions and hosts."""

REASONS = {
    "outside": "outside the project",
    "core": "of the core that runs the kernels",
    "repeated": "of a function that is there already (recursion, or a scope without a name)",
    "unwinding": "outside the cycle in which the stack ran out",
    "entry": "of a script's own lines: how a program was started is its host's business",
}


@dataclass(frozen=True, slots=True)
class Place:
    file: str
    function: str

    @property
    def stem(self) -> str:
        folder, _, name = self.file.rpartition("/")
        return folder.rpartition("/")[2] if name == "__init__.py" and folder else name.removesuffix(".py")


def places_of(frames: Sequence[Frame], *, exhausted: bool) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """Return each function of the project once, outermost first, and what was left out in words.

    Args:
        frames: the traceback, outermost first.
        exhausted: the stack ran out, so that where it did is chance.
    """
    why: Counter[str] = Counter()
    own = []
    for frame in frames:
        if not frame.in_project:
            why["outside"] += 1
        elif frame.file.startswith("grace_tui/"):
            why["core"] += 1
        else:
            own.append(Place(frame.file, named(frame.function)))
    if exhausted:
        own = _cycle(own, why)
    places = list(dict.fromkeys(own))
    why["repeated"] += len(own) - len(places)
    while len(places) > 1 and places[0].function == MODULE and any(place.function != MODULE for place in places):
        del places[0]
        why["entry"] += 1
    return tuple(places), tuple(_told(reason, count) for reason, count in why.items() if count)


def named(function: str) -> str:
    """The nearest function, class or module with a name that a qualified name stands in."""
    name = _NAMELESS.sub("", function)
    return name or ("<lambda>" if function.endswith("<lambda>") else MODULE)


def _cycle(own: list[Place], why: Counter[str]) -> list[Place]:
    """The functions of the cycle, in an order that does not depend on which of them was called first."""
    counts = Counter(own)
    cycle = [place for place in own if counts[place] > 1]
    if not cycle:
        return own
    why["unwinding"] += len(own) - len(cycle)
    return sorted(cycle, key=lambda place: (place.file, place.function))


def _told(reason: str, count: int) -> str:
    return f"{plural(count, 'frame')} {REASONS[reason]}"
