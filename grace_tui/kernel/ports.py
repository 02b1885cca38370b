"""What the core offers a kernel, as Protocols: the core implements them, `testing` has fakes."""

from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from grace_tui.kernel.records import (
    PRIORITY_NORMAL,
    AuditEntry,
    AuditReport,
    BusStatistics,
    CommandResult,
    IncidentRecord,
    IncidentState,
    KernelRecord,
    LatencyRecord,
    Message,
    PlaybookRecord,
    RunRecord,
    SnapshotRecord,
    TaskRecord,
)

Overflow = Literal["drop_oldest", "drop_newest", "refuse"]
"""What a full mailbox does: both drops are counted; refuse raises in the publisher."""


class Clock(Protocol):
    """Time, injected, so that tests need not wait for it."""

    def monotonic(self) -> float:
        """Seconds that never jump; for ages and deadlines."""

    def time(self) -> float:
        """Wall-clock seconds since the epoch; for people and records."""

    async def sleep(self, seconds: float) -> None: ...


class LogPort(Protocol):
    """One kernel's log: JSON lines on disk, redacted, with a tail in memory."""

    def info(self, message: str, **fields: object) -> None: ...

    def warning(self, message: str, **fields: object) -> None: ...

    def error(self, message: str, **fields: object) -> None: ...

    def output(self, stream: str, lines: Sequence[str]) -> None:
        """Keep what a program printed, as one batch; `stream` (stdout, stderr) is the level of its lines."""

    def tail(self, lines: int = 200) -> list[str]: ...


class Subscription(Protocol):
    """A mailbox: higher priority first, then in order of arrival."""

    async def receive(self, wait: float) -> Message | None:
        """Return the next message, or None after `wait` seconds without one."""

    def put_back(self, messages: Sequence[Message]) -> None:
        """Give messages back that were received and not worked on: they come out again first, in their order."""

    def close(self) -> None: ...


class BusPort(Protocol):
    def publish(
        self, topic: str, payload: object, *, source: str, priority: int = PRIORITY_NORMAL, correlation: str = ""
    ) -> int:
        """Deliver to every matching mailbox and return how many there were.

        Raises:
            Denied: the access rules forbid `source` to publish on `topic`.
        """

    def subscribe(
        self, subscriber: str, pattern: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> Subscription:
        """Open a mailbox for `pattern`: exact, `prefix.*`, or `*`.

        Raises:
            Denied: the access rules forbid `subscriber` to read `pattern`.
        """

    async def request(self, topic: str, payload: object, *, source: str, timeout: float = 5.0) -> Message:
        """Publish and wait for the reply.

        Raises:
            NoReply: nobody answered in time.
        """

    def reply(self, request: Message, payload: object, *, source: str) -> None: ...

    def statistics(self) -> BusStatistics: ...

    def dead_letters(self) -> Sequence[Message]:
        """The last messages that matched no subscriber, newest last; facts (events) nobody hears are no loss."""

    def set_rules(self, rules: Mapping[str, Sequence[str]]) -> None:
        """Say who may use a topic (both ways): topic pattern -> allowed sources. A topic without a rule is open."""

    def rules(self) -> Mapping[str, tuple[str, ...]]: ...


class AuditPort(Protocol):
    """The hash-chained log in the core; it outlives the kernel that serves it."""

    def append(self, record: Mapping[str, object]) -> AuditEntry: ...

    def tail(self, count: int = 20) -> list[AuditEntry]:
        """The newest entries, oldest of them first."""

    def search(
        self, *, actor: str = "", action: str = "", text: str = "", since: float = 0.0, limit: int = 100
    ) -> list[AuditEntry]:
        """Matching entries, newest first."""

    def verify(self) -> AuditReport: ...

    @property
    def count(self) -> int: ...


class IncidentPort(Protocol):
    def all(self) -> tuple[IncidentRecord, ...]:
        """Every incident that is kept, newest first."""

    def get(self, incident_id: str) -> IncidentRecord | None: ...

    def move(self, incident_id: str, state: IncidentState, reason: str, by: str) -> IncidentRecord: ...

    def report(
        self,
        kernel: str,
        kind: str,
        message: str,
        by: str,
        *,
        route: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> IncidentRecord:
        """Open (or count again) an incident that no exception announced: a breach that a trigger measured.

        `route` says who is to act (see `IncidentRecord.route`), `facts` what was measured.
        """


class TaskPort(Protocol):
    """The repair queue: in the core, on disk, so that it outlives its worker."""

    def all(self) -> tuple[TaskRecord, ...]:
        """Every task that is kept: open ones first by priority and age, then the finished, newest first."""

    def get(self, task_id: str) -> TaskRecord | None: ...

    def claim(self, worker: str) -> TaskRecord | None:
        """Take the first queued task, or None. Two workers never hold one task: the token decides."""


class HealerPort(Protocol):
    """The repair library bound to this room. Kernels decide when; the core keeps it working when they cannot."""

    async def respond(self, incident_id: str, by: str) -> str:
        """Answer an incident: replay a proven fix, run a playbook, queue a task, or ask a person. Says what it did."""

    async def plan(self, incident_id: str) -> Sequence[str]:
        """What the answer would be: every rung that is considered and why it is not taken; the last one is.

        Raises:
            GraceError: there is no such incident.
        """

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        """Carry a claimed task to its end: diagnose, try, gate, apply, watch, learn or undo."""

    def knowledge(self) -> Sequence[Mapping[str, object]]:
        """Every remembered fix: signature, operator, successes, failures, confidence."""


class PlaybookPort(Protocol):
    """Playbooks bound to this room: which are loaded, and every run that is kept."""

    async def ready(self) -> None:
        """Have the files read beside the loop, where nobody has yet; `all` would read them where it stands."""

    def all(self) -> tuple[PlaybookRecord, ...]:
        """Every loaded playbook, by name."""

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run that is kept, newest first."""

    async def run(self, name: str, incident_id: str, by: str, why: str = "") -> RunRecord:
        """Carry out a playbook for an incident and return how it ended.

        Raises:
            GraceError: there is no such playbook or incident, or it is being run for this incident already.
        """


class SnapshotPort(Protocol):
    """Content-addressed copies of the workspace's own files."""

    async def take(self, reason: str) -> SnapshotRecord: ...

    def all(self) -> tuple[SnapshotRecord, ...]:
        """Newest first."""

    async def changed_since(self, snapshot_id: str) -> tuple[str, ...]:
        """Files that differ from that snapshot, relative to the workspace."""

    async def prune(self, keep: int) -> tuple[str, ...]:
        """Forget all but the newest `keep` snapshots; returns the ids that went."""


class RoomPort(Protocol):
    """The room itself: what is running, and the one door for commands."""

    def kernels(self) -> tuple[KernelRecord, ...]: ...

    def status(self) -> Mapping[str, Any]:
        """The room's view as plain data: what `grace-tui status --json` prints."""

    def schema(self) -> Mapping[str, Any]:
        """The JSON schema of what `status` returns."""

    def latencies(self) -> tuple[LatencyRecord, ...]:
        """How long calls between kernels took within the last minute, by method."""

    def command(self, verb: str, target: str, *, by: str, reason: str = "") -> Awaitable[CommandResult]:
        """Ask for `kernel.restart`, `kernel.stop`, `kernel.start`, `kernel.pause`, `kernel.resume`; audited."""


class Workspace(Protocol):
    """Where the workspace keeps things; every folder exists."""

    @property
    def root(self) -> Path: ...

    @property
    def state(self) -> Path:
        """`.grace/`, mode 0700."""

    @property
    def logs(self) -> Path: ...
