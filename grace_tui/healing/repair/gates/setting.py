"""What every gate is given, and what it answers with."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.reproduce import Outcome, Reproduction
from grace_tui.healing.repair.tree import FileTree


@dataclass(frozen=True)
class Setting:
    """One candidate patch on trial: the real root, a copy without the patch, and a copy with it."""

    root: Path
    before: Path
    after: Path
    patch: Patch
    failure: Failure
    tree: FileTree
    reproduction: Reproduction
    unpatched: "asyncio.Future[Outcome]"
    """How the failure shows in the copy without the patch; it began with the diagnosis."""
    largest_change: int = 60
    """Lines that a patch may add and remove."""

    @property
    def changed(self) -> tuple[str, ...]:
        return self.patch.files

    @property
    def concerned(self) -> tuple[str, ...]:
        """Files of the tree whose meaning the patch may change: the changed ones and the consumers."""
        consumers = (path for path in self.patch.site.consumers if path in self.tree.files)
        return tuple(dict.fromkeys((*self.changed, *consumers)))


@dataclass(frozen=True, slots=True)
class Said:
    """A gate's answer. `passed` is None where there was nothing to check; `detail` says why."""

    passed: bool | None
    detail: str = ""


Check = Callable[[Setting], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    check: Check
    cheap: bool = False
    """Cheap gates come first, one by one; the others are subprocesses that run side by side."""
    quick: bool = False
    """Part of what a known fix must pass before it is replayed."""
