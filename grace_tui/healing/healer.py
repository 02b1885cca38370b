"""The repair library bound to a room: answers incidents, works tasks, applies, watches, learns, undoes.

Kernels decide when (through HealerPort); what is done is decided here, once, so that it goes on working when they
cannot. A task belongs to the healer while it is worked: a worker that is restarted by its own repair does not stop it.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from grace_tui.disk import FileMoved
from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.apply import Journal, Recovered, UndoRefused, UnknownEntry
from grace_tui.healing.repair.gates.tests import kernel_of
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, Unreadable, as_view, replayed
from grace_tui.healing.repair.patch import Patch, Refused
from grace_tui.healing.repair.repair import Progress, Unrepaired, check_known, repair
from grace_tui.healing.repair.trial import sweep_trials
from grace_tui.healing.seams import Incidents, Queue, RoomHooks, Verdict
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import DecisionMade, TaskChanged, TaskFinished, TaskQueued
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, IncidentState, TaskRecord, TaskState

T = TypeVar("T")

__all__ = ["Healer", "Incidents", "Queue", "RoomHooks", "Verdict"]

PRIORITY = 10
ATTEMPTS = 2
"""Repairs that may fail for one incident before it is left to a person."""
GLANCE = 0.1
"""Seconds between two looks at a kernel in its watch window."""
FINISHED = frozenset({"learned", "failed", "undone"})
OVER = frozenset({"resolved", "suppressed"})
WELL = frozenset({"running", "paused"})


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A patch on its way into the files."""

    task: TaskRecord
    patch: Patch
    failure: Failure
    by: str
    watch: float


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
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks, self.clock = root, incidents, queue, hooks, clock
        self.watch_seconds, self.running_within = watch_seconds, running_within
        self.journal = Journal(root, state / "journal")
        self.known = Knowledge(state / "knowledge")
        self.waiting: dict[str, _Proposal] = {}
        """Proven patches that wait for a person, by task."""
        self._running: set[asyncio.Task[Any]] = set()
        self._answering: set[str] = set()

    # ---- HealerPort

    async def respond(self, incident_id: str, by: str) -> str:
        """Replay the proven fix of exactly this signature, else queue a task; what is under way is left alone."""
        incident = self.incidents.get(incident_id)
        if incident is None:
            raise GraceError(f"there is no incident {incident_id!r}")
        if incident.state in OVER:
            return f"{incident_id} is {incident.state}"
        mine = [task for task in self.queue.all() if task.incident_id == incident_id]
        if current := next((task for task in mine if task.state not in FINISHED), None):
            return f"{current.id} is {current.state} already"
        if incident_id in self._answering:
            return f"{incident_id} is being answered already"
        if sum(task.state != "learned" for task in mine) >= ATTEMPTS:
            return f"{ATTEMPTS} repairs failed; left to a person"
        self._answering.add(incident_id)
        try:
            return await self._owned(self._answer(incident, by))
        finally:
            self._answering.discard(incident_id)

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        """Carry a claimed task to its end, or to where it waits for a person. Never raises what the repair raised."""
        return await self._owned(self._work(task, by))

    def knowledge(self) -> Sequence[Mapping[str, object]]:
        """Every remembered fix that can be read, last used first."""
        return [as_view(fix) for fix in self.known.all()[0]]

    # ---- what a person decides

    async def approve(self, task_id: str, by: str) -> TaskRecord:
        """Apply a proven patch that waited for a person.

        Raises:
            GraceError: no patch of that task waits.
        """
        proposal = self._taken(task_id)
        self._audit("repair.approved", proposal, by)
        return await self._owned(self._carry_out(proposal))

    async def reject(self, task_id: str, by: str) -> TaskRecord:
        """Drop a proven patch that waited for a person.

        Raises:
            GraceError: no patch of that task waits.
        """
        proposal = self._taken(task_id)
        self._audit("repair.rejected", proposal, by)
        return self._end(proposal.task, "failed", f"rejected by {by}", by)

    def forget(self, signature: str) -> bool:
        """Remove a remembered fix; False where there was none."""
        return self.known.forget(signature)

    # ---- the life of the healer

    def recover(self) -> tuple[Recovered, ...]:
        """Once, before the kernels start: end what a killed room left half done. An unwatched patch is taken back."""
        sweep_trials()
        recovered = list(self.journal.recover())
        for task in self.queue.all():
            if task.state in FINISHED:
                continue
            try:
                if self.journal.get(task.id).state == "applied":
                    self.journal.undo(task.id)
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
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _owned(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` as the healer's own: it goes on when the caller is cancelled, until `close`."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        """The caller gets what was raised; where it has gone, the log has it."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.hooks.audit({"actor": "healer", "action": "healer.raised", "resource": "", "result": repr(error)})

    # ---- answering

    async def _answer(self, incident: IncidentRecord, by: str) -> str:
        failure = self.incidents.failure(incident.id)
        fix = self.known.find(incident.signature)
        if isinstance(fix, Unreadable):
            self.hooks.audit(
                {"actor": "healer", "action": "knowledge.unreadable", "resource": str(fix.path), "result": fix.reason}
            )
        why = "no fix is known for this signature"
        if isinstance(fix, KnownFix):
            patch = replayed(fix, self.root)
            why = patch.reason if isinstance(patch, Refused) else f"its fix failed too often ({fix.failures} times)"
            if isinstance(patch, Patch) and fix.trusted:
                task = await self._replay(incident, failure, fix, patch, by)
                if task.state not in ("failed", "undone"):
                    return f"replayed the known fix: {fix.summary}; {task.state}"
                why = f"the known fix did not hold: {task.detail}"
        return self._queue(incident, failure, why, by)

    def _queue(self, incident: IncidentRecord, failure: Failure, why: str, by: str) -> str:
        task = self.queue.add(incident, failure, priority=PRIORITY, title=incident.title)
        self.incidents.note(incident.id, task_id=task.id, action=f"queued as {task.id}", by=by)
        self.hooks.publish(TaskQueued(task.id, incident.id, task.priority))
        alternatives = ("wait for a person", "restart only")
        self._decide(by, "queue a repair", incident.kernel, why, alternatives, self._record_so_far())
        return f"queued {task.id} at priority {task.priority}: {why}"

    async def _replay(
        self, incident: IncidentRecord, failure: Failure, fix: KnownFix, patch: Patch, by: str
    ) -> TaskRecord:
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
        self._decide(by, "replay a known fix", patch.site.provider, rationale, ("analyse anew",), fix.confidence)
        return await self._guarded(task, by, self._try_known(task, failure, patch, by))

    async def _try_known(self, task: TaskRecord, failure: Failure, patch: Patch, by: str) -> TaskRecord:
        self._move(task, "in_repair", f"replaying the known fix: {patch.summary}", by)
        verdicts = await check_known(patch, failure, self.root)
        task = self._change(task, "gating", patch.summary, gates=verdicts)
        if failed := next((verdict for verdict in verdicts if verdict.state == "failed"), None):
            self.known.outcome(task.signature, success=False)
            return self._end(task, "failed", f"gate {failed.name}: {failed.detail}", by)
        return await self._with_leave(_Proposal(task, patch, failure, by, 0.0))

    # ---- working

    async def _work(self, task: TaskRecord, by: str) -> TaskRecord:
        return await self._guarded(task, by, self._repair(task, by))

    async def _guarded(self, task: TaskRecord, by: str, work: Coroutine[Any, Any, TaskRecord]) -> TaskRecord:
        """The crash boundary of a repair: whatever goes wrong ends the task, and leaves the room as it was."""
        try:
            return await work
        except asyncio.CancelledError:
            self._take_back(task.id)
            raise
        except Exception as error:
            detail = str(error) if isinstance(error, GraceError | FileMoved) else f"{type(error).__name__}: {error}"
            current = self.queue.get(task.id)
            if current is None or current.state in FINISHED or current.token != task.token:
                self.hooks.audit({"actor": "healer", "action": "repair.lost", "resource": task.id, "result": detail})
                return current or task
            self._take_back(task.id)
            return self._end(current, "failed", detail, by)

    async def _repair(self, task: TaskRecord, by: str) -> TaskRecord:
        incident = self.incidents.get(task.incident_id)
        if incident is None or incident.state in OVER:
            return self._end(task, "failed", f"{task.incident_id} is over; there is nothing left to repair", by)
        failure = self.queue.failure(task.id)
        self._move(task, "in_repair", "the repair began", by)
        outcome = await repair(failure, self.root, on_progress=lambda progress: self._show(task, progress))
        if isinstance(outcome, Unrepaired):
            return self._end(task, "failed", outcome.reason, by)
        current = self.queue.get(task.id) or task
        return await self._with_leave(_Proposal(current, outcome.patch, failure, by, self.watch_seconds))

    def _show(self, task: TaskRecord, progress: Progress) -> None:
        if progress.provider and progress.state == "trying":
            self.incidents.note(task.incident_id, provider=progress.provider, action=progress.detail, by=task.worker)
        self._change(
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

    async def _with_leave(self, proposal: _Proposal) -> TaskRecord:
        verdict = await self.hooks.allow(proposal.task, proposal.patch)
        if verdict.allowed:
            return await self._apply(proposal, verdict.reason)
        self.waiting[proposal.task.id] = proposal
        self.incidents.note(proposal.task.incident_id, action=f"waits for approval: {verdict.reason}", by=proposal.by)
        return self._change(proposal.task, "waiting_for_approval", verdict.reason)

    async def _carry_out(self, proposal: _Proposal) -> TaskRecord:
        return await self._guarded(proposal.task, proposal.by, self._apply(proposal, "approved by a person"))

    async def _apply(self, proposal: _Proposal, leave: str) -> TaskRecord:
        task, patch, by = proposal.task, proposal.patch, proposal.by
        proven = self.clock.time() - (task.started_at or task.queued_at)
        task = self._change(task, "applying", patch.summary, repair_seconds=proven, title=patch.summary)
        rationale = f"{patch.summary}; {leave}"
        self._decide(by, "apply a patch", ", ".join(patch.files), rationale, ("leave it broken",), _passed(task))
        provider = kernel_of(patch.site.provider)
        radius = [task.kernel, *([provider] if self.hooks.kernel_state(provider) == "running" else [])]
        await self.hooks.before_apply(task, patch)
        began = self.clock.time()
        await asyncio.to_thread(self.journal.apply, task.id, patch.edits)
        self._audit("repair.applied", proposal, by)
        task = self._change(task, "watching", f"waiting for {task.kernel} to run")
        if trouble := await self._trouble(proposal, list(dict.fromkeys(radius)), began):
            return await self._undo(proposal, trouble)
        return self._learn(proposal)

    async def _trouble(self, proposal: _Proposal, radius: Sequence[str], began: float) -> str:
        """What speaks against the patch in its watch window; empty where nothing does."""
        for kernel in radius:
            if not await self.hooks.running(kernel, self.running_within):
                return f"{kernel} was not running within {self.running_within:g} s"
        if proposal.watch:
            self._change(proposal.task, "watching", f"{proposal.task.kernel} runs; watched for {proposal.watch:g} s")
        until = self.clock.monotonic() + proposal.watch
        while True:
            for kernel in radius:
                if (state := self.hooks.kernel_state(kernel)) not in WELL:
                    return f"{kernel} did not stay running: {state}"
            if broke := self._broke(proposal, radius, began):
                return f"a new incident in what the patch touches: {broke.title}"
            if self.clock.monotonic() >= until:
                return ""
            await self.clock.sleep(GLANCE)

    def _broke(self, proposal: _Proposal, radius: Sequence[str], began: float) -> IncidentRecord | None:
        """An incident that was opened since, in the kernels the patch touches or at the provider it changed."""
        for incident in self.incidents.all():
            near = incident.kernel in radius or incident.provider == proposal.patch.site.provider
            fresh = incident.opened_at > began and incident.id != proposal.task.incident_id
            if near and fresh and incident.state in ("open", "reopened") and incident.phase != "trigger":
                return incident
        return None

    def _learn(self, proposal: _Proposal) -> TaskRecord:
        task, patch = proposal.task, proposal.patch
        if task.known:
            fix = self.known.outcome(task.signature, success=True)
        else:
            fix = self.known.learn(task.signature, proposal.failure, patch)
        self._audit("repair.learned", proposal, proposal.by)
        confidence = f"; confidence {fix.confidence:.2f}" if fix else ""
        return self._end(task, "learned", f"{patch.summary}{confidence}", proposal.by)

    async def _undo(self, proposal: _Proposal, trouble: str) -> TaskRecord:
        task, by = proposal.task, proposal.by
        detail = f"undone: {trouble}"
        self._decide(by, "undo a patch", ", ".join(proposal.patch.files), trouble, ("keep watching",), 1.0)
        if task.known:
            self.known.outcome(task.signature, success=False)
        try:
            await asyncio.to_thread(self.journal.undo, task.id)
        except UndoRefused as refused:
            detail = f"{trouble}; {refused}"
        self._audit("repair.undone", proposal, by)
        return self._end(task, "undone", detail, by)

    def _take_back(self, task_id: str) -> None:
        """Undo what a repair had applied when it was stopped; a file that changed since stays, and the log says so."""
        try:
            if self.journal.get(task_id).state == "applied":
                self.journal.undo(task_id)
        except UnknownEntry:
            return
        except UndoRefused as refused:
            self.hooks.audit(
                {"actor": "healer", "action": "repair.undone", "resource": task_id, "result": str(refused)}
            )

    # ---- telling

    def _taken(self, task_id: str) -> _Proposal:
        proposal = self.waiting.pop(task_id, None)
        if proposal is None:
            raise GraceError(f"no patch of {task_id!r} waits for a decision")
        return proposal

    def _change(self, task: TaskRecord, state: TaskState, detail: str, **changes: Any) -> TaskRecord:
        changed = self.queue.update(task.id, task.token, state=state, detail=detail, **changes)
        self.hooks.publish(TaskChanged(task.id, state, detail))
        return changed

    def _end(self, task: TaskRecord, state: TaskState, detail: str, by: str) -> TaskRecord:
        task = self._change(task, state, detail)
        incident: IncidentState = "resolved" if state == "learned" else "open"
        self._move(task, incident, detail if state == "learned" else f"{task.id} {state}: {detail}", by)
        self.hooks.publish(
            TaskFinished(
                task_id=task.id,
                incident_id=task.incident_id,
                kernel=task.kernel,
                operator=task.operator,
                signature=task.signature,
                outcome=state,
                seconds=task.seconds,
                known=task.known,
            )
        )
        return task

    def _move(self, task: TaskRecord, state: IncidentState, reason: str, by: str) -> None:
        """Move the incident; one that has gone on meanwhile keeps its state, and the log says so."""
        try:
            self.incidents.move(task.incident_id, state, reason, by)
        except GraceError as refused:
            record = {"actor": "healer", "action": "incident.kept", "resource": task.incident_id}
            self.hooks.audit({**record, "result": str(refused)})

    def _decide(
        self,
        by: str,
        action: str,
        resource: str,
        rationale: str,
        alternatives: tuple[str, ...],
        confidence: float,
    ) -> None:
        """Tell of an automatic act; its risk is what is left of certainty, since every act can be taken back."""
        risk = round(1 - confidence, 4)
        self.hooks.publish(DecisionMade(by, action, resource, rationale, alternatives, round(confidence, 4), risk))

    def _record_so_far(self) -> float:
        """Mean of the Beta posterior of how repairs ended here."""
        ended = [task.state for task in self.queue.all() if task.state in FINISHED]
        return _beta(ended.count("learned"), len(ended))

    def _audit(self, action: str, proposal: _Proposal, by: str) -> None:
        self.hooks.audit(
            {
                "actor": by,
                "action": action,
                "resource": ", ".join(proposal.patch.files),
                "task": proposal.task.id,
                "incident": proposal.task.incident_id,
                "operator": proposal.patch.operator,
                "result": proposal.patch.summary,
            }
        )


def _passed(task: TaskRecord) -> float:
    """How sure the gates make us: a skipped gate proves nothing."""
    return _beta(sum(gate.state == "passed" for gate in task.gates), len(task.gates))


def _beta(successes: int, trials: int) -> float:
    return (1 + successes) / (2 + trials)
