"""What the healer asks of the rest of the room, as Protocols: incidents, the queue, and the room's own doings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.reproduce import Reproduction
from grace_tui.kernel.events import Event
from grace_tui.kernel.records import IncidentRecord, IncidentState, TaskRecord


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proven patch may be applied, and by whose word."""

    allowed: bool
    reason: str = ""


class Incidents(Protocol):
    def all(self) -> tuple[IncidentRecord, ...]: ...

    def get(self, incident_id: str) -> IncidentRecord | None: ...

    def failure(self, incident_id: str) -> Failure: ...

    def move(self, incident_id: str, state: IncidentState, reason: str, by: str) -> IncidentRecord: ...

    def note(
        self,
        incident_id: str,
        *,
        provider: str | None = None,
        action: str | None = None,
        task_id: str | None = None,
        by: str = "room",
    ) -> IncidentRecord: ...


class Queue(Protocol):
    def add(
        self,
        incident: IncidentRecord,
        failure: Failure,
        *,
        priority: int = 10,
        title: str,
        known: bool = False,
        operator: str = "",
        detail: str = "",
    ) -> TaskRecord: ...

    def update(self, task_id: str, token: int, **changes: Any) -> TaskRecord: ...

    def all(self) -> tuple[TaskRecord, ...]: ...

    def get(self, task_id: str) -> TaskRecord | None: ...

    def failure(self, task_id: str) -> Failure: ...


class RoomHooks(Protocol):
    def publish(self, event: Event) -> None: ...

    def audit(self, record: Mapping[str, object]) -> None: ...

    async def running(self, kernel: str, within: float) -> bool:
        """Wait until the kernel is RUNNING; False where it is not within `within` seconds."""

    def kernel_state(self, name: str) -> str: ...

    async def allow(self, task: TaskRecord, patch: Patch) -> Verdict:
        """Say whether the patch may be applied without a person."""

    async def before_apply(self, task: TaskRecord, patch: Patch) -> None:
        """Keep what is there, before a file changes."""

    def reproduction(self, failure: Failure) -> Reproduction:
        """How to make a failure happen in a copy: start its kernel, or run its command.

        Raises:
            GraceError: the room knows of no way.
        """

    def take_up(self, kernel: str) -> None:
        """See that a kernel takes files that changed: a program does not notice by itself."""
