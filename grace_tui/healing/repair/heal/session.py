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

from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.analyst import Analyst, open_analyst
from grace_tui.healing.repair.apply import UndoRefused
from grace_tui.healing.repair.gates import refusal
from grace_tui.healing.repair.heal.evidence import collected
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.installing import install, uninstall, wants_install
from grace_tui.healing.repair.heal.ledger import Heal, Ledger
from grace_tui.healing.repair.heal.memory import Memory
from grace_tui.healing.repair.heal.progress import Better, Cause, compare
from grace_tui.healing.repair.heal.real import RealRun, evidence_folder
from grace_tui.healing.repair.heal.report import Attempt, Report
from grace_tui.healing.repair.heal.seen import Group, Run, groups
from grace_tui.healing.repair.heal.stack import Stack, diff_of
from grace_tui.healing.repair.heal.telling import Say, gates_line
from grace_tui.healing.repair.heal.trying import Around, Tried, Trier
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.recorded import hooked
from grace_tui.healing.repair.trial import TooLarge, sweep_trials
from grace_tui.kernel.spelling import plural

GROUPS = 20
"""Causes of one run that are looked at before a heal gives up."""

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
class Step:
    group: Group
    patch: Patch
    before: Run
    after: Run
    rest: tuple[Patch, ...]
    """Candidates that were not tried."""
    base: Stack
    """What was in place before this step."""
    stack: Stack
    known: bool = False


