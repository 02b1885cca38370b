"""Which failures are only consequences: of a kernel that is down and needed, or that raises when it is called. Pure.

The incident book asks this of every failure; a consequence opens no incident, and is counted on the one that explains
it. An error that says that code is wrong is no consequence of a kernel that is down: only of the one whose code it is.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature.kinds import kind_of

OWN_BUGS = frozenset(
    {
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "ImportError",
        "IndentationError",
        "IndexError",
        "KeyError",
        "ModuleNotFoundError",
        "NameError",
        "RecursionError",
        "SyntaxError",
        "TabError",
        "TypeError",
        "UnboundLocalError",
        "ZeroDivisionError",
    }
)
NOT_COMPILED = frozenset({"IndentationError", "SyntaxError", "SyntaxBroken", "TabError"})
"""Kinds of an incident that is about a file which does not compile: raised, or measured."""
LACKING = frozenset({"start", "probe", "heartbeat"})
"""Phases in which a kernel fails for want of one that it requires."""
_DOWN = re.compile(r"^\S+ called (\S+), which is ")


class Family(Protocol):
    """What the room knows of its kernels."""

    def requires(self, kernel: str) -> tuple[str, ...]: ...

    def is_up(self, kernel: str) -> bool: ...

    def made_from(self, file: str) -> tuple[str, ...]:
        """The kernels whose own code a file of the workspace is; none where it is shared by several."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What may make a failure the consequence of another's."""

    kernel: str
    providers: tuple[str, ...] = ()
    """Kernels that it named as down, the innermost cause first."""
    lacking: bool = False
    """Whether it failed in a phase in which a kernel wants those that it requires."""
    file: str = ""
    """The file that does not compile, where that is what is wrong."""
    raised_by: tuple[str, ...] = ()
    """The kernels in whose code it was raised, its own or that of those it called; none where no kernel's was."""
    coarse: str = ""
    """What failures that were raised in the same function have in common, whoever called it."""

    @property
    def of_callee(self) -> bool:
        """Whether it was raised in the code of another kernel, that it called."""
        return bool(self.raised_by) and self.kernel not in self.raised_by

    @property
    def possible(self) -> bool:
        return self.lacking or self.of_callee or bool(self.providers or self.file)


def consequence_of(failure: Failure) -> Consequence:
    """What a failure says of its own cause."""
    if kind_of(failure.kind, failure.message) in OWN_BUGS:
        return Consequence(failure.kernel, file=broken_file(failure))
    links = (*failure.chain, (failure.kind, failure.message))
    named = (_DOWN.match(message) for kind, message in links if kind_of(kind, message) == "ProviderDown")
    providers = dict.fromkeys(found[1] for found in named if found and found[1] != failure.kernel)
    return Consequence(failure.kernel, tuple(providers), failure.phase in LACKING)


def raised_in(failure: Failure) -> str:
    """The file of the workspace whose code raised a failure; empty for none, and where a caller may be to blame.

    A call whose arguments do not fit, and an import of what is not there, are the caller's own however deep they are.
    """
    if failure.callee or failure.missing or broken_file(failure):
        return ""
    own = (frame.file for frame in reversed(failure.frames) if frame.in_project)
    return next(own, "")


def broken_file(failure: Failure) -> str:
    """The file of the workspace that does not compile; empty for any other failure."""
    if not failure.frames or kind_of(failure.kind, failure.message) not in NOT_COMPILED:
        return ""
    last = failure.frames[-1]
    return last.file if last.in_project and last.function == "<module>" else ""


def cause_of(found: Consequence, family: Family | None, incident_of: Callable[[str], str]) -> str:
    """The incident that explains a failure; empty where none does.

    `incident_of` says which incident explains whatever fails for want of a kernel; empty where none does.
    """
    suspects = [*found.providers, *(_missing(found.kernel, family) if found.lacking and family else ())]
    return next((incident for kernel in suspects if (incident := incident_of(kernel))), "")


def _missing(kernel: str, family: Family) -> Iterator[str]:
    """What a kernel requires, directly or through others, and is not up: the nearest first."""
    seen, left = {kernel}, deque(family.requires(kernel))
    while left:
        provider = left.popleft()
        if provider in seen:
            continue
        seen.add(provider)
        if not family.is_up(provider):
            yield provider
        left.extend(family.requires(provider))
