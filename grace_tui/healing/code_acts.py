"""What answers do to code: queue a coding task, replay a known fix, take a repair back.

The `Repairs` of `Answers`, owned by the healer.
"""

import asyncio
from pathlib import Path

from grace_tui.healing.answering.gather import Replay
from grace_tui.healing.applier import TAKEN_BACK
from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.apply import Journal
from grace_tui.healing.repair.knowledge import Knowledge, Recalled, Unreadable
from grace_tui.healing.repair.queue import FINISHED
from grace_tui.healing.repair.repair import Tried, check_known
from grace_tui.healing.seams import Incidents, Queue, RoomHooks
from grace_tui.healing.teller import Proposal, Teller, beta
from grace_tui.healing.work import Work
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import TaskQueued
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, TaskRecord

PRIORITY = 10


class CodeActs:
    def __init__(
        self,
        root: Path,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        clock: Clock,
        teller: Teller,
        known: Knowledge,
        journal: Journal,
        work: Work,
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks, self.clock = root, incidents, queue, hooks, clock
        self.teller, self.known, self.journal, self.work = teller, known, journal, work

    def queue_task(
        self,
        incident: IncidentRecord,
        failure: Failure,
        why: str,
        by: str,
        refused: tuple[str, ...],
        *,
        priority: int = PRIORITY,
    ) -> str:
        task = self.queue.add(incident, failure, priority=priority, title=incident.title)
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
        if task.state != "learned":
            raise GraceError(f"{task_id} is {task.state.replace('_', ' ')}; only a task that is learned can be undone")
        await asyncio.to_thread(self.journal.undo, task_id)
        self.known.outcome(task.signature, False, where=task_id, detail=f"{TAKEN_BACK} by {by}: {why}")
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

    async def replay(self, incident: IncidentRecord, failure: Failure, replay: Replay, by: str) -> TaskRecord:
        fix, patch = replay.fix, replay.recalled.patch
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
        return await self.work.guarded(task, by, self._try_known(task, failure, replay.recalled, by))

    async def _try_known(self, task: TaskRecord, failure: Failure, recalled: Recalled, by: str) -> TaskRecord:
        """Through the quick gates where every text is what it was proven on; through all of them anywhere else."""
        patch = recalled.patch
        self.teller.move(task, "in_repair", f"replaying the known fix: {patch.summary}", by)
        if recalled.exact:
            tried = Tried(patch, await check_known(patch, failure, self.root))
        else:
            tried = await self.work.gate(task, patch, failure)
        task = self.teller.change(task, "gating", patch.summary, gates=tried.gates)
        if tried.refused:
            self.known.outcome(task.signature, False, where=task.id, detail=tried.refused)
            return self.teller.end(task, "failed", tried.refused, by)
        watch = 0.0 if recalled.exact else self.work.watch_seconds
        return await self.work.with_leave(Proposal(task, patch, failure, by, watch))

    def _record_so_far(self) -> float:
        """Mean of the Beta posterior of how repairs ended here."""
        ended = [task.state for task in self.queue.all() if task.state in FINISHED]
        return beta(ended.count("learned"), len(ended))
