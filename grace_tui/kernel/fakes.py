"""In-memory ports for kernels that run without a room: tests, and the replay of a failure in a trial copy.

They keep the contracts of `ports` and none of their durability. Public through `grace_tui.kernel.testing`.
"""

import asyncio
import hashlib
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grace_tui.kernel.errors import Denied, GraceError, NoReply
from grace_tui.kernel.events import Event
from grace_tui.kernel.ports import Overflow
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
from grace_tui.kernel.topics import matches


class RealClock:
    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualTimer:
    """One call that a ManualClock owes."""

    def __init__(self, clock: "ManualClock", due: float, act: Callable[[], object]) -> None:
        self.clock, self.due, self.act = clock, due, act

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


class ManualClock:
    """Time that stands still until `advance`; timers and sleepers come in the order they are due."""

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self.timers: list[ManualTimer] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        timer = self.call_later(seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def call_later(self, seconds: float, act: Callable[[], object]) -> ManualTimer:
        timer = ManualTimer(self, self.now + seconds, act)
        self.timers.append(timer)
        return timer

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, giving every timer and sleeper that falls due its turn."""
        until = self.now + seconds
        await _settle()
        while due := [timer for timer in self.timers if timer.due <= until]:
            timer = min(due, key=lambda found: found.due)
            timer.cancel()
            self.now = max(self.now, timer.due)
            timer.act()
            await _settle()
        self.now = until


async def _settle(turns: int = 20) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


class MemoryLog:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, message: str, **fields: object) -> None:
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("error", message, fields)

    def output(self, stream: str, lines: Sequence[str]) -> None:
        self.lines += [f"{stream} {line}" for line in lines]

    def tail(self, lines: int = 200) -> list[str]:
        return self.lines[-lines:]

    def _write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        self.lines.append(" ".join([level, message, *(f"{key}={value}" for key, value in fields.items())]))


class MemoryMailbox:
    def __init__(self, bus: "MemoryBus", pattern: str, capacity: int, overflow: Overflow) -> None:
        self.bus, self.pattern, self.capacity, self.overflow = bus, pattern, capacity, overflow
        self.waiting: list[Message] = []
        self.arrived = asyncio.Event()

    def put(self, message: Message) -> bool:
        if len(self.waiting) >= self.capacity:
            self.bus.dropped += 1
            if self.overflow == "refuse":
                raise GraceError(f"the mailbox for {self.pattern} is full ({self.capacity})")
            if self.overflow == "drop_newest":
                return False
            self.waiting.remove(min(self.waiting, key=lambda queued: queued.priority))
        self.waiting.append(message)
        self.waiting.sort(key=lambda queued: -queued.priority)
        self.arrived.set()
        return True

    async def receive(self, wait: float) -> Message | None:
        if not self.waiting:
            self.arrived.clear()
            try:
                # Not wait_for: it loses a cancellation that meets an arrival.
                async with asyncio.timeout(wait):
                    await self.arrived.wait()
            except TimeoutError:
                return None
        return self.waiting.pop(0)

    def put_back(self, messages: Sequence[Message]) -> None:
        self.waiting = sorted([*messages, *self.waiting], key=lambda queued: -queued.priority)
        self.arrived.set()

    def close(self) -> None:
        if self in self.bus.boxes:
            self.bus.boxes.remove(self)


class MemoryBus:
    def __init__(self) -> None:
        self.boxes: list[MemoryMailbox] = []
        self.messages: list[Message] = []
        self.acl: dict[str, tuple[str, ...]] = {}
        self.lost: deque[Message] = deque(maxlen=100)
        self.denied = self.dropped = self.delivered = 0

    def _check(self, who: str, act: str, topic: str) -> None:
        for pattern, allowed in self.acl.items():
            if who not in allowed and (matches(pattern, topic) or matches(topic, pattern)):
                self.denied += 1
                raise Denied(who, f"{act} {topic}", f"{pattern} is for {', '.join(allowed)}")

    def publish(
        self, topic: str, payload: object, *, source: str, priority: int = PRIORITY_NORMAL, correlation: str = ""
    ) -> int:
        self._check(source, "publish on", topic)
        message = Message(topic, payload, source, priority, len(self.messages) + 1, correlation)
        self.messages.append(message)
        boxes = [box for box in self.boxes if matches(box.pattern, topic)]
        if not boxes and not isinstance(payload, Event):
            self.lost.append(message)
        taken, refused = 0, None
        for box in boxes:
            try:
                taken += bool(box.put(message))
            except GraceError as error:
                refused = error
        self.delivered += taken
        if refused is not None:
            raise refused
        return taken

    def subscribe(
        self, subscriber: str, pattern: str, *, capacity: int = 1024, overflow: Overflow = "drop_oldest"
    ) -> MemoryMailbox:
        self._check(subscriber, "read", pattern)
        box = MemoryMailbox(self, pattern, capacity, overflow)
        self.boxes.append(box)
        return box

    async def request(self, topic: str, payload: object, *, source: str, timeout: float = 5.0) -> Message:
        correlation = f"{source}-{len(self.messages) + 1}"
        box = self.subscribe(source, f"reply.{correlation}")
        try:
            self.publish(topic, payload, source=source, correlation=correlation)
            answer = await box.receive(timeout)
        finally:
            box.close()
        if answer is None:
            raise NoReply(topic, timeout)
        return answer

    def reply(self, request: Message, payload: object, *, source: str) -> None:
        if not request.correlation:
            raise GraceError(f"message {request.id} on {request.topic} asked for no reply")
        self.publish(f"reply.{request.correlation}", payload, source=source, correlation=request.correlation)

    def statistics(self) -> BusStatistics:
        topics = Counter(message.topic for message in self.messages)
        return BusStatistics(
            len(self.messages), self.delivered, self.dropped, self.denied, len(self.lost), len(self.boxes), topics, {}
        )

    def dead_letters(self) -> Sequence[Message]:
        return tuple(self.lost)

    def set_rules(self, rules: Mapping[str, Sequence[str]]) -> None:
        self.acl = {pattern: tuple(allowed) for pattern, allowed in rules.items()}

    def rules(self) -> Mapping[str, tuple[str, ...]]:
        return dict(self.acl)

    def events(self, kind: type[Any]) -> list[Any]:
        """Every event of one class that was published so far."""
        return [message.payload for message in self.messages if isinstance(message.payload, kind)]


class MemoryAudit:
    def __init__(self, clock: "RealClock | ManualClock") -> None:
        self.clock = clock
        self.entries: list[AuditEntry] = []

    def append(self, record: Mapping[str, object]) -> AuditEntry:
        previous = self.entries[-1].hash if self.entries else ""
        sequence, at = len(self.entries) + 1, self.clock.time()
        digest = self._digest(sequence, at, record, previous)
        entry = AuditEntry(sequence, at, dict(record), digest, previous)
        self.entries.append(entry)
        return entry

    def tail(self, count: int = 20) -> list[AuditEntry]:
        return self.entries[-count:]

    def search(
        self, *, actor: str = "", action: str = "", text: str = "", since: float = 0.0, limit: int = 100
    ) -> list[AuditEntry]:
        def wanted(entry: AuditEntry) -> bool:
            record = entry.record
            return (
                entry.at >= since
                and actor in ("", record.get("actor"))
                and action in ("", record.get("action"))
                and text.lower() in json.dumps(record, default=str).lower()
            )

        return [entry for entry in reversed(self.entries) if wanted(entry)][:limit]

    def verify(self) -> AuditReport:
        previous = ""
        for entry in self.entries:
            digest = self._digest(entry.sequence, entry.at, entry.record, entry.previous)
            if entry.previous != previous or digest != entry.hash:
                return AuditReport(False, len(self.entries), entry.hash, f"entry {entry.sequence} was changed")
            previous = entry.hash
        return AuditReport(True, len(self.entries), previous)

    @property
    def count(self) -> int:
        return len(self.entries)

    @staticmethod
    def _digest(sequence: int, at: float, record: Mapping[str, object], previous: str) -> str:
        text = json.dumps([sequence, at, record, previous], default=str, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class MemoryIncidents:
    def __init__(self, clock: "RealClock | ManualClock") -> None:
        self.clock = clock
        self.records: dict[str, IncidentRecord] = {}

    def add(self, record: IncidentRecord) -> IncidentRecord:
        self.records[record.id] = record
        return record

    def all(self) -> tuple[IncidentRecord, ...]:
        return tuple(reversed(self.records.values()))

    def get(self, incident_id: str) -> IncidentRecord | None:
        return self.records.get(incident_id)

    def move(self, incident_id: str, state: IncidentState, reason: str, by: str) -> IncidentRecord:
        old = self.records[incident_id]
        line = (self.clock.time(), by, f"{state}: {reason}")
        return self.add(replace(old, state=state, action=reason, timeline=(*old.timeline, line)))

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
        signature = f"{kind}-{kernel}"
        now = self.clock.time()
        for record in self.records.values():
            if record.signature == signature and record.state != "resolved":
                again = replace(record, count=record.count + 1, last_at=now, route=route, facts=dict(facts or {}))
                return self.add(again)
        incident_id = f"I{len(self.records) + 1}"
        return self.add(
            IncidentRecord(
                id=incident_id,
                kernel=kernel,
                phase="trigger",
                kind=kind,
                message=message,
                title=message,
                signature=signature,
                coarse=kind,
                state="open",
                opened_at=now,
                last_at=now,
                count=1,
                route=route,
                facts=dict(facts or {}),
            )
        )


class MemoryTasks:
    def __init__(self) -> None:
        self.records: dict[str, TaskRecord] = {}

    def add(self, record: TaskRecord) -> TaskRecord:
        self.records[record.id] = record
        return record

    def all(self) -> tuple[TaskRecord, ...]:
        return tuple(sorted(self.records.values(), key=lambda task: (-task.priority, task.queued_at)))

    def get(self, task_id: str) -> TaskRecord | None:
        return self.records.get(task_id)

    def claim(self, worker: str) -> TaskRecord | None:
        for task in self.all():
            if task.state == "queued":
                return self.add(replace(task, state="diagnosing", worker=worker, token=task.token + 1))
        return None


@dataclass
class MemoryHealer:
    """Records what it was asked; finishes every task as learned."""

    tasks: MemoryTasks
    responded: list[str] = field(default_factory=list)
    worked: list[str] = field(default_factory=list)
    known: list[Mapping[str, object]] = field(default_factory=list)
    plans: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def respond(self, incident_id: str, by: str) -> str:
        self.responded.append(incident_id)
        return "queued"

    async def plan(self, incident_id: str) -> Sequence[str]:
        return self.plans.get(incident_id, ("queue a coding task: no fix is known for this signature",))

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        self.worked.append(task.id)
        return self.tasks.add(replace(task, state="learned"))

    def knowledge(self) -> Sequence[Mapping[str, object]]:
        return tuple(self.known)


@dataclass
class MemoryPlaybooks:
    """Ends every run as succeeded."""

    clock: "RealClock | ManualClock"
    incidents: MemoryIncidents
    records: dict[str, PlaybookRecord] = field(default_factory=dict)
    ran: list[RunRecord] = field(default_factory=list)

    def add(self, record: PlaybookRecord) -> PlaybookRecord:
        self.records[record.name] = record
        return record

    async def ready(self) -> None:
        """They are here from the beginning."""

    def all(self) -> tuple[PlaybookRecord, ...]:
        return tuple(self.records[name] for name in sorted(self.records))

    def runs(self) -> tuple[RunRecord, ...]:
        return tuple(reversed(self.ran))

    async def run(self, name: str, incident_id: str, by: str, why: str = "") -> RunRecord:
        incident = self.incidents.get(incident_id)
        if name not in self.records or incident is None:
            raise GraceError(f"there is no playbook {name!r}, or no incident {incident_id!r}")
        now = self.clock.time()
        run = RunRecord(
            id=f"R{len(self.ran) + 1}",
            playbook=name,
            incident_id=incident_id,
            kernel=incident.kernel,
            coarse=incident.coarse,
            by=by,
            state="succeeded",
            started_at=now,
            ended_at=now,
            why=why,
        )
        self.ran.append(run)
        return run


@dataclass
class MemorySnapshots:
    taken: list[SnapshotRecord] = field(default_factory=list)
    changed: tuple[str, ...] = ()

    async def take(self, reason: str) -> SnapshotRecord:
        record = SnapshotRecord(f"S{len(self.taken) + 1}", time.time(), reason, 0, 0)
        self.taken.insert(0, record)
        return record

    def all(self) -> tuple[SnapshotRecord, ...]:
        return tuple(self.taken)

    async def changed_since(self, snapshot_id: str) -> tuple[str, ...]:
        return self.changed

    async def prune(self, keep: int) -> tuple[str, ...]:
        gone = tuple(record.id for record in self.taken[keep:])
        del self.taken[keep:]
        return gone


@dataclass
class MemoryRoom:
    records: tuple[KernelRecord, ...] = ()
    view: Mapping[str, Any] = field(default_factory=dict)
    commands: list[tuple[str, str, str, str]] = field(default_factory=list)
    form: Mapping[str, Any] = field(default_factory=dict)
    calls: tuple[LatencyRecord, ...] = ()

    def kernels(self) -> tuple[KernelRecord, ...]:
        return self.records

    def status(self) -> Mapping[str, Any]:
        return self.view

    def schema(self) -> Mapping[str, Any]:
        return self.form

    def latencies(self) -> tuple[LatencyRecord, ...]:
        return self.calls

    async def command(self, verb: str, target: str, *, by: str, reason: str = "") -> CommandResult:
        self.commands.append((verb, target, by, reason))
        return CommandResult(True, f"{verb} {target}")


@dataclass(frozen=True)
class FolderWorkspace:
    root: Path

    @property
    def state(self) -> Path:
        return self._folder(".grace", 0o700)

    @property
    def logs(self) -> Path:
        return self._folder("logs", 0o755)

    def _folder(self, name: str, mode: int) -> Path:
        folder = self.root / name
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        return folder
