"""All that a diagnosis and an operator may look at: the sources, what they define, what they were, what policy allows.

Made once for a failure (or for a whole heal) by `analyse`; read only.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.history import History, NoHistory, history_of
from grace_tui.healing.repair.imports.view import View
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.index.layout import root_of
from grace_tui.healing.repair.patch import Tree


@dataclass(frozen=True)
class Scene:
    tree: Tree
    failure: Failure | None = None
    allowed: Allowed = field(default_factory=Allowed)
    cache: Path | None = None
    """Folder where the index keeps what it took from the files; none, to keep nothing."""
    path: tuple[str, ...] = ()
    """`sys.path` of the process that failed, where it is known."""
    indexed: Index | None = None
    """The index of the tree, where there is one already."""
    past: History | None = None
    """The history of the tree, where there is one already."""

    @cached_property
    def index(self) -> Index:
        return self.indexed or Index(self.tree, self.cache, self.known_roots)

    @cached_property
    def history(self) -> History:
        if self.past is not None:
            return self.past
        root = getattr(self.tree, "root", None)
        return history_of(root) if isinstance(root, Path) else NoHistory()

    @cached_property
    def imports(self) -> View:
        """Who imports what from where, and where it can be had."""
        return View(self.index, self.history, self.failure)

    @property
    def known_roots(self) -> tuple[str, ...]:
        """Folders that imports start from, by how the failing process was running: relative to the root."""
        frames = self.failure.frames if self.failure is not None else ()
        seen = [root_of(frame.file, frame.module) for frame in frames if frame.in_project and frame.module]
        root = getattr(self.tree, "root", None)
        inside = [Path(entry) for entry in self.path if isinstance(root, Path) and Path(entry).is_relative_to(root)]
        listed = [entry.relative_to(root).as_posix() for entry in inside if isinstance(root, Path)]
        return tuple(dict.fromkeys(["" if entry == "." else entry for entry in (*seen, *listed) if entry is not None]))