class Session:
    def __init__(self, wanted: Wanted, home: Home, ledger: Ledger, say: Say, ask: Ask | None = None) -> None:
        self.wanted, self.home, self.ledger, self.say, self.ask = wanted, home, ledger, say, ask
        self.report = Report(wanted.argv, str(wanted.root), dry_run=wanted.dry_run)
        self.memory = Memory(home)
        self.steps: list[Step] = []
        self.installed: list[tuple[str, str]] = []
        """(distribution, interpreter)."""
        self.furthest: tuple[Step, ...] = ()
        """The longest way of steps that each made progress."""
        self.stack = Stack(wanted.root)
        self.met: set[Cause] = set()
        self._resources = AsyncExitStack()
        self.trier = Trier(home, wanted.argv, wanted.folder.resolve(), self._resources)
        self._analyst: Analyst | None = None
        self._began = time.monotonic()

    async def heal(self) -> Report:
        sweeping = asyncio.create_task(asyncio.to_thread(sweep_trials))
        try:
            async with self._resources:
                await self._heal()
            await sweeping
        except asyncio.CancelledError:
            self._close_attempts("healed" if self.report.files_changed else "undone")
            raise
        except (TooLarge, OSError) as error:
            self._give_up(f"the trial could not be set up: {error}")
        finally:
            self.report.seconds = round(time.monotonic() - self._began, 3)
            self.report.isolation = self.trier.isolation
            self.report.command_seconds = round(self.trier.command_seconds, 3)
        return self.report

    async def _heal(self) -> None:
        # A heal is called for what fails: the analysis gets ready while the command still runs.
        await (await self._open_analyst()).start()
        run = await self._run_real()
        self.trier.until = time.monotonic() + self.wanted.seconds
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
            if self.installed and not self.report.healed and not self.report.files_changed:
                await self._take_away()
            await self.trier.close()

    async def _second_look(self, run: Run) -> Run | None:
        """Some Pythons load no hook, and print to stdout, which passes through: in a trial that can be read."""
        again = await self.trier.run(self.stack)
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
            self._mark(last, "progress", "undone")
            self.stack = last.base
            self.met.discard(last.group.seen.cause)
            if last.rest:
                self.say(f"that led nowhere; another candidate for {last.group.seen.text}")
                if (step := await self._choose(last.before, last.group, last.rest)) is not None:
                    return self._taken(step)
        return None

    def _taken(self, step: Step) -> Step:
        self._mark(step, "passed", "progress")
        self.steps.append(step)
        self.met.add(step.group.seen.cause)
        self.stack = step.stack
        if len(self.steps) > len(self.furthest):
            self.furthest = tuple(self.steps)
        return step

    async def _known(self, run: Run, group: Group) -> Step | None:
        """Replay what was proven for this failure: without a trial where every text is what it was proven on."""
        recalled = await asyncio.to_thread(self.memory.find, group.seen, self.stack)
        if recalled is None:
            return None
        began = time.monotonic()
        self.say(f"known: {recalled.patch.summary}")
        if recalled.exact:
            tried = await self._replay(run, group, recalled.patch)
        else:
            tried = await self.trier.try_patch(self._around(run, group), recalled.patch)
        self._attempt(group, tried, began, known=True)
        if tried.after is None or not tried.better.ok:
            self.memory.failed(group.seen.signature, tried.better.why)
            return None
        return Step(group, recalled.patch, run, tried.after, (), self.stack, tried.stack, known=True)

    async def _replay(self, run: Run, group: Group, patch: Patch) -> Tried:
        """Put it in for real at once, where it is the first step."""
        base, stack = self.stack, self.stack.plus(patch)
        gates = await self.trier.look(stack, patch, len(self.steps) + 1)
        if (no := refusal(gates)) is not None:
            return Tried(patch, gates, None, Better(False, f"gate {no.name}: {no.detail}"), stack)
        if self.steps or self.wanted.dry_run or not run.real:
            after = await self.trier.run(stack)
        else:
            furthest = self.furthest
            self._taken(Step(group, patch, run, run, (), base, stack, known=True))
            after = await self._for_real()
            self.steps.pop()
            self.met.discard(group.seen.cause)
            self.stack, self.furthest = base, furthest
        return Tried(patch, gates, after, self._compare(run, after, group, patch), stack)

    def _around(self, run: Run, group: Group) -> Around:
        first = self.steps[0].group if self.steps else group
        return Around(run, group, self.stack, self.met, first, len(self.steps) + 1)

    async def _new(self, run: Run, group: Group) -> Step | None:
        began = time.monotonic()
        await self.trier.begin_unpatched(run)
        analyst = await self._open_analyst()
        proposal = await analyst.ask(group.seen.failure, self.stack.edits, group.seen.path)
        if proposal.site is not None:
            self.say(
                f"the provider is {proposal.site.provider or 'outside'} ({proposal.site.problem.replace('_', ' ')})"
            )
        if not proposal.patches:
            self._refuse(
                group, proposal.operator, proposal.site.provider if proposal.site else "", proposal.reason, began
            )
            return None
        return await self._choose(run, group, proposal.patches)

    async def _choose(self, run: Run, group: Group, patches: Sequence[Patch]) -> Step | None:
        """Try candidates in order. A sure one that passes is taken; unsure ones only if one alone passes."""
        passed: list[Tried] = []
        around, rest = self._around(run, group), list(patches)
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
            self.say(f"trying: {patch.summary}")
            if distribution := wants_install(patch):
                tried = await self._install(around, patch, distribution)
            else:
                tried = await self.trier.try_patch(around, patch)
            self._attempt(group, tried, began)
            if tried.better.ok:
                passed.append(tried)
                if not patch.ambiguous:
                    break
            elif not self.steps and (trouble := await self.trier.not_in_trial(group)):
                self.say(trouble)
                self.report.reason = trouble
                return None
        chosen = self._decide(passed)
        if chosen is None or chosen.after is None:
            return None
        others = [tried.patch for tried in passed if tried is not chosen]
        return Step(group, chosen.patch, run, chosen.after, (*others, *rest), self.stack, chosen.stack)

    async def _install(self, around: Around, patch: Patch, distribution: str) -> Tried:
        """For real, since an environment is no part of the tree; taken away again if the heal fails."""
        python = around.group.seen.python
        if self.wanted.dry_run:
            return Tried(patch, (), None, Better(False, f"a dry run does not install {distribution}"), around.base)
        if trouble := await install(distribution, python, self.wanted.root):
            return Tried(patch, (), None, Better(False, f"pip: {trouble}"), around.base)
        self.installed.append((distribution, python))
        after = await self.trier.run(around.base)
        return Tried(patch, (), after, compare(around.run, after, around.group, around.met, ()), around.base)

    async def _take_away(self) -> None:
        for distribution, python in self.installed:
            trouble = await uninstall(distribution, python, self.wanted.root)
            self.say(trouble or f"{distribution} is uninstalled again; what came with it stays")

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

    def _compare(self, before: Run, after: Run, group: Group, patch: Patch) -> Better:
        return compare(before, after, group, self.met, patch.files)

    # ---- runs

    async def _run_real(self) -> Run:
        async with evidence_folder() as folder:
            real = RealRun(
                self.wanted.argv,
                self.wanted.folder,
                hooked(folder, self.wanted.root),
                self.wanted.all_to_stderr,
                lambda seconds: self.say(
                    f"the command still runs after {seconds:.0f} s and has not ended; "
                    "it is looked at when it ends (Ctrl-C ends both)"
                ),
            )
            ended = await real.run()
            failures, tests = await asyncio.to_thread(collected, folder, self.wanted.root, ended.stderr)
        if ended.exit_code:
            self.trier.failed_after = max(self.trier.failed_after, ended.seconds)
        self.trier.ends = self.trier.ends or bool(tests) or any(seen.test for seen in failures)
        self.report.exit_code = ended.exit_code
        self.trier.command_seconds += ended.seconds
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
            if goes_on and time.monotonic() - began > self.trier.proven_after:
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
        for step in (step for step in self.steps if step.patch.edits):
            if trouble := self.memory.learn(step.group.seen, step.patch, self.report.id):
                self.say(trouble)
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
        if self.furthest and self.wanted.keep_partial and not self.wanted.dry_run:
            self.steps, self.stack = list(self.furthest), self.furthest[-1].stack
            heal = self.ledger.begin(self.wanted.argv, self.stack.edits)
            self.ledger.end(heal, "kept")
            self._applied(heal)
            steps = plural(len(self.steps), "step")
            self._give_up(f"{reason or 'no further repair'}; {steps} that made progress kept")
            return
        self._give_up(reason or self._last_no())

    def _last_no(self) -> str:
        """Which gate said no to the last candidate."""
        rejected = [attempt for attempt in self.report.attempts if attempt.outcome == "rejected"]
        return f"{rejected[-1].summary}: {rejected[-1].detail}" if rejected else "no repair passed"

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

    def _mark(self, step: Step, was: str, now: str) -> None:
        """Say of the attempt that a step was made of what became of it."""
        for at, attempt in reversed(list(enumerate(self.report.attempts))):
            if attempt.outcome == was and attempt.summary == step.patch.summary:
                self.report.attempts[at] = replace(attempt, outcome=now)
                return

    def _attempt(self, group: Group, tried: Tried, began: float, known: bool = False) -> None:
        patch, failure = tried.patch, group.seen.failure
        if tried.gates:
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
                "passed" if tried.better.ok else "rejected",
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
        return len(self.steps) >= self.wanted.steps or time.monotonic() > self.trier.until

    async def _open_analyst(self) -> Analyst:
        if self._analyst is None:
            analyst = open_analyst(self.wanted.root, self.wanted.allowed, self.home.cache)
            self._analyst = await self._resources.enter_async_context(analyst)
        return self._analyst
