"""Works repair tasks: from a claimed task to a patch that is applied, waits for a person, or was not found.

Owned by the healer. Whatever goes wrong in a repair ends its task and leaves the files as they were.
"""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from grace_tui.disk import FileMoved
from grace_tui.healing.applier import Applier
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.repair.queue import FINISHED
from grace_tui.healing.repair.repair import Progress, Unrepaired, repair
from grace_tui.healing.seams import Incidents, Queue, RoomHooks, Verdict
from grace_tui.healing.teller import Proposal, Teller
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import TaskRecord


class Work:
    def __init__(
        self,
        root: Path,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        teller: Teller,
        applier: Applier,
        watch_seconds: float,
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks = root, incidents, queue, hooks
        self.teller, self.applier, self.watch_seconds = teller, applier, watch_seconds
        self.waiting: dict[str, Proposal] = {}
        """Proven patches that wait for a person, by task."""
        self.under_way: dict[str, asyncio.Task[Any]] = {}
        """What works on a task at this moment, by the task's id."""

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        return await self.guarded(task, by, self._repair(task, by))

    async def guarded(self, task: TaskRecord, by: str, work: Coroutine[Any, Any, TaskRecord]) -> TaskRecord:
        """The crash boundary of a repair: whatever goes wrong ends the task, and leaves the room as it was."""
        mine = asyncio.current_task()
        if mine is not None:
            self.under_way[task.id] = mine
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
            self.under_way.pop(task.id, None)

    async def _repair(self, task: TaskRecord, by: str) -> TaskRecord:
        incident = self.incidents.get(task.incident_id)
        if incident is None or needs_nothing(incident):
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
        return await self.with_leave(Proposal(current, outcome.patch, failure, by, self.watch_seconds), outcome.ask)

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

    async def with_leave(self, proposal: Proposal, ask: str = "") -> TaskRecord:
        """Apply it where it is allowed to; `ask` says why only a person may allow it."""
        verdict = Verdict(False, ask) if ask else await self.hooks.allow(proposal.task, proposal.patch)
        if verdict.allowed:
            return await self.applier.apply(proposal, verdict.reason)
        self.waiting[proposal.task.id] = proposal
        self.incidents.note(proposal.task.incident_id, action=f"waits for approval: {verdict.reason}", by=proposal.by)
        return self.teller.change(proposal.task, "waiting_for_approval", verdict.reason)

    async def approved(self, proposal: Proposal) -> TaskRecord:
        return await self.guarded(proposal.task, proposal.by, self.applier.apply(proposal, "approved by a person"))

    def taken(self, task_id: str) -> Proposal:
        proposal = self.waiting.pop(task_id, None)
        if proposal is None:
            raise GraceError(f"no patch of {task_id!r} waits for a decision")
        return proposal
