"""What a person decides about a repair: approve, reject, edit, retry, undo. Owned by the healer."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from grace_tui.healing.answering.answers import Answers
from grace_tui.healing.code_acts import CodeActs
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.repair.knowledge import reader
from grace_tui.healing.repair.patch import Patch, Site
from grace_tui.healing.repair.queue import UnknownTask, WrongState
from grace_tui.healing.repair.unified import edits_of
from grace_tui.healing.seams import Incidents, Queue, RoomHooks
from grace_tui.healing.teller import Proposal, Teller
from grace_tui.healing.work import Work
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import TaskQueued
from grace_tui.kernel.records import TaskRecord

EDITED = "edited"
"""The operator of a patch that a person wrote."""

Owned = Callable[[Coroutine[Any, Any, TaskRecord]], Awaitable[TaskRecord]]
"""Carries work on when its caller goes away."""


class Decisions:
    def __init__(
        self,
        root: Path,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        teller: Teller,
        work: Work,
        code: CodeActs,
        answers: Answers,
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks = root, incidents, queue, hooks
        self.teller, self.work, self.code, self.answers = teller, work, code, answers

    async def approve(self, task_id: str, by: str, owned: Owned) -> TaskRecord:
        proposal = self.work.taken(task_id, by)
        self.teller.audit("repair.approved", proposal, by)
        return await owned(self.work.approved(proposal))

    async def reject(self, task_id: str, by: str) -> TaskRecord:
        proposal = self.work.taken(task_id, by)
        self.teller.audit("repair.rejected", proposal, by)
        task = self.teller.end(proposal.task, "failed", f"rejected by {by}", by)
        incident = self.incidents.get(task.incident_id)
        if incident is not None and not needs_nothing(incident):
            self.answers.leave(incident, f"{task_id} was rejected by {by}", by)
        return task

    async def edit(self, task_id: str, diff: str, by: str, owned: Owned) -> TaskRecord:
        """Put a person's diff through every gate; it waits for approval then. One that fails changes nothing.

        Raises:
            GraceError: the diff does not apply (with the line), or the task is neither waiting nor failed.
        """
        task = self._known(task_id)
        if task.state not in ("waiting_for_approval", "failed"):
            raise WrongState(task_id, task.state, "waiting for approval or failed")
        self._check_open(task)
        edits = await asyncio.to_thread(edits_of, diff, reader(self.root))
        former = self.queue.patch(task_id) if task.state == "waiting_for_approval" else None
        site = former.site if former else Site(EDITED, task.provider or edits[0].path, "", "", "", task.consumers)
        patch = Patch(EDITED, site, f"{task.title} (edited by {by})", edits, evidence=(f"{by} wrote it",))
        taken = self.queue.take(task_id, by, "gating", ("waiting_for_approval", "failed"))
        self.teller.audit("repair.edited", self._proposal(taken, patch, by), by)
        return await owned(self.work.guarded(taken, by, self._gate(taken, task, patch, former, by)))

    async def _gate(
        self, taken: TaskRecord, was: TaskRecord, patch: Patch, former: Patch | None, by: str
    ) -> TaskRecord:
        tried = await self.work.gate(taken, patch, self.queue.failure(taken.id))
        current = self.queue.get(taken.id) or taken
        if not tried.refused:
            asked = replace(patch, ask=f"{by} wrote it")
            told = f"the diff that {by} edited passed every gate; approve it to have it applied"
            proposal = self._proposal(current, asked, by)
            return self.work.wait(proposal, told, known=False, candidates=(), policy=f"a person was asked by {by}")
        if former is None:
            self.queue.update(taken.id, taken.token, candidates=(tried.record, *was.candidates[:1]))
            return self.teller.end(current, "failed", f"the diff that {by} edited: {tried.refused}", by)
        told = f"the diff that {by} edited was refused, {tried.refused}; the one before still waits"
        kept = {"operator": was.operator, "files": was.files, "diff": was.diff, "gates": was.gates}
        changes = {**kept, "candidates": (tried.record,), "policy": was.policy}
        return self.work.wait(self._proposal(current, former, by), told, **changes)

    def retry(self, task_id: str, by: str) -> TaskRecord:
        """Queue a failed or undone repair once more; what was done before counts against no budget.

        Raises:
            GraceError: it is in another state, or its incident is over or has another task.
        """
        self._check_open(self._known(task_id))
        task = self.queue.retry(task_id, f"retried by {by}")
        self.answers.release(task.incident_id, by, f"{task_id} is retried")
        self.incidents.note(task.incident_id, task_id=task_id, action=f"queued again as {task_id}", by=by)
        self.hooks.audit({"actor": by, "action": "repair.retried", "resource": task_id, "incident": task.incident_id})
        self.hooks.publish(TaskQueued(task_id, task.incident_id, task.priority))
        return task

    async def undo(self, task_id: str, by: str, reason: str) -> TaskRecord:
        """Take a learned repair back, exactly.

        Raises:
            GraceError: it is not learned, or a file changed since; every file stays as it is.
        """
        await self.code.take_back(task_id, reason or "a person decided so", by)
        return self._known(task_id)

    def _known(self, task_id: str) -> TaskRecord:
        task = self.queue.get(task_id)
        if task is None:
            raise UnknownTask(task_id)
        return task

    def _check_open(self, task: TaskRecord) -> None:
        incident = self.incidents.get(task.incident_id)
        if incident is None or needs_nothing(incident):
            state = incident.state if incident else "not kept any more"
            raise GraceError(
                f"{task.incident_id} is {state}; there is nothing to repair (`incident reopen` changes that)"
            )

    def _proposal(self, task: TaskRecord, patch: Patch, by: str) -> Proposal:
        return Proposal(task, patch, self.queue.failure(task.id), by, self.work.watch_seconds)
