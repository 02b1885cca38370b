"""Drives one repair from a failure to a proven patch. Changes nothing outside its temporary folder.

Called by the healer for kernels and by `grace-tui heal` for commands; both apply what is proven themselves.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.analyse import Proposal
from grace_tui.healing.repair.analyst import open_analyst
from grace_tui.healing.repair.gates import GATES, QUICK_GATES, Setting, pending, walk
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.reproduce import Outcome, Reproduction, reproduce
from grace_tui.healing.repair.tree import FileTree
from grace_tui.healing.repair.trial import TooLarge, Trial
from grace_tui.kernel.records import GateVerdict, TaskState


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repair is; the names are those of a TaskRecord."""

    state: TaskState
    detail: str = ""
    operator: str = ""
    provider: str = ""
    consumers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    diff: str = ""
    gates: tuple[GateVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """A patch that passed every gate."""

    patch: Patch
    gates: tuple[GateVerdict, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """No patch was proven; `reason` says why, to a person."""

    reason: str
    operator: str = ""
    patch: Patch | None = None
    gates: tuple[GateVerdict, ...] = ()
    seconds: float = 0.0


OnProgress = Callable[[Progress], None]


async def repair(
    failure: Failure,
    root: Path,
    *,
    on_progress: OnProgress = lambda progress: None,
    reproduction: Reproduction | None = None,
) -> Proven | Unrepaired:
    """Diagnose, propose, and try every candidate in a copy until one passes all gates."""
    began = time.perf_counter()
    wanted = reproduction or Reproduction(failure.kernel, failure.phase)
    attempt = _Attempt(failure, root, on_progress, wanted)
    try:
        outcome = await attempt.carry_out()
    except (TooLarge, OSError) as error:
        outcome = Unrepaired(f"the trial could not be set up: {error}")
    return replace(outcome, seconds=time.perf_counter() - began)


async def check_known(patch: Patch, failure: Failure, root: Path) -> tuple[GateVerdict, ...]:
    """The quick gates of a fix that was proven before, on the changed files alone."""
    trial = await asyncio.to_thread(Trial, root)
    try:
        before = await asyncio.to_thread(trial.copy_only, "before", patch.files)
        after = await asyncio.to_thread(trial.copy_only, "after", patch.files, patch.edits)
        unpatched: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        setting = Setting(
            trial.root, before, after, patch, failure, FileTree(root), Reproduction(failure.kernel), unpatched
        )
        return await walk(QUICK_GATES, setting, lambda verdicts: None)
    finally:
        await asyncio.to_thread(trial.close)


async def propose(failure: Failure, root: Path) -> Proposal:
    """Diagnose and ask the operators, in a process of its own (see `analyse`)."""
    async with open_analyst(root) as analyst:
        return await analyst.ask(failure)


@dataclass
class _Attempt:
    failure: Failure
    root: Path
    on_progress: OnProgress
    reproduction: Reproduction
    shown: Progress = field(default_factory=lambda: Progress("diagnosing"))

    async def carry_out(self) -> Proven | Unrepaired:
        trial = await asyncio.to_thread(Trial, self.root)
        try:
            async with asyncio.TaskGroup() as tasks:
                unpatched = tasks.create_task(self._reproduce(trial))
                try:
                    return await self._from_proposal(trial, unpatched)
                finally:
                    unpatched.cancel()
        except* (TooLarge, OSError) as errors:
            raise errors.exceptions[0] from None
        finally:
            await asyncio.to_thread(trial.close)

    async def _reproduce(self, trial: Trial) -> Outcome:
        """Begins with the diagnosis: the failure must show in a copy before any patch can be said to mend it."""
        before = await asyncio.to_thread(trial.copy, "before")
        callee = self.failure.callee
        return await reproduce(self.reproduction, before, callee.file if callee else "")

    async def _from_proposal(self, trial: Trial, unpatched: "asyncio.Task[Outcome]") -> Proven | Unrepaired:
        self._show("diagnosing", f"looking for the provider of {self.failure.message}")
        proposal = await propose(self.failure, self.root)
        if proposal.site is not None:
            site = proposal.site
            self.shown = replace(self.shown, provider=site.provider, consumers=site.consumers)
        if not proposal.patches:
            return Unrepaired(proposal.reason, proposal.operator)
        outcome: Proven | Unrepaired = Unrepaired("no candidate", proposal.operator)
        for number, patch in enumerate(proposal.patches):
            outcome = await self._try(trial, patch, f"after-{number}", unpatched)
            if isinstance(outcome, Proven) or not await self._is_reproduced(unpatched):
                break
        return outcome

    async def _try(
        self, trial: Trial, patch: Patch, name: str, unpatched: "asyncio.Task[Outcome]"
    ) -> Proven | Unrepaired:
        gates = pending(GATES)
        self.shown = replace(self.shown, operator=patch.operator, files=patch.files, diff=patch.diff, gates=gates)
        self._show("trying", patch.summary)
        after = await asyncio.to_thread(trial.copy, name, patch.edits)
        setting = Setting(
            self.root,
            trial.folder / "before",
            after,
            patch,
            self.failure,
            FileTree(self.root),
            self.reproduction,
            unpatched,
        )
        verdicts = await walk(GATES, setting, lambda now: self._show("gating", patch.summary, now))
        failed = next((verdict for verdict in verdicts if verdict.state == "failed"), None)
        if failed is None:
            return Proven(patch, verdicts, 0.0)
        return Unrepaired(f"gate {failed.name}: {failed.detail}", patch.operator, patch, verdicts)

    async def _is_reproduced(self, unpatched: "asyncio.Task[Outcome]") -> bool:
        return (await unpatched).shows(self.failure)

    def _show(self, state: TaskState, detail: str, gates: tuple[GateVerdict, ...] | None = None) -> None:
        self.shown = replace(self.shown, state=state, detail=detail, gates=self.shown.gates if gates is None else gates)
        self.on_progress(self.shown)
