"""What the two healing kernels see of one another: not whether the other beats, but whether it gets on with its work.

A kernel that crashes has an incident of its own; here is what no exception tells: it holds a task or leaves incidents
without getting on, or it eats a core or the memory. Used by self_healing for coding_agent, and the other way round.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from grace_tui.healing.answering.ladder import is_left
from grace_tui.healing.progress import Progress
from grace_tui.kernel.ports import IncidentPort
from grace_tui.kernel.records import IncidentRecord, KernelRecord, TaskRecord

AGENT, HEALER = "coding_agent", "self_healing"
AGENT_STUCK, HEALER_STUCK = "AgentStuck", "HealerStuck"
KINDS = {AGENT: AGENT_STUCK, HEALER: HEALER_STUCK}
LOOK_EVERY = 15.0
STUCK_AFTER = 120.0
"""Seconds without progress."""
CPU, CPU_SECONDS = 95.0, 60.0
"""Percent of a core, and for how long without a break, from which on a kernel counts as spinning."""
RSS = 2 << 30
IN_HAND = frozenset({"diagnosing", "trying", "gating", "applying"})
WORKS_OR_SOON_WILL = ("running", "starting")


@dataclass(frozen=True, slots=True)
class Trouble:
    what: str
    """stuck, cpu or memory."""
    message: str
    facts: Mapping[str, object]


class Neighbour:
    """One healing kernel as the other sees it. `look` is fed with what is waiting for it."""

    def __init__(self, name: str, stuck_after: float = STUCK_AFTER) -> None:
        self.name = name
        self._work = Progress(stuck_after)
        self._spinning = Progress(CPU_SECONDS)
        self._reported = ""
        """The incident that tells of it, while it is in trouble."""

    def look(self, record: KernelRecord | None, waiting: Mapping[str, Hashable], now: float) -> Trouble | None:
        """What is wrong with it now; `waiting` is its work, each piece with a mark that changes as it gets on."""
        if record is None or record.state != "running":
            self._work.stuck({}, now)
            self._spinning.stuck({}, now)
            return None
        marks = {name: (mark, record.count, record.restarts) for name, mark in waiting.items()}
        stuck = self._work.stuck(marks, now)
        cpu = record.vitals.cpu_percent if record.vitals else 0.0
        rss = record.vitals.rss_bytes if record.vitals else 0
        spinning = self._spinning.stuck({"cpu": record.restarts} if cpu >= CPU else {}, now)
        facts = {"waiting": len(waiting), "cpu_percent": cpu, "rss_mb": rss >> 20, "blocks": record.blocks}
        if stuck:
            held, seconds = max(stuck.items(), key=lambda item: item[1])
            text = f"{self.name} beats, but made no progress with {held} for {seconds:.0f} s"
            return _trouble("stuck", text, facts, held, seconds, self._work.after, "s")
        if spinning:
            text = f"{self.name} has used {cpu:.0f} % of a core for {spinning['cpu']:.0f} s"
            return _trouble("cpu", text, facts, "", cpu, CPU, "%")
        if rss >= RSS:
            return _trouble("memory", f"{self.name} uses {rss >> 20} MB", facts, "", rss >> 20, RSS >> 20, "MB")
        return None

    def tell(self, trouble: Trouble | None, incidents: IncidentPort, by: str) -> str:
        """Report new trouble, and its end; returns the id of an incident that wants an answer now."""
        if trouble is None:
            if self._reported and (incident := incidents.get(self._reported)) and incident.state != "resolved":
                incidents.move(incident.id, "resolved", f"{self.name} gets on again", by)
            self._reported = ""
            return ""
        if self._reported:
            return ""
        kind = KINDS[self.name]
        record = incidents.report(self.name, kind, trouble.message, by, facts={"what": trouble.what, **trouble.facts})
        self._reported = record.id
        return record.id

    def inherit(self, incidents: Iterable[IncidentRecord]) -> None:
        """After a restart: know what was reported before."""
        for record in incidents:
            if record.kernel == self.name and record.kind == KINDS[self.name] and record.state != "resolved":
                self._reported = record.id


def work_of_agent(tasks: Iterable[TaskRecord]) -> dict[str, Hashable]:
    """What coding_agent holds, and where it holds nothing the task that is next."""
    tasks = list(tasks)
    held = {task.id: (task.state, task.detail, len(task.gates)) for task in tasks if _holds(task)}
    queued = next((task for task in tasks if task.state == "queued"), None)
    if held or queued is None:
        return dict(held)
    return {queued.id: ("queued", "", 0)}


def work_of_healer(incidents: Iterable[IncidentRecord], tasks: Iterable[TaskRecord]) -> dict[str, Hashable]:
    """Incidents that nobody has answered."""
    return {record.id: record.state for record in unanswered(incidents, tasks)}


def unanswered(incidents: Iterable[IncidentRecord], tasks: Iterable[TaskRecord]) -> list[IncidentRecord]:
    """Incidents that want an answer and have not got one, oldest first."""
    open_ones = [record for record in incidents if record.state in ("open", "reopened") and not is_left(record)]
    if not open_ones:
        return []
    in_hand = {task.incident_id for task in tasks if task.finished_at is None}
    return sorted((record for record in open_ones if record.id not in in_hand), key=lambda record: record.opened_at)


def _holds(task: TaskRecord) -> bool:
    return task.state in IN_HAND and task.worker == AGENT


def _trouble(
    what: str, text: str, facts: Mapping[str, object], held: str, value: float, threshold: float, unit: str
) -> Trouble:
    measured = {"held": held, "value": round(value, 1), "threshold": threshold, "unit": unit}
    return Trouble(what, text, {**facts, **measured})
