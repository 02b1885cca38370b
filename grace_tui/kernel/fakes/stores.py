"""What a room keeps, in memory: the audit log, incidents, repair tasks, snapshots."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import (
    AuditEntry,
    AuditReport,
    IncidentRecord,
    IncidentState,
    SnapshotRecord,
    TaskRecord,
)


class MemoryAudit:
    def __init__(self, clock: Clock) -> None:
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
    def __init__(self, clock: Clock) -> None:
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
