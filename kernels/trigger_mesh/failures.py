"""What nobody repairs: failures that come again and again, and those whose work it is to answer them."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from grace_tui.healing.answering.ladder import LEFT
from grace_tui.healing.incidents.states import RUNS_AGAIN, is_run_watched
from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading, Rule
from grace_tui.kernel import IncidentRecord
from kernels.trigger_mesh.measure import Inputs, Measure

BEING_REPAIRED = ("in_repair", "watching", "suppressed")
MEASURED = "trigger"
"""Phase of an incident that a rule opened: no failure that came again."""
AT_WORK = ("diagnosing", "trying", "gating", "applying")
UNANSWERED = ("open", "reopened")
DRILL_MESSAGE = "a failure that a drill repeats"


class RepeatedErrors(Measure):
    spec = MeasureSpec(
        "repeated_errors",
        "failures of one kind within the window that nobody repairs",
        "failures",
        {"window": Parameter(600.0, "Seconds that failures count for.", 10, 86_400)},
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.counted: dict[str, deque[tuple[float, int]]] = {}

    async def read(self) -> Sequence[Reading]:
        now, window = self.inputs.clock.time(), self.number("window")
        recent = [one for one in self.incidents() if one.phase != MEASURED and now - one.last_at <= window]
        self.counted = {one.id: self.counted.get(one.id) or _first(one, now, window) for one in recent}
        return [self._grown(incident, now - window, now) for incident in recent] or [Reading(0.0)]

    def incidents(self) -> Sequence[IncidentRecord]:
        return self.inputs.context.incidents.all()

    def _grown(self, incident: IncidentRecord, since: float, now: float) -> Reading:
        counted = self.counted[incident.id]
        counted.append((now, incident.count))
        while len(counted) > 1 and counted[1][0] < since:
            counted.popleft()
        grown = float(incident.count - counted[0][1]) if is_left_alone(incident) else 0.0
        facts = {"incident": incident.id, "signature": incident.signature, "coarse": incident.coarse}
        return Reading(grown, f"{incident.id} {incident.title}", incident.id, incident.kernel, facts=facts)

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator[Measure]:
        """A failure that is told as often as it takes, and then settled."""
        book, me = self.inputs.context.incidents, self.inputs.context.name
        for _ in range(int(rule.threshold) + 1):
            told = book.report(me, "DrillFailure", DRILL_MESSAGE, by=me, route="nobody", facts={"drill": True})
        try:
            yield Repeated(self.inputs, self.rule, {**self.parameters, "incident": told.id})
        finally:
            book.move(told.id, "resolved", "the drill is over", by=me)


class Repeated(RepeatedErrors):
    """Looks at the drill's failure alone."""

    def incidents(self) -> Sequence[IncidentRecord]:
        told = self.inputs.context.incidents.get(self.parameters["incident"])
        return [] if told is None else [replace(told, phase="run", opened_at=told.last_at)]


class AgentStuck(Measure):
    spec = MeasureSpec("agent_stuck", "time that a repair has been at work, or waits with nothing at work", "s")

    async def read(self) -> Sequence[Reading]:
        now = self.inputs.clock.time()
        tasks = self.inputs.context.tasks.all()
        busy = [task for task in tasks if task.state in AT_WORK]
        waiting = [] if busy else [task for task in tasks if task.state == "queued"]
        ages = [(now - (task.started_at or task.queued_at), task) for task in [*busy, *waiting]]
        if not ages:
            return [Reading(0.0, "nothing to do")]
        age, task = max(ages, key=lambda pair: pair[0])
        return [Reading(round(max(age, 0.0), 1), f"{task.id} {task.state}", facts={"task": task.id})]


class HealerStuck(Measure):
    spec = MeasureSpec("healer_stuck", "time that a failure has waited for an answer", "s")

    async def read(self) -> Sequence[Reading]:
        now = self.inputs.clock.time()
        waiting = [(now - one.last_at, one) for one in self.inputs.context.incidents.all() if is_unanswered(one)]
        if not waiting:
            return [Reading(0.0, "every failure is answered")]
        age, incident = max(waiting, key=lambda pair: pair[0])
        return [Reading(round(max(age, 0.0), 1), f"{incident.id} {incident.title}", facts={"incident": incident.id})]


def _first(incident: IncidentRecord, now: float, window: float) -> deque[tuple[float, int]]:
    """What is known of an incident that was not looked at before: of an older one, when it failed is not known."""
    is_new = now - incident.opened_at <= window
    return deque([(incident.opened_at, 0) if is_new else (now, incident.count)])


def is_left_alone(incident: IncidentRecord) -> bool:
    """Whether nobody repairs it. One that ends with each restart of its kernel does so until the next failure only."""
    if incident.owner:
        return False
    if incident.state == "resolved":
        ends = [text for _, _, text in incident.timeline if text.startswith("resolved:")]
        return bool(ends) and ends[-1].startswith(f"resolved: {RUNS_AGAIN}")
    if is_run_watched(incident):
        return True
    return not (incident.state in BEING_REPAIRED or incident.task_id or incident.action.endswith(LEFT))


def is_unanswered(incident: IncidentRecord) -> bool:
    """Whether nobody has answered a failure yet: a person, a playbook, a task."""
    touched = incident.action or incident.task_id or incident.owner
    return incident.state in UNANSWERED and incident.phase != MEASURED and not touched
