"""What a bundle is made from: where it comes from, and what was taken of it when it happened. Plain data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.evidence.seen import Look
from grace_tui.healing.incidents.evidence.traces import Trace
from grace_tui.kernel.records import BusStatistics, IncidentRecord


@dataclass(frozen=True, slots=True)
class LogTail:
    """The newest lines of a kernel's log."""

    lines: Sequence[str] = ()
    total: int = 0
    """Lines that it has had in all: tells how many came between two looks."""


@dataclass(frozen=True, slots=True)
class BusLook:
    """The bus as one kernel sees it."""

    all: BusStatistics
    own: Sequence[Mapping[str, object]] = ()
    """The kernel's mailboxes."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a bundle's parts come from. All but `changes` are called on the loop and must be quick."""

    log: Callable[[str], LogTail] = lambda kernel: LogTail()
    """Kernel -> the last lines of its log."""
    beats: Callable[[str], object] = lambda kernel: {}
    """Kernel -> its beats, restarts and states so far; a frozen record, which is written later."""
    bus: Callable[[str], BusLook | None] = lambda kernel: None
    settings: Callable[[], object] = dict
    """The settings in force: frozen, as they are written later."""
    measured: Callable[[], Mapping[str, object]] = dict
    """What the room has measured of its own process."""
    changes: Callable[[str], str] = lambda kernel: ""
    """Kernel -> what changed in the workspace's files since it was last well; called in a thread, may be slow."""


@dataclass(slots=True)
class Gathered:
    """What was taken on the loop for one bundle; holds no live object."""

    record: IncidentRecord
    failure: Failure
    related: tuple[IncidentRecord, ...]
    trace: Trace | None = None
    seen: Look = field(default_factory=lambda: Look(None))
    log: LogTail = field(default_factory=LogTail)
    beats: object = None
    bus: BusLook | None = None
    settings: object = None
    measured: Mapping[str, object] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    """Parts that could not be had, and why."""
