"""What a preflight found and did, as data: the JSON of `grace-tui preflight --json`, and what its table is of."""

from dataclasses import dataclass, field

import msgspec

from grace_tui.healing.repair.heal.report import without_secrets
from grace_tui.healing.repair.preflight.causes import Root
from grace_tui.healing.repair.preflight.survey import Outcome
from grace_tui.kernel.records import GateVerdict

UNKNOWN = (
    "what a module imports only when its functions run, and what breaks only when they are called, is not seen",
    "an import that fails inside `try` counts as imported: the module says that it can do without",
    "modules from outside the tree are loaded once for all: that one of them was never imported can be hidden",
    "other systems, versions of Python and sets of installed distributions than these may fail otherwise",
)
"""What an import of every module cannot tell."""


@dataclass(frozen=True, slots=True)
class Cause:
    kind: str
    """inside, third_party, environment, syntax or acts_on_import."""
    failure: str
    file: str
    line: int
    provider: str
    detail: str
    blocks: int
    modules: tuple[str, ...]
    signature: str = ""
    refused: str = ""
    """With --heal: why it was not repaired."""


@dataclass(frozen=True, slots=True)
class Apart:
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Repair:
    operator: str
    summary: str
    failure: str
    provider: str
    files: tuple[str, ...]
    blocked: int


@dataclass(frozen=True, slots=True)
class Count:
    imported: int
    failing: int
    causes: int


@dataclass
class Report:
    root: str
    python: str = ""
    modules: int = 0
    """That were imported or failed to be."""
    imported: int = 0
    causes: list[Cause] = field(default_factory=list)
    apart: list[Apart] = field(default_factory=list)
    seconds: float = 0.0
    isolation: str = ""
    unknown: tuple[str, ...] = UNKNOWN
    reason: str = ""
    before: Count | None = None
    """With --heal: how it was; `causes` is how it is then."""
    repairs: list[Repair] = field(default_factory=list)
    gates: tuple[GateVerdict, ...] = ()
    files_changed: tuple[str, ...] = ()
    dry_run: bool = False
    diff: str = ""
    id: str = ""
    """By which `heal undo` knows it."""
    rounds: int = 0
    imports: int = 0
    """Modules that were imported, each time they were."""
    recovered: tuple[str, ...] = ()

    @property
    def failing(self) -> int:
        return self.modules - self.imported

    def plain(self) -> dict[str, object]:
        """For JSON; without secrets."""
        data: dict[str, object] = msgspec.to_builtins(self)
        return {name: without_secrets(value) for name, value in {**data, "failing": self.failing}.items()}


def cause_of(root: Root, refused: str = "") -> Cause:
    seen = root.outcome.seen
    return Cause(
        root.kind,
        root.text,
        root.file,
        root.line,
        root.provider,
        root.detail,
        len(root.keys),
        root.modules,
        seen.signature if seen is not None else "",
        refused,
    )


def count(outcomes: list[Outcome], causes: int) -> Count:
    imported = sum(outcome.ok for outcome in outcomes)
    return Count(imported, len(outcomes) - imported, causes)
