"""The words of a repair: where it applies (Site), what it changes (Patch), and what can be said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diffs import diff

if TYPE_CHECKING:
    from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class Site:
    """The broken interface: a definition in a provider's file, and what its consumers ask of it."""

    problem: str
    """A key of `diagnose.DIAGNOSES`, such as unexpected_keyword."""
    provider: str
    """File to repair, relative to the root."""
    qualname: str
    """The definition that refused, such as `ImmutableLog.append`; for a missing export, the module's dotted name."""
    name: str
    """The keyword or the export that is missing."""
    value_type: str = ""
    """Type name of the value the consumer passed, where it was seen."""
    consumers: tuple[str, ...] = ()
    """In-project files of the traceback other than the provider; they stay byte for byte as they are."""
    asked: tuple[str, ...] = ()
    """Everything that is known to be asked of the provider beside `name`: other names, keywords, positional types."""


@dataclass(frozen=True, slots=True)
class FileEdit:
    """One file's whole text before and after; `before` is None for a file to be made."""

    path: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Patch:
    operator: str
    site: Site
    summary: str
    """In a few words, such as `ImmutableLog.append accepts and stores subsystem`."""
    edits: tuple[FileEdit, ...]
    score: float = 0.5
    """How much speaks for it, 0 to 1: candidates are tried in this order. 0.9 live object or history, 0.7 the only
    definition in the tree, 0.5 the tree's usage, 0.3 similar names."""
    evidence: tuple[str, ...] = ()
    """What speaks for it, in words."""
    ambiguous: bool = False
    """True where others speak as much: a person decides, unless it alone passes every gate."""
    ask: str = ""
    """Why only a person may decide, whatever the gates say; empty where they may."""

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(edit.path for edit in self.edits)

    @property
    def diff(self) -> str:
        """The unified diff of all edits."""
        return diff(self.edits)


@dataclass(frozen=True, slots=True)
class Refused:
    """No patch, and why: shown to a person as it stands."""

    operator: str
    reason: str


class Tree(Protocol):
    """The workspace's sources as the operators see them: read only."""

    def read(self, path: str) -> str:
        """Text of a file relative to the root. Raises FileNotFoundError."""

    def modules(self) -> Mapping[str, str]:
        """Dotted module name -> file, relative to the root, of every Python file in the allow-list."""


class RepairOperator(Protocol):
    """A fix template: pure, from a site and the scene to candidate patches."""

    @property
    def name(self) -> str: ...

    @property
    def problem(self) -> str:
        """The `Site.problem` it answers."""

    def propose(self, site: Site, scene: "Scene") -> Sequence[Patch] | Refused: ...


class Diagnose(Protocol):
    def __call__(self, failure: Failure, scene: "Scene") -> Site | Refused: ...
