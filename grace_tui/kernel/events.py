"""Facts on the bus, in the past tense. Frozen, and made of plain values so that they can travel.

The one exception is `KernelFailed.error`, the live exception: it stays in the process and never leaves it.
"""

from dataclasses import dataclass, field
from typing import ClassVar, cast

from grace_tui.kernel.errors import RemoteFailure


@dataclass(frozen=True, slots=True)
class Event:
    """A fact; `topic` is where it is published."""

    topic: ClassVar[str] = "event"


@dataclass(frozen=True, slots=True)
class Tick(Event):
    """A second went by (published by the core)."""

    topic: ClassVar[str] = "room.tick"
    at: float
    """Wall-clock seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class KernelStateChanged(Event):
    topic: ClassVar[str] = "kernel.state"
    kernel: str
    old: str
    new: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KernelFailed(Event):
    """A kernel did not load, start, become ready, keep running or keep beating."""

    topic: ClassVar[str] = "kernel.failed"
    kernel: str
    phase: str
    """load, start, probe, run, stop, heartbeat, block, or output of a program that goes on."""
    at: float
    error: BaseException = field(repr=False, compare=False)

    @property
    def times(self) -> int:
        """How many failures it tells of."""
        remote = issubclass(type(self.error), RemoteFailure)  # what failed may lie about its class
        return cast(RemoteFailure, self.error).times if remote else 1


@dataclass(frozen=True, slots=True)
class IncidentOpened(Event):
    topic: ClassVar[str] = "incident.opened"
    incident_id: str
    kernel: str
    signature: str
    title: str


@dataclass(frozen=True, slots=True)
class IncidentChanged(Event):
    """An incident moved to another state, or happened again."""

    topic: ClassVar[str] = "incident.changed"
    incident_id: str
    state: str
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class TaskQueued(Event):
    topic: ClassVar[str] = "task.queued"
    task_id: str
    incident_id: str
    priority: int


@dataclass(frozen=True, slots=True)
class TaskChanged(Event):
    topic: ClassVar[str] = "task.changed"
    task_id: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TaskFinished(Event):
    """A repair ended: learned, failed or undone."""

    topic: ClassVar[str] = "task.finished"
    task_id: str
    incident_id: str
    kernel: str
    operator: str
    signature: str
    outcome: str
    seconds: float
    known: bool


@dataclass(frozen=True, slots=True)
class PlaybookRun(Event):
    """A playbook's run began, waits for a person, or ended."""

    topic: ClassVar[str] = "playbook.run"
    run_id: str
    playbook: str
    incident_id: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FilesChanged(Event):
    """Workspace files changed on disk; `paths` are relative to the workspace."""

    topic: ClassVar[str] = "files.changed"
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionMade(Event):
    """An automatic act and why: what clarity_framework keeps and tells."""

    topic: ClassVar[str] = "decision.made"
    actor: str
    action: str
    resource: str
    rationale: str
    alternatives: tuple[str, ...] = ()
    confidence: float = 1.0
    risk: float = 0.0


@dataclass(frozen=True, slots=True)
class MonitorReported(Event):
    """One of the room's monitors says what it last measured."""

    topic: ClassVar[str] = "monitor.reported"
    monitor: str
    """recognition, triggers, refactor or snapshots."""
    state: str
    """ok, busy, alert or off."""
    text: str
    count: int = 0
    next_in: float | None = None
    """Seconds until it looks again, where it looks periodically."""
