"""Puts a proven patch into the files, watches the kernels it touches, and learns it or takes it back exactly."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from grace_tui.healing.incidents.rows import came_at
from grace_tui.healing.repair.apply import Journal, UndoRefused, UnknownEntry
from grace_tui.healing.repair.gates.impact import kernel_of
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, does_the_same
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.seams import Incidents, RoomHooks
from grace_tui.healing.teller import Proposal, Teller, beta
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, TaskRecord

GLANCE = 0.1
"""Seconds between two looks at a kernel in its watch window."""
TAKEN_BACK = "taken back"
"""How an outcome begins that was no failure of the fix, but the word of whoever took it back."""
WELL = frozenset({"running", "paused"})


class Applier:
    def __init__(
        self,
        journal: Journal,
        known: Knowledge,
        teller: Teller,
        hooks: RoomHooks,
        incidents: Incidents,
        clock: Clock,
        running_within: float,
    ) -> None:
        self.journal, self.known, self.teller, self.hooks = journal, known, teller, hooks
        self.incidents, self.clock, self.running_within = incidents, clock, running_within

    async def apply(self, proposal: Proposal, leave: str) -> TaskRecord:
        task, patch, by = proposal.task, proposal.patch, proposal.by
        proven = self.clock.time() - (task.started_at or task.queued_at)
        changes = {"repair_seconds": proven, "title": patch.summary, "policy": f"applied by {leave}"}
        task = self.teller.change(task, "applying", patch.summary, **changes)
        proposal = replace(proposal, task=task)
        rationale = f"{patch.summary}; {leave}"
        self.teller.decide(by, "apply a patch", ", ".join(patch.files), rationale, ("leave it broken",), _passed(task))
        provider = kernel_of(patch.site.provider)
        radius = [task.kernel, *([provider] if self.hooks.kernel_state(provider) == "running" else [])]
        await self.hooks.before_apply(task, patch)
        began = self.clock.time()
        self.teller.hold(task)
        await asyncio.to_thread(self.journal.apply, task.id, patch.edits)
        self.hooks.take_up(task.kernel)
        self.teller.audit("repair.applied", proposal, by)
        self.teller.move(task, "watching", f"applied: {patch.summary}", by)
        task = self.teller.change(task, "watching", f"waiting for {task.kernel} to run")
        if trouble := await self._trouble(proposal, list(dict.fromkeys(radius)), began):
            return await self._undo(proposal, trouble)
        return self._learn(proposal)

    async def _trouble(self, proposal: Proposal, radius: Sequence[str], began: float) -> str:
        """What speaks against the patch in its watch window; empty where nothing does."""
        for kernel in radius:
            if not await self.hooks.running(kernel, self.running_within):
                return f"{kernel} was not running within {self.running_within:g} s"
        if proposal.watch:
            self.teller.change(
                proposal.task, "watching", f"{proposal.task.kernel} runs; watched for {proposal.watch:g} s"
            )
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

    def _broke(self, proposal: Proposal, radius: Sequence[str], began: float) -> IncidentRecord | None:
        """An incident that began since, in the kernels the patch touches or at the provider it changed."""
        for incident in self.incidents.all():
            near = incident.kernel in radius or incident.provider == proposal.patch.site.provider
            fresh = came_at(incident) > began and incident.id != proposal.task.incident_id
            if near and fresh and incident.state in ("open", "reopened") and incident.phase != "trigger":
                return incident
        return None

    def _learn(self, proposal: Proposal) -> TaskRecord:
        task, patch = proposal.task, proposal.patch
        self.teller.hold(task)
        self.teller.audit("repair.learned", proposal, proposal.by)
        return self.teller.end(task, "learned", f"{patch.summary}; {self._remembered(proposal)}", proposal.by)

    def _remembered(self, proposal: Proposal) -> str:
        """A fix that cannot be kept is a fix all the same."""
        task, patch = proposal.task, proposal.patch
        try:
            fix = self.known.outcome(task.signature, True, patch, where=task.id) if task.known else None
            fix = fix or self.known.learn(task.signature, proposal.failure, patch, task.id)
        except (OSError, UnicodeEncodeError) as error:
            return f"it could not be remembered: {error}"
        return f"confidence {fix.confidence:.2f}"

    async def _undo(self, proposal: Proposal, trouble: str) -> TaskRecord:
        task, by = proposal.task, proposal.by
        self.teller.hold(task)
        detail = f"undone: {trouble}"
        self.teller.decide(by, "undo a patch", ", ".join(proposal.patch.files), trouble, ("keep watching",), 1.0)
        if task.known:
            self.known.outcome(task.signature, False, where=task.id, detail=trouble)
        try:
            await asyncio.to_thread(self.journal.undo, task.id)
            self.hooks.take_up(task.kernel)
        except UndoRefused as refused:
            detail = f"{trouble}; {refused}"
        self.teller.audit("repair.undone", proposal, by)
        return self.teller.end(task, "undone", detail, by)

    def taken_back(self, signature: str, patch: Patch) -> str:
        """Why a person is asked about a change that was taken back the last time; empty where it was not."""
        fix = self.known.find(signature)
        if not isinstance(fix, KnownFix) or not fix.demoted or not does_the_same(fix, patch):
            return ""
        last = fix.outcomes[-1]
        return f"the same change was {last.detail}" if last.detail.startswith(TAKEN_BACK) else ""

    def take_back(self, task_id: str) -> None:
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


def _passed(task: TaskRecord) -> float:
    """How sure the gates make us: a skipped gate proves nothing."""
    return beta(sum(gate.state == "passed" for gate in task.gates), len(task.gates))
