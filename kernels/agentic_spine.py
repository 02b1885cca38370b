"""Agentic spine: makes a plan for every incident, has it co-signed, and carries out the harmless part of it.

Owns its plans. It enriches an incident with its blast radius, weighs the risk, and asks governance. All it ever does is
to ask the room for the plain restart of a kernel, when that is low-risk and nobody repairs it. All else it leaves.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import anyio
from anyio.abc import TaskGroup

from grace_tui.kernel import (
    DecisionMade,
    GraceError,
    IncidentOpened,
    IncidentRecord,
    Kernel,
    KernelContext,
    KernelRecord,
    KernelSpec,
    NotReady,
    ProviderDown,
    TaskRecord,
)

SETTLE = 5.0
"""Seconds after which an incident that self_healing queues a task for has one."""
OUTCOME_WAIT = 20.0
LOOK_PERIOD = 0.5
KEPT = 50
LOW_RISK = 0.3
BASE_RISK = {"restart": 0.2, "observe": 0.0}
OTHER_RISK = 0.4


@dataclass(frozen=True, slots=True)
class Plan:
    """What the spine thinks of one incident, and what came of it."""

    incident_id: str
    kernel: str
    intent: str
    action: str
    """restart, or observe."""
    reason: str
    steps: tuple[str, ...]
    blast_radius: tuple[str, ...]
    confidence: float
    risk: float
    co_sign: str = "not asked"
    outcome: str = "planned"
    retro: str = ""


class AgenticSpine(Kernel):
    """Plans for incidents; restarts only what is harmless and left alone."""

    spec = KernelSpec(requires=("message_bus",), after=("self_healing", "coding_agent"), priority=15, tier=2)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.plans: deque[Plan] = deque(maxlen=KEPT)

    async def start(self) -> None:
        for row in self.saved_state.get("plans", ()):
            if (plan := parse(row)) is not None:
                self.plans.append(plan)
        self.feed = self.subscribe(IncidentOpened)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            async for opened in self.feed:
                self._handle_soon(group, opened.incident_id)

    async def probe(self) -> None:
        """Plan for an incident of its own making, with the kernels as they are, and weigh it."""
        records = self.context.room.kernels()
        incident = IncidentRecord("probe", "probe", "run", "Probe", "", "probe", "s", "c", "open", 0.0, 0.0, 1)
        plan = make_plan(incident, records, self.context.tasks.all(), 0)
        if plan.action != "observe" or plan.risk > risk_of("restart", 0.0):
            raise NotReady(f"agentic_spine would {plan.action} for a kernel that does not exist")

    def save_state(self) -> Mapping[str, object]:
        return {"plans": [asdict(plan) for plan in self.plans]}

    def summary(self) -> str:
        acted = sum(plan.action == "restart" and plan.outcome != "planned" for plan in self.plans)
        return f"{len(self.plans)} plans, {acted} acted on"

    # ---- service

    async def plan(self, incident_id: str) -> str:
        """Tell the plan for an incident: the one that was followed, or the one that would be made now.

        Raises:
            GraceError: there is no such incident.
        """
        kept = next((plan for plan in reversed(self.plans) if plan.incident_id == incident_id), None)
        return describe(kept or self._plan_for(incident_id))

    async def recent(self) -> tuple[Plan, ...]:
        """Plans, newest first."""
        return tuple(reversed(self.plans))

    # ---- from an incident to an outcome

    def _handle_soon(self, group: TaskGroup, incident_id: str) -> None:
        group.start_soon(self._handle, incident_id)

    async def _handle(self, incident_id: str) -> None:
        await self.context.clock.sleep(SETTLE)
        try:
            plan = self._plan_for(incident_id)
        except GraceError as problem:
            self.log.warning("no plan", incident=incident_id, problem=str(problem))
            return
        plan = replace(plan, co_sign=await self._co_sign(plan))
        self._tell(plan)
        if plan.action == "restart" and may_act(plan):
            plan = await self._restart(plan)
        elif plan.action == "restart":
            plan = replace(plan, outcome="not done", retro=f"left alone: {plan.co_sign}, risk {plan.risk:.2f}")
        else:
            plan = replace(plan, outcome="left alone", retro=plan.reason)
        self.plans.append(plan)
        self.count()

    def _plan_for(self, incident_id: str) -> Plan:
        incident = self.context.incidents.get(incident_id)
        if incident is None:
            raise GraceError(f"there is no incident {incident_id!r}")
        earlier = sum(plan.kernel == incident.kernel and plan.outcome == "did not help" for plan in self.plans)
        return make_plan(incident, self.context.room.kernels(), self.context.tasks.all(), earlier)

    async def _co_sign(self, plan: Plan) -> str:
        if plan.action == "observe":
            return "not needed: nothing is changed"
        facts = {"risk": plan.risk, "confidence": plan.confidence, "blast_radius": list(plan.blast_radius)}
        try:
            word = await self.kernel("governance").decide(
                actor=self.name, action="kernel.restart", resource=plan.kernel, context=facts
            )
        except ProviderDown:
            return "not co-signed: governance is down"
        return "co-signed by governance" if word.allowed else f"refused by governance: {word.decision}"

    async def _restart(self, plan: Plan) -> Plan:
        reason = f"{plan.incident_id}: {plan.reason}; {plan.co_sign}"
        result = await self.context.room.command("kernel.restart", plan.kernel, by=self.name, reason=reason)
        if not result.ok:
            return replace(plan, outcome="refused", retro=f"the room said: {result.text}")
        clock = self.context.clock
        began = clock.monotonic()
        while (seconds := clock.monotonic() - began) < OUTCOME_WAIT:
            await clock.sleep(LOOK_PERIOD)
            if self._state_of(plan.kernel) == "running":
                return replace(plan, outcome="worked", retro=f"RUNNING {seconds + LOOK_PERIOD:.1f} s after the restart")
        state = self._state_of(plan.kernel)
        return replace(plan, outcome="did not help", retro=f"still {state} {OUTCOME_WAIT:g} s after the restart")

    def _state_of(self, kernel: str) -> str:
        return next((record.state for record in self.context.room.kernels() if record.name == kernel), "absent")

    def _tell(self, plan: Plan) -> None:
        others = tuple(action for action in BASE_RISK if action != plan.action)
        why = f"{plan.reason}; {plan.co_sign}"
        self.publish(DecisionMade(self.name, plan.action, plan.kernel, why, others, plan.confidence, plan.risk))


def make_plan(
    incident: IncidentRecord, records: Sequence[KernelRecord], tasks: Sequence[TaskRecord], earlier_failures: int
) -> Plan:
    """What to do about an incident, from the facts alone."""
    record = next((found for found in records if found.name == incident.kernel), None)
    radius = dependants(incident.kernel, records)
    action, reason = choose(incident, record, tasks)
    confidence = confidence_in(radius, record, earlier_failures)
    return Plan(
        incident.id,
        incident.kernel,
        f"bring {incident.kernel} back" if record is not None else f"understand {incident.kind}",
        action,
        reason,
        steps_for(action, incident.kernel),
        radius,
        confidence,
        risk_of(action, confidence),
    )


def choose(incident: IncidentRecord, record: KernelRecord | None, tasks: Sequence[TaskRecord]) -> tuple[str, str]:
    """The action and its reason."""
    if incident.state == "resolved":
        return "observe", "the incident is resolved already"
    if incident.task_id or any(task.incident_id == incident.id for task in tasks):
        return "observe", "left to self_healing: a repair task exists"
    if record is None:
        return "observe", f"{incident.kernel} is no kernel of this room: nothing to restart"
    if record.state == "running" and record.beat_age is not None and record.beat_age > record.heartbeat_timeout:
        return "restart", f"RUNNING, but its last beat is {record.beat_age:.0f} s old"
    if record.state == "failed" and record.next_try is None:
        return "restart", "failed, no restart is planned, and no repair task exists"
    return "observe", f"{incident.kernel} is {record.state}: a restart would not help"


def dependants(kernel: str, records: Sequence[KernelRecord]) -> tuple[str, ...]:
    """Every kernel that requires this one, directly or through others: the blast radius."""
    found: dict[str, None] = {}
    waiting = [kernel]
    while waiting:
        provider = waiting.pop()
        for record in records:
            if provider in record.requires and record.name not in found and record.name != kernel:
                found[record.name] = None
                waiting.append(record.name)
    return tuple(sorted(found))


def confidence_in(radius: Sequence[str], record: KernelRecord | None, earlier_failures: int) -> float:
    """Less sure with every kernel that depends on it, with a critical one, and with restarts that did not help."""
    doubt = 0.1 * len(radius) + 0.3 * earlier_failures + (0.2 if record is not None and record.critical else 0.0)
    return max(0.0, round(0.9 - doubt, 2))


def risk_of(action: str, confidence: float) -> float:
    return round(BASE_RISK.get(action, OTHER_RISK) + (1 - confidence) * 0.3, 2)


def may_act(plan: Plan) -> bool:
    return plan.risk < LOW_RISK and not plan.co_sign.startswith("refused")


def steps_for(action: str, kernel: str) -> tuple[str, ...]:
    if action == "observe":
        return ("watch the incident", "leave the acting to self_healing and to people")
    return (
        f"ask the room to restart {kernel}",
        f"see {kernel} RUNNING within {OUTCOME_WAIT:g} s",
        "note what came of it",
    )


def describe(plan: Plan) -> str:
    """A plan for people, a line a fact."""
    return "\n".join(
        [
            f"{plan.incident_id}: {plan.intent}",
            f"blast radius: {', '.join(plan.blast_radius) or 'no other kernel requires it'}",
            f"action: {plan.action}, because {plan.reason}",
            *(f"{number}. {step}" for number, step in enumerate(plan.steps, 1)),
            f"confidence {plan.confidence:.2f}, risk {plan.risk:.2f}, {plan.co_sign}",
            f"outcome: {plan.outcome}{'; ' if plan.retro else ''}{plan.retro}",
        ]
    )


def parse(row: Mapping[str, Any]) -> Plan | None:
    """A plan as `save_state` wrote it; None where an older version of this kernel wrote another form."""
    try:
        return Plan(**{**row, "steps": tuple(row["steps"]), "blast_radius": tuple(row["blast_radius"])})
    except (TypeError, KeyError):
        return None
