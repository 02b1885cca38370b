"""Self-healing: has every incident answered, and watches whether coding_agent gets on with its repairs.

Owns the decision *when* the core's healer is asked; the healer decides *how*. While coding_agent is down it works the
repair queue in its place. Called by people and by voice_conversation for a plan. It never edits a file itself.
"""

from collections.abc import Mapping

import anyio
from anyio.abc import TaskGroup

from grace_tui.healing.mutual import (
    AGENT,
    LOOK_EVERY,
    WORKS_OR_SOON_WILL,
    Neighbour,
    unanswered,
    work_of_agent,
)
from grace_tui.kernel import (
    GraceError,
    IncidentChanged,
    IncidentOpened,
    IncidentRecord,
    Kernel,
    KernelContext,
    KernelSpec,
    KernelStateChanged,
    NotReady,
    ProviderDown,
    TaskQueued,
    TaskRecord,
)

ANSWERS_AT_ONCE = 4
QUEUE_PERIOD = 4.0


class SelfHealing(Kernel):
    """Answers incidents; stands in for coding_agent while that is down."""

    spec = KernelSpec(requires=("message_bus", "immutable_log"), priority=3, tier=0)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.answering: set[str] = set()
        self.slots = anyio.Semaphore(ANSWERS_AT_ONCE)
        self.look_at_queue = anyio.Event()
        self.working_on: TaskRecord | None = None

    async def start(self) -> None:
        self.answered = int(self.saved_state.get("answered", 0))
        self.repaired = int(self.saved_state.get("repaired", 0))
        self.neighbour = Neighbour(AGENT)
        self.incident_feed = self.subscribe("incident.*")
        self.task_feed = self.subscribe(TaskQueued)
        self.state_feed = self.subscribe(KernelStateChanged)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._stand_in)
            group.start_soon(self._watch_queue)
            group.start_soon(self._watch_agent)
            group.start_soon(self._pace)
            group.start_soon(self._look_after_agent)
            known = self.context.incidents.all()
            self.neighbour.inherit(known)
            for incident in unanswered(known, self.context.tasks.all()):
                self._answer_soon(group, incident.id)
            async for message in self.incident_feed:
                if (incident_id := wants_answer(message.payload)) is not None:
                    self._answer_soon(group, incident_id)

    async def probe(self) -> None:
        """Decide for an incident of its own making, with the queue, the knowledge and the room as they are now."""
        self.context.tasks.all()
        agent = self._agent_state()
        sample = IncidentOpened("probe", "probe", "probe-signature", "probe")
        if wants_answer(sample) != "probe":
            raise NotReady("self_healing would not answer an incident that was just opened")
        self.context.healer.knowledge()
        self.neighbour.look(None, {}, self.context.clock.monotonic())
        if not agent:
            raise NotReady("self_healing cannot tell the state of coding_agent")

    def save_state(self) -> Mapping[str, object]:
        return {"answered": self.answered, "repaired": self.repaired}

    def summary(self) -> str:
        if self.working_on is not None:
            return f"repairing {self.working_on.kernel}"
        return f"{self.answered} answered, {self.repaired} repaired"

    # ---- service

    async def respond(self, incident_id: str) -> str:
        """Answer one incident now and return what was done.

        Raises:
            GraceError: there is no such incident, or it is being answered already.
        """
        self._incident(incident_id)
        if incident_id in self.answering:
            raise GraceError(f"incident {incident_id} is being answered already")
        self.answering.add(incident_id)
        return await self._answer(incident_id, asked=True)

    async def plan(self, incident_id: str) -> str:
        """Tell what the answer to an incident would be and what was considered before, without doing any of it."""
        incident = self._incident(incident_id)
        steps = [*await self.context.healer.plan(incident_id), f"repair tasks are worked by {self._worker()}"]
        head = f"{incident.id} {incident.title} ({incident.state}, seen {incident.count}x)"
        return "\n".join([head, *(f"{number}. {step}" for number, step in enumerate(steps, 1))])

    # ---- answering

    def _incident(self, incident_id: str) -> IncidentRecord:
        incident = self.context.incidents.get(incident_id)
        if incident is None:
            raise GraceError(f"there is no incident {incident_id!r}")
        return incident

    def _answer_soon(self, group: TaskGroup, incident_id: str) -> None:
        if incident_id not in self.answering:
            self.answering.add(incident_id)
            group.start_soon(self._answer, incident_id)

    async def _answer(self, incident_id: str, *, asked: bool = False) -> str:
        try:
            async with self.slots:
                if not asked and (owner := self._owner(incident_id)):
                    return f"left to {owner}"
                done = await self.context.healer.respond(incident_id, by=self.name)
        except GraceError as problem:
            done = f"not answered: {problem}"
            self.log.warning("incident not answered", incident=incident_id, problem=str(problem))
        else:
            self.answered += 1
            self.count()
        finally:
            self.answering.discard(incident_id)
        await self._record("incident.answered", incident_id, done)
        return done

    def _owner(self, incident_id: str) -> str:
        """The person who took an incident, maybe while it waited for its turn; empty where nobody did."""
        incident = self.context.incidents.get(incident_id)
        return incident.owner or "a person" if incident and incident.state == "acknowledged" else ""

    async def _record(self, action: str, resource: str, result: str) -> None:
        try:
            await self.kernel("immutable_log").append(
                actor=self.name, action=action, resource=resource, result=result, payload={"agent": self._agent_state()}
            )
        except ProviderDown as problem:
            self.context.audit.append({"actor": self.name, "action": action, "resource": resource, "result": result})
            self.log.warning("recorded past immutable_log", problem=str(problem))

    # ---- standing in for coding_agent, and watching over it

    async def _look_after_agent(self) -> None:
        async for _ in self.every(LOOK_EVERY):
            record = next((kernel for kernel in self.context.room.kernels() if kernel.name == AGENT), None)
            waiting = work_of_agent(self.context.tasks.all())
            trouble = self.neighbour.look(record, waiting, self.context.clock.monotonic())
            # Its incident comes back to this kernel as every other does.
            self.neighbour.tell(trouble, self.context.incidents, self.name)

    def _worker(self) -> str:
        agent = self._agent_state()
        return AGENT if agent in WORKS_OR_SOON_WILL else f"self_healing ({AGENT} is {agent})"

    def _agent_state(self) -> str:
        return next((kernel.state for kernel in self.context.room.kernels() if kernel.name == AGENT), "absent")

    async def _watch_queue(self) -> None:
        async for _ in self.task_feed:
            self.look_at_queue.set()

    async def _watch_agent(self) -> None:
        async for change in self.state_feed:
            if change.kernel == AGENT:
                self.look_at_queue.set()

    async def _pace(self) -> None:
        async for _ in self.every(QUEUE_PERIOD):
            self.look_at_queue.set()

    async def _stand_in(self) -> None:
        while True:
            await self.look_at_queue.wait()
            self.look_at_queue = anyio.Event()
            while (task := self._claim()) is not None:
                await self._work(task)

    def _claim(self) -> TaskRecord | None:
        if self._agent_state() in WORKS_OR_SOON_WILL:
            return None
        return self.context.tasks.claim(self.name)

    async def _work(self, task: TaskRecord) -> None:
        self.working_on = task
        try:
            done = await self.context.healer.work(task, by=self.name)
        except GraceError as problem:
            self.log.warning("task not finished", task=task.id, problem=str(problem))
            await self._record("task.dropped", task.id, str(problem))
        else:
            self.repaired += done.state == "learned"
            self.count()
            await self._record("task.worked", task.id, done.state)
        finally:
            self.working_on = None


def wants_answer(event: object) -> str | None:
    """The id of the incident that this event says is unanswered, if it says so."""
    if isinstance(event, IncidentOpened):
        return event.incident_id
    if isinstance(event, IncidentChanged) and event.state == "reopened":
        return event.incident_id
    return None
