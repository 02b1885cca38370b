"""What heals, in memory: everything that is asked for succeeds, and is noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.fakes.stores import MemoryIncidents, MemoryTasks
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import PlaybookRecord, RunRecord, TaskRecord


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

    clock: Clock
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
