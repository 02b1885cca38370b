"""One remembered fix: when it applies, what it does, how it went, where it comes from. Plain data."""

from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.repair.patch import Site

FORMAT = 2
"""Version of the files that are written. A file of version 1 holds whole texts; it is replayed onto those alone."""
TRUSTED = 0.5
"""A fix is replayed while its confidence is above this."""
DISCOUNT = 0.25
"""What an outcome on another machine counts, of one seen here."""
KEPT_OUTCOMES = 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """One definition, or one other piece of a file, that the fix changes, adds or takes out."""

    path: str
    """Where it stands in the syntax tree, for people: `class ImmutableLog > def append`."""
    key: str
    """The same for the machine; see `history.segments`."""
    owner: str
    """Qualified name of the class it stands in; empty at module level."""
    before: str
    """Digest of its normalised syntax before; empty where it was not there."""
    after: str
    """Digest of its normalised syntax afterwards; empty where it is taken out."""
    text_before: str = ""
    text: str = ""
    """What it says afterwards."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    path: str
    before: str
    """Digest of the whole text it was proven on; empty for a file it makes."""
    after: str
    text: str = ""
    """The whole text afterwards: of a file it makes, and where no anchors tell the change."""
    anchors: tuple[Anchor, ...] = ()
    around: tuple[tuple[str, str], ...] = ()
    """Key and leading empty lines of the pieces beside the anchors: where an added piece goes."""
    needs: tuple[str, ...] = ()
    """Names of the module that the changed pieces use."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One time that the fix was put in, or taken out because it did not help."""

    at: float
    success: bool
    where: str = ""
    """The task or the heal."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KnownFix:
    signature: str
    kernel: str
    kind: str
    message: str
    summary: str
    operator: str
    successes: int
    failures: int
    learned_at: float
    last_used: float
    site: Site
    diff: str
    files: tuple[KnownFile, ...]
    signed: str = ""
    """Version of the signature that it was learned under."""
    version: int = 1
    evidence: tuple[str, ...] = ()
    learned_in: str = ""
    """Name of the tree."""
    learned_on: str = ""
    """Name of the machine."""
    proven_here: bool = True
    """Whether it passed every gate on this machine."""
    imported_from: str = ""
    """Fingerprint of the key that signed it."""
    imported_by: tuple[int, int] = (0, 0)
    """Successes and failures that its exporter told."""
    expired: str = ""
    """Why it cannot apply to this tree any more; empty while its anchors are there."""
    outcomes: tuple[Outcome, ...] = ()
    """Of this machine, the newest last."""

    @property
    def confidence(self) -> float:
        """Mean of the Beta posterior after these outcomes, from an even prior; those of others count in part."""
        helped, failed = (DISCOUNT * count for count in self.imported_by)
        return (1 + self.successes + helped) / (2 + self.successes + helped + self.failures + failed)

    @property
    def demoted(self) -> bool:
        """Its last use failed: whatever it did before, it has to be proven anew before it is replayed again."""
        return bool(self.outcomes) and not self.outcomes[-1].success

    @property
    def trusted(self) -> bool:
        return self.confidence > TRUSTED and not self.demoted


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of knowledge that could not be used, and why."""

    path: Path
    reason: str = field(default="")
