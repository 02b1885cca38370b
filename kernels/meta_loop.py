"""Meta loop: measures how well the room heals itself, and proposes what to improve.

Owns a history of finished repairs. Fed by TaskFinished; looks at incidents through the core. It proposes with evidence
and never changes a setting itself.
"""

import statistics
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import anyio

from grace_tui.kernel import (
    DecisionMade,
    IncidentRecord,
    Kernel,
    KernelContext,
    KernelSpec,
    NotReady,
    TaskFinished,
    TaskRecord,
)

PERIOD = 300.0
KEPT = 500
RECURS = 3
SLOW_GATE_SHARE = 0.5
SLOW_GATE_RUNS = 3
FAILING_SHARE = 0.5
FINISHED = ("learned", "failed", "undone")


@dataclass(frozen=True, slots=True)
class Repair:
    """One finished repair; `gates` maps a gate to its seconds."""

    task_id: str
    incident_id: str
    kernel: str
    operator: str
    outcome: str
    seconds: float
    known: bool
    gates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measure:
    """The healing loop in numbers."""

    repairs: int
    outcomes: Mapping[str, int]
    replay_share: float | None
    """Share of repairs that replayed a remembered fix; None before the first repair."""
    repair_seconds: float | None
    """Median seconds of a repair that was learned."""
    mttr: float | None
    """Mean seconds from the opening of an incident to its resolution."""
    open_incidents: int
    clusters: Mapping[str, int]
    """Failures per coarse signature, those that recur."""
    kernels: Mapping[str, int]
    """Failures per kernel."""


@dataclass(frozen=True, slots=True)
class Proposal:
    subject: str
    proposal: str
    evidence: str


class MetaLoop(Kernel):
    """Measures the healing loop."""

    spec = KernelSpec(requires=("message_bus",), after=("agentic_spine",), priority=17, tier=3)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.repairs: deque[Repair] = deque(maxlen=KEPT)
        self.told: set[str] = set()

    async def start(self) -> None:
        for row in self.saved_state.get("repairs", ()):
            if (repair := parse(row)) is not None:
                self.repairs.append(repair)
        self.told = set(self.saved_state.get("told", ()))
        self.feed = self.subscribe(TaskFinished)
        self._catch_up()

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_repairs)
            async for _ in self.every(PERIOD):
                self._review()

    async def probe(self) -> None:
        """Measure the room as it is, and a history of its own making."""
        self._measure()
        sample = [
            Repair(f"probe-{n}", "", "probe", "op", "learned", 2.0, n > 0, {"tests": 1.5})
            for n in range(SLOW_GATE_RUNS)
        ]
        if measure(sample, ()).replay_share != (SLOW_GATE_RUNS - 1) / SLOW_GATE_RUNS or not slow_gates(sample):
            raise NotReady("meta_loop measured its sample wrongly")

    def save_state(self) -> Mapping[str, object]:
        return {"repairs": [asdict(repair) for repair in self.repairs], "told": sorted(self.told)}

    def summary(self) -> str:
        found = self._measure()
        if found.replay_share is None:
            return "no repair yet"
        return f"{found.repairs} repairs, {found.replay_share:.0%} replayed"

    # ---- service

    async def measure(self) -> Measure:
        """Measure the healing loop now."""
        return self._measure()

    async def proposals(self) -> tuple[Proposal, ...]:
        """What passes a threshold now, each with its evidence."""
        return self._proposals()

    # ---- measuring

    def _measure(self) -> Measure:
        return measure(self.repairs, self.context.incidents.all())

    def _proposals(self) -> tuple[Proposal, ...]:
        incidents = self.context.incidents.all()
        return (*recurring(incidents, self.repairs), *slow_gates(self.repairs), *failing_operators(self.repairs))

    async def _watch_repairs(self) -> None:
        async for finished in self.feed:
            self._keep(repair_from_event(finished, self.context.tasks.get(finished.task_id)))
            self._review()

    def _catch_up(self) -> None:
        """Take in repairs that ended while this kernel was down."""
        for task in reversed(self.context.tasks.all()):
            if task.state in FINISHED:
                self._keep(repair_from_task(task))

    def _keep(self, repair: Repair) -> None:
        if all(kept.task_id != repair.task_id for kept in self.repairs):
            self.repairs.append(repair)
            self.count()

    def _review(self) -> None:
        """Tell each proposal once for as long as it stands."""
        found = self._proposals()
        for proposal in found:
            if proposal.subject not in self.told:
                why = f"{proposal.proposal}: {proposal.evidence}"
                self.publish(DecisionMade(self.name, "propose", proposal.subject, why, ("leave it as it is",)))
        self.told = {proposal.subject for proposal in found}


