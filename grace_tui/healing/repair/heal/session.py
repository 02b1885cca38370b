"""One heal of one command: run it, find the root of its failure, stack repairs in a trial until it succeeds there,
apply them as one transaction, run it for real, learn. Else every file is as it was before.

Called by `grace-tui heal`. Only `_for_real` touches a real file, through the journal; all else happens in the trial.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from grace_tui.healing.repair.analyst import Analyst, open_analyst
from grace_tui.healing.repair.apply import UndoRefused
from grace_tui.healing.repair.heal import judging
from grace_tui.healing.repair.heal.bench import Bench, open_bench
from grace_tui.healing.repair.heal.evidence import collected, hooked
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.ledger import Heal, Ledger
from grace_tui.healing.repair.heal.memory import Memory
from grace_tui.healing.repair.heal.progress import Better, Cause, compare
from grace_tui.healing.repair.heal.real import RealRun, evidence_folder
from grace_tui.healing.repair.heal.report import Attempt, Report
from grace_tui.healing.repair.heal.seen import Group, Run, groups
from grace_tui.healing.repair.heal.stack import Outdated, Stack, diff_of
from grace_tui.healing.repair.heal.telling import Say, gates_line
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.scene import Allowed
from grace_tui.healing.repair.tree import FileTree
from grace_tui.healing.repair.trial import TooLarge
from grace_tui.kernel.records import GateVerdict
from grace_tui.kernel.spelling import plural

BRIEF = 20.0
"""Seconds up to which the command is run once more in a trial, beside the analysis, to see that it fails there too."""
GROUPS = 20
"""Causes of one run that are looked at before a heal gives up."""
SURVIVES = 15.0
"""Seconds after which a program that did not fail and did not end is taken for one that goes on, such as a server."""

Ask = Callable[[str, Sequence[Patch]], int | None]
"""Ask a person to choose; None is none of them, or nobody there to be asked."""


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    argv: tuple[str, ...]
    root: Path
    folder: Path
    """Where the command runs."""
    dry_run: bool = False
    keep_partial: bool = False
    allowed: Allowed = field(default_factory=Allowed)
    steps: int = 60
    seconds: float = 600.0
    """From the first failure on."""
    all_to_stderr: bool = False


@dataclass(frozen=True)
class Tried:
    """A candidate that was tried."""

    patch: Patch
    gates: tuple[GateVerdict, ...]
    after: Run | None
    better: Better


@dataclass(frozen=True)
class Step:
    group: Group
    patch: Patch
    before: Run
    after: Run
    rest: tuple[Patch, ...]
    """Candidates that were not tried."""
    stack: Stack
    """Before this step."""
    known: bool = False


class Session:
    def __init__(self, wanted: Wanted, home: Home, ledger: Ledger, say: Say, ask: Ask | None = None) -> None:
        self.wanted, self.home, self.ledger, self.say, self.ask = wanted, home, ledger, say, ask
        self.report = Report(wanted.argv, str(wanted.root), dry_run=wanted.dry_run)
        self.memory = Memory(home)
        self.steps: list[Step] = []
        self.stack = Stack(wanted.root)
        self.met: set[Cause] = set()
        self.tree = FileTree(wanted.root)
        self._resources = AsyncExitStack()
        self._bench: Bench | None = None
        self._analyst: Analyst | None = None
        self._baseline: asyncio.Task[Run] | None = None
        self._until = 0.0
        self._began = time.monotonic()
        self._first_seconds = 0.0

    async def heal(self) -> Report:
        try:
            async with self._resources:
                await self._heal()
        except (TooLarge, OSError) as error:
            self._give_up(f"the trial could not be set up: {error}")
        finally:
            self.report.seconds = round(time.monotonic() - self._began, 3)
            if self._bench is not None:
                self.report.isolation = self._bench.isolation
        return self.report

    async def _heal(self) -> None:
        run = await self._run_real()
        self._until = time.monotonic() + self.wanted.seconds
        if run.ok:
            self._healed(run, "nothing to heal: the command succeeded")
            return
        if not run.failures:
            again = await self._second_look(run)
            if again is None:
                return
            run = again
        self.say(f"the command failed: {groups(run)[0].seen.text}")
        try:
            await self._step_by_step(run)
        finally:
            if self._baseline is not None:
                self._baseline.cancel()

    async def _second_look(self, run: Run) -> Run | None:
        """Some Pythons load no hook, and print to stdout, which passes through: in a trial that can be read."""
        again = await self._try_run(self.stack)
        if again.failures:
            return replace(again, real=False)
        also = "" if again.exit_code == run.exit_code else f"; in a trial with {again.exit_code}"
        self._give_up(
            f"the command ended with exit code {run.exit_code}{also}, and no Python failure was seen: {again.said}"
        )
        return None

    async def _step_by_step(self, run: Run) -> None:
        while True:
            if run.ok and run.real:
                self._healed(run, "")
                return
            if run.ok or run.goes_on:
                if self.wanted.dry_run:
                    self._would_heal()
                    return
                failed = run
                run = await self._for_real(goes_on=run.goes_on)
                if not run.ok and not self._learned_more(failed, run):
                    return
                continue
            step = await self._advance(run) or await self._another_way()
            if step is None:
                await self._end_unhealed()
                return
            run = step.after

    def _learned_more(self, trial: Run, real: Run) -> bool:
        """After a run that failed for real though it succeeded in the trial: is there anything to go on with?"""
        if not real.failures or self.steps[-1].group.seen.cause in real.causes:
            self._give_up(
                f"with the repair the command succeeded in a trial, but for real it ended with exit code "
                f"{real.exit_code}: {groups(real)[0].seen.text if real.failures else real.said}"
            )
            return False
        return True

    # ---- one step

    async def _advance(self, run: Run) -> Step | None:
        """The first repair of any cause of this run that makes progress."""
        for group in groups(run)[:GROUPS]:
            if self._over():
                return None
            step = await self._known(run, group) or await self._new(run, group)
            if step is not None:
                return self._taken(step)
        return None

    async def _another_way(self) -> Step | None:
        """A step that led nowhere is taken back, and its other candidates are tried."""
        while self.steps and not self._over():
            last = self.steps.pop()
            self.stack = last.stack
            self.met.discard(last.group.seen.cause)
            if last.rest:
                self.say(f"that led nowhere; another candidate for {last.group.seen.text}")
                if (step := await self._choose(last.before, last.group, last.rest)) is not None:
                    return self._taken(step)
        return None

    def _taken(self, step: Step) -> Step:
        self.steps.append(step)
        self.met.add(step.group.seen.cause)
        self.stack = step.stack.plus(step.patch)
        return step

    async def _known(self, run: Run, group: Group) -> Step | None:
        """Replay what was proven for this failure on these very texts: for real at once, where it is the first step."""
        patch = self.memory.find(group.seen, self.stack)
        if patch is None:
            return None
        began = time.monotonic()
        self.say(f"known: {patch.summary}")
        gates = judging.quick(patch, self.tree)
        step = Step(group, patch, run, run, (), self.stack, known=True)
        after: Run | None = None
        if gates[-1].state == "failed":
            better = Better(False, f"gate {gates[-1].name}: {gates[-1].detail}")
        elif self.steps or self.wanted.dry_run or not run.real:
            after = await self._try_run(self.stack.plus(patch))
            better = self._compare(run, after, group, patch)
        else:
            self._taken(step)
            after = await self._for_real()
            self.steps.pop()
            self.met.discard(group.seen.cause)
            self.stack = step.stack
            better = self._compare(run, after, group, patch)
        self._attempt(group, Tried(patch, gates, after, better), began, known=True)
        if after is None or not better.ok:
            self.memory.failed(group.seen)
            return None
        return replace(step, after=after)

    async def _new(self, run: Run, group: Group) -> Step | None:
        began = time.monotonic()
        self._begin_baseline(run)
        analyst = await self._open_analyst()
        proposal = await analyst.ask(group.seen.failure, self.stack.edits)
        if proposal.site is not None:
            self.say(f"the provider is {proposal.site.provider} ({proposal.site.problem.replace('_', ' ')})")
        if not proposal.patches:
            self._refuse(
                group, proposal.operator, proposal.site.provider if proposal.site else "", proposal.reason, began
            )
            return None
        return await self._choose(run, group, proposal.patches)

    async def _choose(self, run: Run, group: Group, patches: Sequence[Patch]) -> Step | None:
        """Try candidates in order. A sure one that passes is taken; unsure ones only if one alone passes."""
        passed: list[Tried] = []
        rest = list(patches)
        while rest and not self._over():
            patch = rest.pop(0)
            began = time.monotonic()
            if patch.ask and not self._agreed(patch):
                self._refuse(
                    group,
                    patch.operator,
                    patch.site.provider,
                    f"{patch.summary}: only a person may decide: {patch.ask}",
                    began,
                )
                continue
            tried = await self._try(run, group, patch)
            self._attempt(group, tried, began)
            if tried.better.ok:
                passed.append(tried)
                if not patch.ambiguous:
                    break
            elif (trouble := await self._not_in_trial(group)) is not None:
                self.say(trouble)
                self.report.reason = trouble
                return None
        chosen = self._decide(passed)
        if chosen is None or chosen.after is None:
            return None
        others = [tried.patch for tried in passed if tried is not chosen]
        return Step(group, chosen.patch, run, chosen.after, (*others, *rest), self.stack)

    def _decide(self, passed: Sequence[Tried]) -> Tried | None:
        sure = [tried for tried in passed if not tried.patch.ambiguous]
        best = sure or [tried for tried in passed if tried.after is not None and tried.after.ok] or list(passed)
        if sure or len(best) == 1:
            return best[0]
        if not best:
            return None
        said = f"{len(best)} repairs pass every gate, and nothing tells which is meant"
        number = self.ask(said, [tried.patch for tried in best]) if self.ask is not None else None
        if number is not None:
            return best[number]
        self.report.reason = f"{said}: {'; '.join(tried.patch.summary for tried in best)}"
        self.say(self.report.reason)
        return None

    def _agreed(self, patch: Patch) -> bool:
        return self.ask is not None and self.ask(f"only a person may decide: {patch.ask}", [patch]) is not None

    async def _try(self, run: Run, group: Group, patch: Patch) -> Tried:
        self.say(f"trying: {patch.summary}")
        gates = judging.quick(patch, self.tree)
        if gates[-1].state == "failed":
            return Tried(patch, gates, None, Better(False, f"gate {gates[-1].name}: {gates[-1].detail}"))
        try:
            stack = self.stack.plus(patch)
        except Outdated as outdated:
            return Tried(patch, gates, None, Better(False, str(outdated)))
        began = time.perf_counter()
        after = await self._try_run(stack)
        better = self._compare(run, after, group, patch)
        ms = round((time.perf_counter() - began) * 1000, 1)
        replay = GateVerdict("replay", "passed" if better.ok else "failed", ms, better.why)
        return Tried(patch, (*gates, replay), after, better)

    def _compare(self, before: Run, after: Run, group: Group, patch: Patch) -> Better:
        return compare(before, after, group, self.met, patch.files)

    # ---- does it fail in a trial at all?

    def _begin_baseline(self, run: Run) -> None:
        """The unpatched command in a trial, beside the analysis: what does not show there is never proven gone."""
        if self._baseline is None and run.real and run.seconds <= BRIEF:
            self._baseline = asyncio.create_task(self._run_unpatched())

    async def _run_unpatched(self) -> Run:
        async with open_bench(self.wanted.root, self.wanted.argv, self._folder) as bench:
            return await bench.run((), self._patience())

    async def _not_in_trial(self, group: Group) -> str | None:
        """Why nothing can be proven in a trial; None where the failure shows there too."""
        if self.steps:
            return None
        if self._baseline is None:
            self._baseline = asyncio.create_task(self._run_unpatched())
        run = await self._baseline
        if group.seen.cause in run.causes:
            return None
        if run.ok:
            return "without any change the command succeeds in a trial: this failure comes and goes"
        what = groups(run)[0].seen.text if run.failures else run.said
        where = self._bench.isolation if self._bench is not None else "cut off"
        return f"in a trial ({where}) it fails otherwise, so nothing can be proven there: {what}"

    # ---- runs

    async def _try_run(self, stack: Stack) -> Run:
        bench = await self._open_bench()
        left = max(self._until - time.monotonic(), 1.0)
        run = await bench.run(stack.edits, min(left, self._patience()))
        self.report.command_seconds = round(self.report.command_seconds + run.seconds, 3)
        return run

    def _patience(self) -> float:
        return max(SURVIVES, 3 * self._first_seconds)

    async def _run_real(self) -> Run:
        async with evidence_folder() as folder:
            real = RealRun(
                self.wanted.argv,
                self.wanted.folder,
                hooked(folder),
                self.wanted.all_to_stderr,
                lambda seconds: self.say(
                    f"the command still runs after {seconds:.0f} s and has not ended; "
                    "it is looked at when it ends (Ctrl-C ends both)"
                ),
            )
            ended = await real.run()
            failures, tests = await asyncio.to_thread(collected, folder, self.wanted.root, ended.stderr)
        self._first_seconds = self._first_seconds or ended.seconds
        self.report.exit_code = ended.exit_code
        self.report.command_seconds = round(self.report.command_seconds + ended.seconds, 3)
        last = ended.stderr.strip().splitlines()
        return Run(ended.exit_code, ended.seconds, failures, tests, said=last[-1] if last else "", real=True)

    async def _for_real(self, goes_on: bool = False) -> Run:
        """Write the stack into the real files and run the command; unless it succeeds, put them back."""
        edits = self.stack.edits
        self.say(f"applying {plural(len(edits), 'file')}, then the command for real")
        heal = self.ledger.begin(self.wanted.argv, edits)
        began = time.monotonic()
        try:
            run = await self._run_real()
        except asyncio.CancelledError:
            if goes_on and time.monotonic() - began > self._patience():
                self.ledger.end(heal, "kept")
                self._applied(heal)
                self.report.reason = "the command went on without failing until it was interrupted; the repair stays"
            else:
                self._take_back(heal, "interrupted")
            raise
        except BaseException:
            self._take_back(heal, "it could not be run")
            raise
        if run.ok:
            self.ledger.end(heal, "healed")
            self._applied(heal)
        else:
            self._take_back(heal, f"the command ended with exit code {run.exit_code}")
        return run

    def _take_back(self, heal: Heal, why: str) -> None:
        try:
            self.ledger.take_back(heal)
            self.say(f"{why}: every file is as it was before")
        except UndoRefused as refused:
            self.say(f"{why}; {refused}")
            self.report.reason = str(refused)

    # ---- the ends

    def _healed(self, run: Run, reason: str) -> None:
        self.report.healed, self.report.reason = True, reason
        for step in self.steps:
            self.memory.learn(step.group.seen, step.patch)
        self.report.known = bool(self.steps) and all(step.known for step in self.steps)
        self._close_attempts("healed")

    def _would_heal(self) -> None:
        self.report.would_heal = True
        self._show_stack()
        self.report.reason = "the command succeeds in a trial with this diff; nothing was changed"

    async def _end_unhealed(self) -> None:
        """What remains of the steps that made progress is kept only where that was asked for."""
        reason = self.report.reason
        if self._over():
            reason = f"the limit of {self.wanted.steps} steps or {self.wanted.seconds:g} s is reached"
        if self.steps and self.wanted.keep_partial and not self.wanted.dry_run:
            heal = self.ledger.begin(self.wanted.argv, self.stack.edits)
            self.ledger.end(heal, "kept")
            self._applied(heal)
            self._give_up(
                f"{reason or 'no further repair'}; the {plural(len(self.steps), 'step')} that made progress are kept"
            )
            return
        self._give_up(reason or "no repair passed")

    def _applied(self, heal: Heal) -> None:
        self.report.id = heal.id
        self._show_stack()
        self.report.files_changed = heal.files

    def _show_stack(self) -> None:
        self.report.diff = diff_of(self.stack.edits, self.steps[-1].patch) if self.steps else ""

    def _give_up(self, reason: str) -> None:
        self.report.reason = reason
        if not self.report.files_changed:
            self._close_attempts("undone")

    def _close_attempts(self, outcome: str) -> None:
        """What was progress is in the end healed, or given up with the rest."""
        self.report.attempts = [
            replace(attempt, outcome=outcome) if attempt.outcome == "progress" else attempt
            for attempt in self.report.attempts
        ]

    def _attempt(self, group: Group, tried: Tried, began: float, known: bool = False) -> None:
        patch, failure = tried.patch, group.seen.failure
        self.say(f"  {gates_line(tried.gates)}")
        self.say(f"  {'→' if tried.better.ok else '✖'} {tried.better.why}")
        self.report.attempts.append(
            Attempt(
                failure.kind,
                failure.message,
                group.seen.signature,
                patch.site.provider,
                patch.operator,
                patch.summary,
                patch.files,
                tried.gates,
                "progress" if tried.better.ok else "rejected",
                tried.better.why,
                known,
                round(time.monotonic() - began, 3),
            )
        )

    def _refuse(self, group: Group, operator: str, provider: str, reason: str, began: float) -> None:
        self.say(f"no repair of {group.seen.text}: {reason}")
        self.report.reason = reason
        failure, seconds = group.seen.failure, round(time.monotonic() - began, 3)
        self.report.attempts.append(
            Attempt(
                failure.kind,
                failure.message,
                group.seen.signature,
                provider,
                operator,
                outcome="refused",
                detail=reason,
                seconds=seconds,
            )
        )

    # ---- what it needs

    def _over(self) -> bool:
        return len(self.steps) >= self.wanted.steps or time.monotonic() > self._until

    async def _open_bench(self) -> Bench:
        if self._bench is None:
            bench = open_bench(self.wanted.root, self.wanted.argv, self._folder)
            self._bench = await self._resources.enter_async_context(bench)
        return self._bench

    @property
    def _folder(self) -> str:
        """Where the command runs, relative to the root where it is inside."""
        folder = self.wanted.folder.resolve()
        inside = folder.is_relative_to(self.wanted.root)
        return folder.relative_to(self.wanted.root).as_posix() if inside else str(folder)

    async def _open_analyst(self) -> Analyst:
        if self._analyst is None:
            self._analyst = await self._resources.enter_async_context(
                open_analyst(self.wanted.root, self.wanted.allowed)
            )
        return self._analyst
