"""Works repair tasks: from a claimed task to a patch that is applied, waits for a person, or was not found.

Owned by the healer. Whatever goes wrong in a repair ends its task and leaves the files as they were. While a task is
worked its lease is renewed; one that was taken away all the same is let go of, and none of its files are touched.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from grace_tui.disk import FileMoved
from grace_tui.healing.applier import Applier
from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.queue import FINISHED, LEASE, StaleToken, UnknownTask
from grace_tui.healing.repair.repair import Progress, Proven, Tried, Unrepaired, repair, try_alone
from grace_tui.healing.seams import Incidents, Queue, RoomHooks
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
        self.clock = applier.clock
        self.under_way: dict[str, asyncio.Task[Any]] = {}
        """What works on a task at this moment, by the task's id."""

    async def work(self, task: TaskRecord, by: str) -> TaskRecord:
        return await self.guarded(task, by, self._repair(task, by))

    async def guarded(self, task: TaskRecord, by: str, work: Coroutine[Any, Any, TaskRecord]) -> TaskRecord:
        """The crash boundary of a repair: whatever goes wrong ends the task, and leaves the room as it was."""
        mine = asyncio.current_task()
        assert mine is not None
        self.under_way[task.id] = mine
        renewing = asyncio.create_task(self._renew(task, mine))
        try:
            return await work
        except asyncio.CancelledError:
            if self._holds(task):
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
            renewing.cancel()
            self.under_way.pop(task.id, None)

    async def _renew(self, task: TaskRecord, working: "asyncio.Task[Any]") -> None:
        """Keep the lease; where another has the task by now, end the work on it."""
        while True:
            await self.clock.sleep(LEASE / 3)
            try:
                self.queue.renew(task.id, task.token)
            except (StaleToken, UnknownTask) as lost:
                self.hooks.audit({"actor": "healer", "action": "repair.lost", "resource": task.id, "result": str(lost)})
                working.cancel()
                return
            except GraceError:  # the store is busy: the next turn comes before the lease ends
                continue

    def _holds(self, task: TaskRecord) -> bool:
        current = self.queue.get(task.id)
        return current is not None and current.token == task.token

    async def _repair(self, task: TaskRecord, by: str) -> TaskRecord:
        incident = self.incidents.get(task.incident_id)
        if incident is None or needs_nothing(incident):
            return self.teller.end(task, "failed", f"{task.incident_id} is over; there is nothing left to repair", by)
        # What an earlier holder put in and did not see through was never proven.
        await asyncio.to_thread(self.applier.take_back, task.id)
        failure = self.queue.failure(task.id)
        self.teller.move(task, "in_repair", "the repair began", by)
        outcome = await repair(
            failure,
            self.root,
            on_progress=lambda progress: self._show(task, progress),
            reproduction=self.hooks.reproduction(failure),
        )
        if isinstance(outcome, Unrepaired):
            told = tuple(tried.record for tried in outcome.best)
            self.queue.update(task.id, task.token, candidates=told)
            return self.teller.end(task, "failed", outcome.reason, by)
        return await self._proven(task, outcome, failure, by)

    async def _proven(self, task: TaskRecord, outcome: Proven, failure: Failure, by: str) -> TaskRecord:
        patch = outcome.patch
        if outcome.rivals:
            told = tuple(tried.record for tried in (Tried(patch, outcome.gates), *outcome.rivals[:1]))
            self.queue.update(task.id, task.token, candidates=told)
        current = self.queue.get(task.id) or task
        ask = outcome.ask or self.applier.taken_back(task.signature, patch)
        proposal = Proposal(current, replace(patch, ask=ask), failure, by, self.watch_seconds)
        return await self.with_leave(proposal)

    async def gate(self, task: TaskRecord, patch: Patch, failure: Failure) -> Tried:
        """Every gate for one patch that no analysis has just proposed."""
        return await try_alone(
            patch,
            failure,
            self.root,
            on_progress=lambda progress: self._show(task, progress),
            reproduction=self.hooks.reproduction(failure),
        )

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

    # ---- leave

    async def with_leave(self, proposal: Proposal) -> TaskRecord:
        """Apply it where it is allowed to, and ask a person where only one may allow it."""
        verdict = await self.hooks.allow(proposal.task, proposal.patch)
        if verdict.allowed:
            return await self.applier.apply(proposal, verdict.reason)
        if verdict.refused:
            self.queue.update(proposal.task.id, proposal.task.token, policy=f"refused by {verdict.reason}")
            return self.teller.end(proposal.task, "failed", verdict.reason, proposal.by)
        self.incidents.note(proposal.task.incident_id, action=f"waits for approval: {verdict.reason}", by=proposal.by)
        return self.wait(proposal, verdict.reason, policy=f"a person was asked by {verdict.reason}")

    def wait(self, proposal: Proposal, why: str, **changes: Any) -> TaskRecord:
        """Leave a proven patch to a person; it is kept on disk, so that it waits as long as it takes."""
        task = proposal.task
        self.queue.keep_patch(task.id, task.token, proposal.patch)
        return self.teller.change(task, "waiting_for_approval", why, **changes)

    def taken(self, task_id: str, by: str) -> Proposal:
        """Take the patch of a task that waits.

        Raises:
            GraceError: none waits, for instance because somebody decided already.
        """
        task = self.queue.get(task_id)
        if task is None or task.state != "waiting_for_approval":
            state = f": it is {task.state.replace('_', ' ')}" if task else ""
            raise GraceError(f"no patch of {task_id!r} waits for a decision{state}")
        patch = self.queue.patch(task_id)
        if patch is None:
            raise GraceError(f"the patch of {task_id!r} is not kept; `grace-tui task retry {task_id}` makes it anew")
        task = self.queue.take(task_id, by, "gating", ("waiting_for_approval",))
        watch = 0.0 if task.known else self.watch_seconds
        return Proposal(task, patch, self.queue.failure(task_id), by, watch)

    async def approved(self, proposal: Proposal) -> TaskRecord:
        leave = f"{proposal.by}, who approved it"
        return await self.guarded(proposal.task, proposal.by, self.applier.apply(proposal, leave))