def parse(row: Mapping[str, Any]) -> Repair | None:
    """A repair as `save_state` wrote it; None where an older version of this kernel wrote another form."""
    try:
        return Repair(**row)
    except TypeError:
        return None


def repair_from_event(event: TaskFinished, task: TaskRecord | None) -> Repair:
    gates = gate_seconds(task) if task is not None else {}
    return Repair(
        event.task_id, event.incident_id, event.kernel, event.operator, event.outcome, event.seconds, event.known, gates
    )


def repair_from_task(task: TaskRecord) -> Repair:
    return Repair(
        task.id, task.incident_id, task.kernel, task.operator, task.state, task.seconds, task.known, gate_seconds(task)
    )


def gate_seconds(task: TaskRecord) -> dict[str, float]:
    return {gate.name: gate.ms / 1000 for gate in task.gates if gate.state in ("passed", "failed")}


def measure(repairs: Sequence[Repair], incidents: Sequence[IncidentRecord]) -> Measure:
    learned = [repair.seconds for repair in repairs if repair.outcome == "learned"]
    healed = [one.resolved_at - one.opened_at for one in incidents if one.resolved_at is not None]
    coarse = failures_by_signature(incidents)
    kernels: Counter[str] = Counter()
    for incident in incidents:
        kernels[incident.kernel] += incident.count
    return Measure(
        repairs=len(repairs),
        outcomes=Counter(repair.outcome for repair in repairs),
        replay_share=sum(repair.known for repair in repairs) / len(repairs) if repairs else None,
        repair_seconds=statistics.median(learned) if learned else None,
        mttr=statistics.fmean(healed) if healed else None,
        open_incidents=sum(incident.resolved_at is None for incident in incidents),
        clusters={signature: count for signature, count in coarse.items() if count > 1},
        kernels=kernels,
    )


def failures_by_signature(incidents: Sequence[IncidentRecord]) -> Counter[str]:
    found: Counter[str] = Counter()
    for incident in incidents:
        found[incident.coarse] += incident.count
    return found


def recurring(incidents: Sequence[IncidentRecord], repairs: Sequence[Repair]) -> list[Proposal]:
    """Failures that come back although they were repaired: the cause outlives its repairs.

    A crash loop is one outage, however often it crashed; so outages are counted, not crashes.
    """
    repaired = Counter(repair.incident_id for repair in repairs if repair.outcome == "learned")
    outages: Counter[str] = Counter()
    where: dict[str, set[str]] = {}
    for incident in incidents:
        outages[incident.coarse] += max(1, repaired[incident.id])
        where.setdefault(incident.coarse, set()).add(incident.kernel)
    return [
        Proposal(signature, "repair the common cause", f"{count} outages of {', '.join(sorted(where[signature]))}")
        for signature, count in outages.items()
        if count >= RECURS
    ]


def slow_gates(repairs: Sequence[Repair]) -> list[Proposal]:
    """Gates that took more than half of the time in every repair that ran them."""
    shares: dict[str, list[float]] = {}
    for repair in repairs:
        for gate, seconds in repair.gates.items():
            if repair.seconds > 0:
                shares.setdefault(gate, []).append(seconds / repair.seconds)
    return [
        Proposal(
            f"gate {gate}", "make this gate faster", f"at least {min(found):.0%} of the time of {len(found)} repairs"
        )
        for gate, found in shares.items()
        if len(found) >= SLOW_GATE_RUNS and min(found) > SLOW_GATE_SHARE
    ]


def failing_operators(repairs: Sequence[Repair]) -> list[Proposal]:
    """Operators whose patches are undone or rejected more often than not."""
    outcomes: dict[str, list[bool]] = {}
    for repair in repairs:
        if repair.operator:
            outcomes.setdefault(repair.operator, []).append(repair.outcome == "learned")
    return [
        Proposal(f"operator {name}", "look at what it proposes", f"{found.count(False)} of {len(found)} repairs failed")
        for name, found in outcomes.items()
        if len(found) >= RECURS and found.count(False) / len(found) > FAILING_SHARE
    ]
