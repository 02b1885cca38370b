"""The repair library bound to a room: works tasks, applies, watches, learns, undoes; `answering` decides what is due.

Kernels decide when (through HealerPort); what is done is decided here, once, so that it goes on working when they
cannot. A task belongs to the healer while it is worked: a worker that is restarted by its own repair does not stop it.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio

from grace_tui.healing.answering.answers import FINISHED, Answers
from grace_tui.healing.answering.followup import FollowUp
from grace_tui.healing.answering.gather import Gatherer
from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.applier import Applier
from grace_tui.healing.code_acts import CodeActs
from grace_tui.healing.decisions import Decisions
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.renewal import renew
from grace_tui.healing.repair.apply import Journal, Recovered, UndoRefused, UnknownEntry
from grace_tui.healing.repair.knowledge import Knowledge, as_view
from grace_tui.healing.repair.trial import sweep_trials
from grace_tui.healing.seams import Incidents, Playbooks, Queue, RoomHooks, Verdict
from grace_tui.healing.teller import Teller
from grace_tui.healing.work import Work
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import TaskQueued
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, TaskRecord

T = TypeVar("T")

__all__ = ["Healer", "Incidents", "Queue", "RoomHooks", "Verdict"]

PRIORITY = 10


class Healer:
    def __init__(
        self,
        root: Path,
        state: Path,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        clock: Clock,
        *,
        watch_seconds: float = 2.0,
        running_within: float = 10.0,
        limits: Limits | None = None,
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks, self.clock = root, incidents, queue, hooks, clock
        self.watch_seconds = watch_seconds
        self.known = Knowledge(state / "knowledge", root.name)
        self.teller = Teller(incidents, queue, hooks)
        journal = Journal(root, state / "journal")
        self.applier = Applier(journal, self.known, self.teller, hooks, incidents, clock, running_within)
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False
        self.work_in_hand = Work(root, incidents, queue, hooks, self.teller, self.applier, watch_seconds)
        acts = CodeActs(root, incidents, queue, hooks, clock, self.teller, self.known, journal, self.work_in_hand)
        self.code, limits = acts, limits or Limits()
        gatherer = Gatherer(root, incidents, queue, hooks, clock, self.known, journal, limits)
        self.answers = Answers(acts, gatherer, incidents, queue, hooks, self.teller, clock, limits)
        self.decisions = Decisions(root, incidents, queue, hooks, self.teller, self.work_in_hand, acts, self.answers)
        self.follow_up = FollowUp(self.answers, watch_seconds, self.free)

    @property
    def playbooks(self) -> Playbooks | None:
        """What answers incidents where code is not to blame; None until the room has opened them."""
        return self.answers.gatherer.playbooks

    @playbooks.setter
    def playbooks(self, playbooks: Playbooks) -> None:
        self.answers.gatherer.playbooks = playbooks

    # ---- HealerPort

    async def respond(self, incident_id: str, by: str) -> str:
        """Answer an incident with the first rung of the ladder that holds; what is under way is left alone."""
        return await self.answers.respond(incident_id, by, self._owned)

    async def plan(self, incident_id: str) -> Sequence[str]:
        """The ladder of an incident as it stands, a line a rung; the last is what would be done."""
        return await self.answers.plan(incident_id)

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        """Carry a claimed task to its end, or to where it waits for a person. Never raises what the repair raised."""
        return await self._carried_on(await self._owned(self.work_in_hand.work(task, by)), by)

    def knowledge(self) -> Sequence[Mapping[str, object]]:
        """Every remembered fix that can be read, last used first."""
        return [as_view(fix) for fix in self.known.all()[0]]

    def hand_on(self, incident_id: str, to_agent: bool, reason: str, by: str) -> str:
        """Hand an incident to the agent, as a coding task, or to a person: what a playbook does that cannot help.

        Raises:
            GraceError: there is no such incident, or it is over.
        """
        incident = self.incidents.get(incident_id)
        if incident is None or needs_nothing(incident):
            raise GraceError(f"{incident_id} is not open; there is nothing to hand on")
        if to_agent:
            return self.code.queue_task(incident, self.incidents.failure(incident_id), reason, by, ())
        return self.answers.leave(incident, reason, by)

    # ---- what a person decides

    async def approve(self, task_id: str, by: str) -> TaskRecord:
        """Apply a proven patch that waited for a person.

        Raises:
            GraceError: no patch of that task waits.
        """
        task = self.queue.get(task_id)
        if task is not None and task.state == "waiting_for_approval":
            self.release(task.incident_id, by)
        return await self._carried_on(await self.decisions.approve(task_id, by, self._owned), by)

    async def reject(self, task_id: str, by: str) -> TaskRecord:
        """Drop a proven patch that waited for a person. Raises as `approve`."""
        return await self.decisions.reject(task_id, by)

    async def edit(self, task_id: str, diff: str, by: str) -> TaskRecord:
        """Put a person's diff through every gate; see `Decisions.edit`."""
        return await self.decisions.edit(task_id, diff, by, self._owned)

    async def retry(self, task_id: str, by: str) -> TaskRecord:
        """Queue a failed or undone repair once more; see `Decisions.retry`."""
        return self.decisions.retry(task_id, by)

    async def undo(self, task_id: str, by: str, reason: str = "") -> TaskRecord:
        """Take a learned repair back, exactly; see `Decisions.undo`."""
        return await self.decisions.undo(task_id, by, reason)

    def release(self, incident_id: str, by: str, reason: str = "") -> IncidentRecord:
        """Let automation act again on what an incident is about: what was done so far counts no longer."""
        return self.answers.release(incident_id, by, reason)

    def forget(self, signature: str) -> bool:
        """Remove a remembered fix; False where there was none."""
        return self.known.forget(signature)

    async def _carried_on(self, task: TaskRecord, by: str) -> TaskRecord:
        """A repair that failed is followed by the next rung."""
        if task.state in ("failed", "undone"):
            await self._owned(self.answers.go_on(task.incident_id, by))
        return task

    # ---- the life of the healer

    def recover(self) -> tuple[Recovered, ...]:
        """Once, before the kernels start: end what a killed room left half done. An unwatched patch is taken back."""
        sweep_trials()
        for old, new in renew(self.known, self.incidents):
            record = {"actor": "healer", "action": "knowledge.renewed", "resource": new, "result": f"was {old}"}
            self.hooks.audit(record)
        recovered = list(self.applier.journal.recover())
        for task in self.queue.all():
            if task.state in FINISHED:
                continue
            try:
                if self.applier.journal.get(task.id).state == "applied":
                    self.applier.journal.undo(task.id)
                    recovered.append(Recovered(task.id, "rolled back", task.files, "it had not been watched"))
            except UnknownEntry:
                continue
            except UndoRefused as refused:
                recovered.append(Recovered(task.id, "conflict", refused.files, str(refused)))
        for entry in recovered:
            record = {"actor": "healer", "action": "repair.recovered", "resource": ", ".join(entry.files)}
            self.hooks.audit({**record, "task": entry.id, "result": entry.outcome, "detail": entry.detail})
        return tuple(recovered)

    async def close(self) -> None:
        """Stop what is under way; a patch that was not proven by its watch yet is taken back."""
        self._closing = True
        for task in self._running:
            task.cancel()
        if self._running:  # awaited also where the room is being cancelled: what it took back is on disk then
            with anyio.CancelScope(shield=True):
                await asyncio.wait(self._running)

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` as the healer's own: it goes on when the caller is cancelled, until `close`.

        Raises:
            GraceError: it hung, and was ended.
        """
        task = self._begin(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled() and not self._closing:  # the work was ended, not its caller
                raise GraceError("it made no progress and was given up") from None
            raise

    def _begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        """The caller gets what was raised; where it has gone, the log has it."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.hooks.audit({"actor": "healer", "action": "healer.raised", "resource": "", "result": repr(error)})

    # ---- work that hangs

    def free(self, task: TaskRecord, why: str) -> None:
        """Take a task from a worker that does not get on with it: another may have it, and a repair that hangs ends."""
        working = self.work_in_hand.under_way.get(task.id)
        self.hooks.audit({"actor": "healer", "action": "task.freed", "resource": task.id, "reason": why})
        if working is None:
            self.queue.update(task.id, task.token, state="queued", detail=why)
            self.hooks.publish(TaskQueued(task.id, task.incident_id, task.priority))
            return
        working.cancel()
        self.teller.end(task, "failed", f"given up: {why}", "healer")
        self._begin(self.answers.go_on(task.incident_id, "healer"))
