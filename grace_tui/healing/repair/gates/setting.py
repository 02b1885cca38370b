"""What every gate is given, and what it answers with."""

import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.history import History, history_of
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.tree import EditedTree, FileTree
from grace_tui.healing.repair.trial import HIDDEN, Trial, open_trial

Diagnostic = tuple[str, str, str]
"""(file, rule, message); no line numbers, which a patch shifts."""


@dataclass(frozen=True, slots=True)
class Said:
    """A gate's answer. `passed` is None where there was nothing to check; `detail` says why."""

    passed: bool | None
    detail: str = ""


@dataclass(eq=False)
class Context:
    """What the patches of one tree are judged by; it keeps what was found in the tree as it is, for all of them."""

    before: Trial
    """The tree without any patch."""
    failure: Failure | None = None
    replay: "Check | None" = None
    """Says whether the failure is gone; None where the caller sees to that itself."""
    canary: "Check | None" = None
    """Says whether the failing kernel starts; None where there is no kernel."""
    python: str = sys.executable
    """The interpreter of the tree's programs."""
    clean: bool = True
    """Run with little of this process's environment; False for a person's own programs."""
    folder: str = "."
    """Where tests are run from, relative to the root."""
    cache: Path | None = None
    """Folder of the index's cache."""
    largest_change: int = 60
    """Lines that a patch may add and remove."""
    test_seconds: float = 60.0
    """That the tests of one patch may take."""
    enough_seconds: float = 60.0
    """After so long no further test files are begun, once the nearest have spoken."""
    known: dict[tuple[str, str], Counter[Diagnostic]] = field(default_factory=dict)
    """(tool, file) -> what the tool says of it without any patch."""

    @property
    def root(self) -> Path:
        return self.before.root

    @cached_property
    def tree(self) -> FileTree:
        return FileTree(self.root)

    @cached_property
    def index(self) -> Index:
        return Index(self.tree, self.cache)

    @cached_property
    def history(self) -> History:
        """Asks the file system or git: not on the loop."""
        return history_of(self.root)


@asynccontextmanager
async def open_context(root: Path, *, hidden: Sequence[str] = HIDDEN) -> AsyncIterator[Context]:
    """A context with the unchanged tree on trial, for as long as patches are judged."""
    async with open_trial(root, hidden=hidden) as before:
        yield Context(before)


@dataclass(frozen=True, eq=False)
class Setting:
    """One patch, or a stack of them as one, in the trial that holds its edits."""

    after: Trial
    patch: Patch
    context: Context

    @property
    def root(self) -> Path:
        return self.context.root

    @property
    def before(self) -> Trial:
        return self.context.before

    @property
    def changed(self) -> tuple[str, ...]:
        return self.patch.files

    @property
    def concerned(self) -> tuple[str, ...]:
        """Files of the tree whose meaning the patch may change: the changed ones and the consumers."""
        consumers = (path for path in self.patch.site.consumers if path in self.context.tree.files)
        return tuple(dict.fromkeys((*self.changed, *consumers)))

    @cached_property
    def index(self) -> Index:
        """The index of the patched tree."""
        edits = self.patch.edits
        return self.context.index.edited(EditedTree(self.context.tree, edits), edits)


Check = Callable[[Setting], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Gate:
    name: str
    check: Check
    cheap: bool = False
    """Cheap gates come first, one by one; the others are subprocesses that run side by side."""
    quick: bool = False
    """Part of what a known fix must pass before it is replayed."""
