"""The repair library bound to a room: works tasks, applies, watches, learns, undoes; `answering` decides what is due.

Kernels decide when (through HealerPort); what is done is decided here, once, so that it goes on working when they
cannot. A task belongs to the healer while it is worked: a worker that is restarted by its own repair does not stop it.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio

from grace_tui.disk import FileMoved
from grace_tui.healing.answering.answers import FINISHED, OVER, Answers
from grace_tui.healing.answering.followup import FollowUp
from grace_tui.healing.answering.gather import Gatherer, Replay
from grace_tui.healing.answering.history import RELEASED
from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.applier import Applier
from grace_tui.healing.failure import Failure
from grace_tui.healing.renewal import renew
from grace_tui.healing.repair.apply import Journal, Recovered, UndoRefused, UnknownEntry
from grace_tui.healing.repair.knowledge import Knowledge, Unreadable, as_view
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.repair import Progress, Unrepaired, check_known, repair
from grace_tui.healing.repair.trial import sweep_trials
from grace_tui.healing.seams import Incidents, Playbooks, Queue, RoomHooks, Verdict
from grace_tui.healing.teller import Proposal, Teller, beta
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
        self.known = Knowledge(state / "knowledge")
        self.teller = Teller(incidents, queue, hooks)
        journal = Journal(root, state / "journal")
        self.applier = Applier(journal, self.known, self.teller, hooks, incidents, clock, running_within)
        self.waiting: dict[str, Proposal] = {}
        """Proven patches that wait for a person, by task."""
        self._running: set[asyncio.Task[Any]] = set()
        self._working: dict[str, asyncio.Task[Any]] = {}
        """What works on a task at this moment, by the task's id."""
        self._given_up: set[str] = set()
        """Tasks whose work was cancelled because it hung."""
        limits = limits or Limits()
        gatherer = Gatherer(root, incidents, queue, hooks, clock, self.known, journal, limits)
        self.answers = Answers(self, gatherer, incidents, queue, hooks, self.teller, clock, limits)
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
        try:
            done = await self._owned(self._work(task, by))
        except asyncio.CancelledError:
            if task.id in self._given_up:  # the repair was ended, not its worker
                self._given_up.discard(task.id)
                raise GraceError(f"{task.id} was given up: it made no progress") from None
            raise
        if done.state in ("failed", "undone"):
            await self._owned(self.answers.go_on(done.incident_id, by))
        return done

    def knowledge(self) -> Sequence[Mapping[str, object]]:
        """Every remembered fix that can be read, last used first."""
        return [as_view(fix) for fix in self.known.all()[0]]

    def hand_on(self, incident_id: str, to_agent: bool, reason: str, by: str) -> str:
        """Hand an incident to the agent, as a coding task, or to a person: what a playbook does that cannot help.

        Raises:
            GraceError: there is no such incident, or it is over.
        """
        incident = self.incidents.get(incident_id)
        if incident is None or incident.state in OVER:
            raise GraceError(f"{incident_id} is not open; there is nothing to hand on")
        if to_agent:
            return self.queue_task(incident, self.incidents.failure(incident_id), reason, by, ())
        return self.answers.leave(incident, reason, by)

    # ---- what a person decides

    async def approve(self, task_id: str, by: str) -> TaskRecord:
        """Apply a proven patch that waited for a person.

        Raises:
            GraceError: no patch of that task waits.
        """
        proposal = self._taken(task_id)
        self.teller.audit("repair.approved", proposal, by)
        self.release(proposal.task.incident_id, by)
        return await self._owned(self._carry_out(proposal))

    async def reject(self, task_id: str, by: str) -> TaskRecord:
        """Drop a proven patch that waited for a person.

        Raises:
            GraceError: no patch of that task waits.
        """
        proposal = self._taken(task_id)
        self.teller.audit("repair.rejected", proposal, by)
        return self.teller.end(proposal.task, "failed", f"rejected by {by}", by)

    def release(self, incident_id: str, by: str, reason: str = "") -> IncidentRecord:
        """Let automation act again on what an incident is about: what was done so far counts no longer."""
        action = f"{RELEASED} by {by}{f': {reason}' if reason else ''}"
        return self.incidents.note(incident_id, action=action, by=by)

    def forget(self, signature: str) -> bool:
        """Remove a remembered fix; False where there was none."""
        return self.known.forget(signature)

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
        for task in self._running:
            task.cancel()
        if self._running:  # awaited also where the room is being cancelled: what it took back is on disk then
            with anyio.CancelScope(shield=True):
                await asyncio.wait(self._running)

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` as the healer's own: it goes on when the caller is cancelled, until `close`."""
        return await asyncio.shield(self._begin(work))

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

    # ---- what answers do to code

    def queue_task(
        self, incident: IncidentRecord, failure: Failure, why: str, by: str, refused: tuple[str, ...]
    ) -> str:
        task = self.queue.add(incident, failure, priority=PRIORITY, title=incident.title)
        self.incidents.note(incident.id, task_id=task.id, action=f"queued as {task.id}", by=by)
        self.hooks.publish(TaskQueued(task.id, incident.id, task.priority))
        self.teller.decide(by, "queue a repair", incident.kernel, why, refused, self._record_so_far())
        return f"queued {task.id} at priority {task.priority}: {why}"

    async def take_back(self, task_id: str, why: str, by: str) -> str:
        """Undo a repair that was learned; what was learned of it counts as failed.

        Raises:
            GraceError: its files changed since; they stay as they are.
        """
        task = self.queue.get(task_id)
        if task is None:
            raise GraceError(f"there is no task {task_id!r}")
        await asyncio.to_thread(self.applier.journal.undo, task_id)
        self.known.outcome(task.signature, success=False)
        self.hooks.take_up(task.kernel)
        self.teller.change(task, "undone", f"taken back: {why}")
        self.teller.decide(by, "undo a patch", ", ".join(task.files), why, ("leave it in",), 1.0)
        record = {"actor": by, "action": "repair.undone", "resource": ", ".join(task.files), "task": task_id}
        self.hooks.audit({**record, "incident": task.incident_id, "result": why})
        return f"{task_id} was taken back: {why}"

    def put_aside(self, damaged: Unreadable) -> None:
        """Move a damaged file of knowledge out of the way, and tell a person."""
        aside = self.known.put_aside(damaged)
        text = f"{damaged.path} cannot be read and was moved to {aside.name}: {damaged.reason}"
        self.hooks.warn(f"knowledge {damaged.path.name}", text)
        self.hooks.audit(
            {"actor": "healer", "action": "knowledge.unreadable", "resource": str(damaged.path), "result": text}
        )

    def free(self, task: TaskRecord, why: str) -> None:
        """Take a task from a worker that does not get on with it: another may have it, and a repair that hangs ends."""
        working = self._working.get(task.id)
        self.hooks.audit({"actor": "healer", "action": "task.freed", "resource": task.id, "reason": why})
        if working is None:
            self.queue.update(task.id, task.token, state="queued", detail=why)
            self.hooks.publish(TaskQueued(task.id, task.incident_id, task.priority))
            return
        self._given_up.add(task.id)
        working.cancel()
        self.teller.end(task, "failed", f"given up: {why}", "healer")
        self._begin(self.answers.go_on(task.incident_id, "healer"))

    async def replay(self, incident: IncidentRecord, failure: Failure, replay: Replay, by: str) -> TaskRecord:
        fix, patch = replay.fix, replay.patch
        task = self.queue.add(
            incident,
            failure,
            priority=PRIORITY,
            title=fix.summary,
            known=True,
            operator=fix.operator,
            detail="known fix",
        )
        # Between `add` and this update nothing else runs on the loop, so no worker can claim the task.
        task = self.queue.update(
            task.id,
            task.token,
            state="trying",
            started_at=self.clock.time(),
            provider=patch.site.provider,
            consumers=patch.site.consumers,
            files=patch.files,
            diff=patch.diff,
        )
        self.hooks.publish(TaskQueued(task.id, incident.id, task.priority))
        self.incidents.note(incident.id, task_id=task.id, provider=patch.site.provider, by=by)
        rationale = f"{fix.summary}: worked {fix.successes} times, failed {fix.failures} times on this signature"
        self.teller.decide(by, "replay a known fix", patch.site.provider, rationale, ("analyse anew",), fix.confidence)
        return await self._guarded(task, by, self._try_known(task, failure, patch, by))

    async def _try_known(self, task: TaskRecord, failure: Failure, patch: Patch, by: str) -> TaskRecord:
        self.teller.move(task, "in_repair", f"replaying the known fix: {patch.summary}", by)
        verdicts = await check_known(patch, failure, self.root)
        task = self.teller.change(task, "gating", patch.summary, gates=verdicts)
        if failed := next((verdict for verdict in verdicts if verdict.state == "failed"), None):
            self.known.outcome(task.signature, success=False)
            return self.teller.end(task, "failed", f"gate {failed.name}: {failed.detail}", by)
        return await self._with_leave(Proposal(task, patch, failure, by, 0.0))

    # ---- working

    async def _work(self, task: TaskRecord, by: str) -> TaskRecord:
        return await self._guarded(task, by, self._repair(task, by))

    async def _guarded(self, task: TaskRecord, by: str, work: Coroutine[Any, Any, TaskRecord]) -> TaskRecord:
        """The crash boundary of a repair: whatever goes wrong ends the task, and leaves the room as it was."""
        mine = asyncio.current_task()
        if mine is not None:
            self._working[task.id] = mine
        try:
            return await work
        except asyncio.CancelledError:
            self.applier.take_back(task.id)
            raise
        except Exception as error:
            detail = str(error) if isinstance(error, GraceError | FileMoved) else f"{type(error).__name__}: {error}"
            current = self.queue.get(task.id)
            if current is None or current.state in FINISHED or current.token != task.token:
                self.hooks.audit({"actor": "healer", "action": "repair.lost", "resource": task.id, "result": detail})
                return current or task
            self.applier.take_back(task.id)
            return self.teller.end(current, "failed", detail, by)
        finally:
            self._working.pop(task.id, None)

    async def _repair(self, task: TaskRecord, by: str) -> TaskRecord:
        incident = self.incidents.get(task.incident_id)
        if incident is None or incident.state in OVER:
            return self.teller.end(task, "failed", f"{task.incident_id} is over; there is nothing left to repair", by)
        failure = self.queue.failure(task.id)
        self.teller.move(task, "in_repair", "the repair began", by)
        outcome = await repair(
            failure,
            self.root,
            on_progress=lambda progress: self._show(task, progress),
            reproduction=self.hooks.reproduction(failure),
        )
        if isinstance(outcome, Unrepaired):
            return self.teller.end(task, "failed", outcome.reason, by)
        current = self.queue.get(task.id) or task
        return await self._with_leave(Proposal(current, outcome.patch, failure, by, self.watch_seconds))

    def _show(self, task: TaskRecord, progress: Progress) -> None:
        if progress.provider and progress.state == "trying":
            self.incidents.note(task.incident_id, provider=progress.provider, action=progress.detail, by=task.worker)
        self.teller.change(
            task,
            progress.state,
            progress.detail,
            operator=progress.operator,
            provider=progress.provider,
            consumers=progress.consumers or task.consumers,
            files=progress.files,
            diff=progress.diff,
            gates=progress.gates,
        )

    # ---- applying

    async def _with_leave(self, proposal: Proposal) -> TaskRecord:
        verdict = await self.hooks.allow(proposal.task, proposal.patch)
        if verdict.allowed:
            return await self.applier.apply(proposal, verdict.reason)
        self.waiting[proposal.task.id] = proposal
        self.incidents.note(proposal.task.incident_id, action=f"waits for approval: {verdict.reason}", by=proposal.by)
        return self.teller.change(proposal.task, "waiting_for_approval", verdict.reason)

    async def _carry_out(self, proposal: Proposal) -> TaskRecord:
        return await self._guarded(proposal.task, proposal.by, self.applier.apply(proposal, "approved by a person"))

    # ---- telling

    def _taken(self, task_id: str) -> Proposal:
        proposal = self.waiting.pop(task_id, None)
        if proposal is None:
            raise GraceError(f"no patch of {task_id!r} waits for a decision")
        return proposal

    def _record_so_far(self) -> float:
        """Mean of the Beta posterior of how repairs ended here."""
        ended = [task.state for task in self.queue.all() if task.state in FINISHED]
        return beta(ended.count("learned"), len(ended))
