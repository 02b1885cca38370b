"""What the healer asks of the rest of the room, as Protocols: incidents, the queue, and the room's own doings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.reproduce import Reproduction
from grace_tui.kernel.events import Event
from grace_tui.kernel.records import IncidentRecord, IncidentState, PlaybookRecord, RunRecord, TaskRecord, TaskState


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a proven patch may be applied, and by whose word."""

    allowed: bool
    reason: str = ""
    refused: bool = False
    """Not even a person may allow it."""


class Incidents(Protocol):
    def all(self) -> tuple[IncidentRecord, ...]: ...

    def get(self, incident_id: str) -> IncidentRecord | None: ...

    def failure(self, incident_id: str) -> Failure: ...

    def wait_left(self, incident_id: str) -> float:
        """Seconds in which a cause of this incident may still be told: whoever answers it waits for so long."""

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

    def renew(self, task_id: str, token: int) -> TaskRecord:
        """Hold a task for another lease. Raises GraceError where it was taken from this holder."""

    def take(self, task_id: str, worker: str, state: TaskState, wanted: tuple[TaskState, ...]) -> TaskRecord:
        """Take a task for what a person decided about it. Raises GraceError where it is in none of `wanted`."""

    def retry(self, task_id: str, detail: str) -> TaskRecord: ...

    def keep_patch(self, task_id: str, token: int, patch: Patch) -> None: ...

    def patch(self, task_id: str) -> Patch | None: ...

    def all(self) -> tuple[TaskRecord, ...]: ...

    def get(self, task_id: str) -> TaskRecord | None: ...

    def failure(self, task_id: str) -> Failure: ...


class Pick(Protocol):
    """The playbook that fits an incident best, and why."""

    @property
    def name(self) -> str: ...

    @property
    def why(self) -> str: ...


class Judgement(Protocol):
    @property
    def pick(self) -> Pick | None:
        """The playbook that is to be run; None where none fits."""

    @property
    def why(self) -> str:
        """Why none fits."""


class Playbooks(Protocol):
    async def ready(self) -> None:
        """Have the playbooks read, beside the loop."""

    def judge(self, incident: IncidentRecord, unfit: Mapping[str, str], since: float) -> Judgement:
        """The playbook whose condition holds, or that the incident's route asks for, and that did best so far.

        `unfit` are playbooks that are not to be run, and why; what was run before `since` counts for no budget.
        """

    async def run(self, name: str, incident_id: str, by: str, why: str = "") -> RunRecord:
        """Carry out a playbook; the record says how it ended, or that it waits for a person.

        Raises:
            GraceError: there is no such playbook or incident, or it is being run for this incident already.
        """

    def all(self) -> tuple[PlaybookRecord, ...]: ...

    def runs(self) -> tuple[RunRecord, ...]:
        """Newest first."""


class RoomHooks(Protocol):
    def publish(self, event: Event) -> None: ...

    def audit(self, record: Mapping[str, object]) -> None: ...

    async def running(self, kernel: str, within: float) -> bool:
        """Wait until the kernel is RUNNING; False where it is not within `within` seconds."""

    def kernel_state(self, name: str) -> str: ...

    def healthy_after(self, kernel: str) -> float:
        """Seconds of running after which a kernel counts as well."""

    def moved(self, name: str) -> str:
        """Why a kernel was moved to a process of its own; empty where it was not."""

    def warn(self, key: str, text: str) -> None:
        """Show a person what only a person can decide, until it is taken back with an empty text."""

    async def allow(self, task: TaskRecord, patch: Patch) -> Verdict:
        """Say whether the patch may be applied without a person; its `ask` is why only one may decide."""

    async def before_apply(self, task: TaskRecord, patch: Patch) -> None:
        """Keep what is there, before a file changes."""

    def reproduction(self, failure: Failure) -> Reproduction:
        """How to make a failure happen in a copy: start its kernel, or run its command.

        Raises:
            GraceError: the room knows of no way.
        """

    def take_up(self, kernel: str) -> None:
        """See that a kernel takes files that changed: a program does not notice by itself."""
