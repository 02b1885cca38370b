"""All that a diagnosis and an operator may look at: the sources, what they define, what they were, what policy allows.

Made once for a failure (or for a whole heal) by `analyse`; read only.
"""

from dataclasses import dataclass, field
from functools import cached_property

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.patch import Tree


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a repair may do that it does not do by default."""

    rewrite_moved: bool = False
    """Rewrite the relative imports of a file that was itself moved."""
    install: bool = False
    """Install a missing third-party distribution."""


@dataclass(frozen=True)
class Scene:
    tree: Tree
    failure: Failure | None = None
    allowed: Allowed = field(default_factory=Allowed)

    @cached_property
    def index(self) -> Index:
        return Index(self.tree)
