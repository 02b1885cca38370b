"""Drives one repair from a failure to a proven patch. Changes nothing outside its temporary folder.

Called by the healer for kernels and by `grace-tui heal` for commands; both apply what is proven themselves.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.analyst import open_analyst
from grace_tui.healing.repair.gates import GATES, QUICK_GATES, Context, Starting, judge, open_context, pending, refusal
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.questions import Proposal
from grace_tui.healing.repair.reproduce import Outcome, Reproduction, reproduce
from grace_tui.healing.repair.trial import TooLarge, open_trial
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import GateVerdict, TaskState, TriedPatch

T = TypeVar("T")

HIDDEN = (".grace", "logs")
"""A kernel on trial gets neither the state and secrets of the room nor its logs."""


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
class Tried:
    """A patch and what the gates said of it."""

    patch: Patch
    gates: tuple[GateVerdict, ...]

    @property
    def refused(self) -> str:
        """By which gate, and why; empty where none did."""
        verdict = refusal(self.gates)
        return f"gate {verdict.name}: {verdict.detail}" if verdict is not None else ""

    @property
    def record(self) -> TriedPatch:
        """For a task's record."""
        patch = self.patch
        return TriedPatch(
            patch.operator,
            patch.summary,
            patch.score,
            patch.evidence,
            patch.ask,
            self.gates,
            self.refused,
            patch.diff,
        )


@dataclass(frozen=True, slots=True)
class Proven:
    """A patch that passed every gate."""

    patch: Patch
    gates: tuple[GateVerdict, ...]
    seconds: float = 0.0
    ask: str = ""
    """Why only a person may decide; empty where policy does."""
    rivals: tuple[Tried, ...] = ()
    """Others that speak as much and passed as well."""


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """No patch was proven; `reason` says why, to a person."""

    reason: str
    operator: str = ""
    best: tuple[Tried, ...] = ()
    """The two that came furthest."""
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
    async with open_context(root, hidden=HIDDEN) as context, open_trial(root, hidden=HIDDEN) as trial:
        context.failure = failure
        trial.write(patch.edits)
        return await judge(trial, patch, context, gates=QUICK_GATES)


async def try_alone(
    patch: Patch,
    failure: Failure,
    root: Path,
    *,
    on_progress: OnProgress = lambda progress: None,
    reproduction: Reproduction | None = None,
) -> Tried:
    """Every gate for one patch: a person edited it, or it was proven on another text or on another machine.

    Raises:
        GraceError: there is no way to try it.
    """
    attempt = _Attempt(failure, root, on_progress, reproduction or Reproduction(failure.kernel, failure.phase))
    attempt.shown = replace(attempt.shown, provider=patch.site.provider, consumers=patch.site.consumers)
    try:
        return await attempt.prepared(lambda context, unpatched: attempt.try_one(context, patch))
    except (TooLarge, OSError) as error:
        raise GraceError(f"the trial could not be set up: {error}") from error


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
        return await self.prepared(self._from_proposal)

    async def prepared(self, work: "Callable[[Context, asyncio.Task[Outcome]], Awaitable[T]]") -> T:
        """Do `work` while the failure is reproduced without any patch, which the replay gate compares with."""
        try:
            async with open_context(self.root, hidden=HIDDEN) as context, asyncio.TaskGroup() as tasks:
                unpatched = tasks.create_task(self._reproduce(context))
                try:
                    starting = Starting(self.failure, self.reproduction, unpatched)
                    context.failure, context.replay, context.canary = self.failure, starting.replay, starting.canary
                    return await work(context, unpatched)
                finally:
                    unpatched.cancel()
        except* (TooLarge, OSError) as errors:
            raise errors.exceptions[0] from None

    async def _reproduce(self, context: Context) -> Outcome:
        """Begins with the diagnosis: the failure must show on trial before any patch can be said to mend it."""
        callee = self.failure.callee
        return await reproduce(self.reproduction, context.before, callee.file if callee else "")

    async def _from_proposal(self, context: Context, unpatched: "asyncio.Task[Outcome]") -> Proven | Unrepaired:
        self._show("diagnosing", f"looking for the provider of {self.failure.message}")
        proposal = await propose(self.failure, self.root)
        if proposal.site is not None:
            site = proposal.site
            self.shown = replace(self.shown, provider=site.provider, consumers=site.consumers)
        if not proposal.patches:
            return Unrepaired(proposal.reason, proposal.operator)
        tried: list[Tried] = []
        for number, patch in enumerate(proposal.patches):
            tried.append(await self.try_one(context, patch))
            if not tried[-1].refused:
                return await self._unless_others_do(context, tried[-1], proposal.patches[number + 1 :])
            if not (await unpatched).shows(self.failure):
                break
        return _unrepaired(tried)

    async def _unless_others_do(self, context: Context, first: Tried, others: Sequence[Patch]) -> Proven:
        """The first that passed is the repair; of several that speak as much, only where it alone passes."""
        patch = first.patch
        if not patch.ambiguous or patch.ask:
            return Proven(patch, first.gates, ask=patch.ask)
        rivals = [
            await self.try_one(context, other) for other in others if other.ambiguous and other.score >= patch.score
        ]
        passed = tuple(rival for rival in rivals if not rival.refused)
        self._shown_of(patch, first.gates)
        self._show("gating", patch.summary)
        also = f"{passed[0].patch.summary} speaks for itself as much, and passes as well" if passed else ""
        return Proven(patch, first.gates, ask=also, rivals=passed)

    async def try_one(self, context: Context, patch: Patch) -> Tried:
        self._shown_of(patch, pending(GATES))
        self._show("trying", patch.summary)
        async with open_trial(self.root, hidden=HIDDEN) as trial:
            trial.write(patch.edits)
            verdicts = await judge(trial, patch, context, report=lambda now: self._show("gating", patch.summary, now))
        return Tried(patch, verdicts)

    def _shown_of(self, patch: Patch, gates: tuple[GateVerdict, ...]) -> None:
        self.shown = replace(self.shown, operator=patch.operator, files=patch.files, diff=patch.diff, gates=gates)

    def _show(self, state: TaskState, detail: str, gates: tuple[GateVerdict, ...] | None = None) -> None:
        self.shown = replace(self.shown, state=state, detail=detail, gates=self.shown.gates if gates is None else gates)
        self.on_progress(self.shown)


def _unrepaired(tried: Sequence[Tried]) -> Unrepaired:
    """Told by the candidate that came furthest; the next best is named beside it."""

    def passed(entry: Tried) -> int:
        return sum(verdict.state == "passed" for verdict in entry.gates)

    best = tuple(sorted(tried, key=lambda entry: -passed(entry))[:2])
    reason = best[0].refused
    if len(best) > 1:
        reason += f"; {best[1].patch.summary}: {best[1].refused}"
    return Unrepaired(reason, best[0].patch.operator, best)
