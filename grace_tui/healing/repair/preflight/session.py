"""One preflight of one tree: every module imported, the causes named, and with `heal` repaired in one transaction.

Called by `grace-tui preflight`. Only `_apply` touches a real file, through the journal of `heal`, so `heal undo` takes
it back.
"""

import asyncio
import os
import shutil
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.analyst import open_analyst
from grace_tui.healing.repair.gates import GATES, judge, open_context
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.ledger import Ledger
from grace_tui.healing.repair.heal.stack import diff_of
from grace_tui.healing.repair.history import history_of
from grace_tui.healing.repair.index import Index
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.preflight.causes import Root, classed, roots_of
from grace_tui.healing.repair.preflight.healing import Healing, Outcomes, place
from grace_tui.healing.repair.preflight.modules import Module, bases_of, modules_of
from grace_tui.healing.repair.preflight.report import Apart, Repair, Report, cause_of, count
from grace_tui.healing.repair.preflight.steps import Step, Unfinished, stacked
from grace_tui.healing.repair.preflight.survey import Survey
from grace_tui.healing.repair.tree import EditedTree
from grace_tui.healing.repair.trial import Trial, sweep_trials
from grace_tui.kernel.records import GateVerdict
from grace_tui.kernel.spelling import plural

LAST_GATES = tuple(gate for gate in GATES if gate.name in ("compiles", "paths", "surface", "lint"))
"""Asked of all repairs as one."""
TYPES = tuple(gate for gate in GATES if gate.name == "types")
MOST_DROPS = 6
"""Times that repairs are taken out at the end because of a gate or of what they broke."""
ANALYSIS_SECONDS = 120.0
"""For one cause, which may block hundreds of modules."""
ENVIRONMENTS = (".venv", "venv", "env")
COMMAND = ("preflight", "--heal")


@dataclass(frozen=True)
class Wanted:
    """What was asked for."""

    root: Path
    only: tuple[str, ...] = ()
    """Packages; all where none are named."""
    heal: bool = False
    dry_run: bool = False
    python: str = ""
    jobs: int = 2
    timeout: float = 30.0
    """Seconds that the import of one module may take."""
    seconds: float = 1200.0
    """That all of it may take."""
    rewrite_moved: bool = False


class Bar(Protocol):
    """Shows what is done while it is done."""

    def step(self, done: int, of: int, words: str) -> None:
        """So many of all modules are done, or can be imported."""

    def say(self, words: str) -> None:
        """A line that stays."""


class Preflight:
    def __init__(self, wanted: Wanted, home: Home, ledger: Ledger, bar: Bar) -> None:
        self.wanted, self.home, self.ledger, self.bar = wanted, home, ledger, bar
        self.unfinished = Unfinished(home.state)
        self.report = Report(str(wanted.root), dry_run=wanted.dry_run)
        self._began = time.monotonic()
        self._resources = AsyncExitStack()

    async def run(self) -> Report:
        await asyncio.to_thread(sweep_trials)
        try:
            async with self._resources:
                await self._run()
        finally:
            self.report.seconds = round(time.monotonic() - self._began, 3)
        return self.report

    async def _run(self) -> None:
        self.context = await self._resources.enter_async_context(open_context(self.wanted.root))
        self.context.clean, self.context.cache = False, self.home.cache
        self.context.python = self.wanted.python or await asyncio.to_thread(python_of, self.wanted.root)
        trial = await asyncio.to_thread(Trial, self.wanted.root)
        self._resources.callback(trial.close)
        self.bar.say("reading the sources")
        self.modules, self.bases, preload = await asyncio.to_thread(self._look)
        self.survey = Survey(
            trial, self.context.python, self.wanted.jobs, self.wanted.timeout, self.context.tree.files, preload
        )
        outcomes = await self._import_all("importing")
        self.report.python = f"{self.context.python} ({'.'.join(map(str, self.survey.version))})"
        self.report.isolation = trial.isolation
        await self._tell(outcomes)
        if self.wanted.heal and self.report.failing:
            await self._heal(outcomes)
        self.report.imports = self.survey.imports

    def _look(self) -> tuple[list[Module], list[str], list[str]]:
        index = self.context.index
        found = modules_of(index, self.wanted.only)
        self.report.apart = [Apart(module.path, module.apart) for module in found if module.apart]
        return [module for module in found if not module.apart], bases_of(index), preload_of(index)

    async def _import_all(self, words: str) -> Outcomes:
        of = len(self.modules)
        return await self.survey.run(self.modules, self.bases, lambda done: self.bar.step(done, of, words))

    async def _tell(self, outcomes: Outcomes, healing: Healing | None = None) -> list[Root]:
        """Put into the report how it is."""
        index = self.context.index
        if healing is not None and healing.steps:
            edits = healing.stack.edits
            index = await asyncio.to_thread(index.edited, EditedTree(self.context.tree, edits), edits)
        roots = await asyncio.to_thread(classed, roots_of(outcomes), index, self.survey.version)
        works = healing.works if healing is not None else {}
        self.report.causes = [cause_of(root, works[root.cause].reason if root.cause in works else "") for root in roots]
        self.report.modules = len(outcomes)
        self.report.imported = sum(outcome.ok for outcome in outcomes.values())
        return roots

    # ---- healing

    async def _heal(self, before: Outcomes) -> None:
        self.report.before = count(list(before.values()), len(self.report.causes))
        self.context.history = await asyncio.to_thread(history_of, self.wanted.root)
        allowed = Allowed(rewrite_moved=self.wanted.rewrite_moved)
        analyst = await self._resources.enter_async_context(open_analyst(self.wanted.root, allowed, self.home.cache))
        analyst.seconds = ANALYSIS_SECONDS
        until = self._began + self.wanted.seconds
        healing = Healing(self.survey, self.modules, self.bases, before, analyst, self.context, until, self._progress)
        await self._resume(healing)
        after = await self._settled(healing, before)
        self.report.rounds = healing.rounds
        if healing.over:
            self.report.reason = f"the limit of {self.wanted.seconds:g} s is reached; run it again to go on"
        await self._tell(after, healing)
        self.report.repairs = [_repair(step) for step in healing.steps]
        if healing.steps:
            self._apply(healing)

    async def _resume(self, healing: Healing) -> None:
        """Go on from what an earlier one left that was interrupted, as far as the files are still the same."""
        left = await asyncio.to_thread(self.unfinished.read)
        if not left:
            return
        healing.stack, healing.steps = stacked(self.wanted.root, left)
        self.bar.say(
            f"going on from {len(healing.steps)} of {plural(len(left), 'repair')} of a preflight that was not finished"
        )
        place(self.survey, healing.stack.edits, self.context)
        healing.outcomes = await self._import_all("importing with them")

    def _progress(self, healing: Healing) -> None:
        if not healing.doing:
            self.unfinished.keep(healing.steps)
        imported = sum(outcome.ok for outcome in healing.outcomes.values())
        words = f"round {healing.rounds}: {plural(len(healing.steps), 'repair')} taken"
        self.bar.step(imported, len(healing.outcomes), f"{words}; {healing.doing}" if healing.doing else words)

    async def _settled(self, healing: Healing, before: Outcomes) -> Outcomes:
        """Repair to the fixpoint; then import everything with all repairs in place, and ask the gates.

        What does not hold then is taken out, and the rest goes on from there.
        """
        for left in reversed(range(MOST_DROPS)):
            if left > 1:
                await healing.run()
            if not healing.steps:
                return before
            after = await self._with_all(healing)
            bad, why = self._breaking(healing, before, after)
            if not bad:
                self.bar.say("asking the gates")
                bad, why = await self._refused(healing)
            if not bad:
                return after
            self.bar.say(f"{plural(len(bad), 'repair')} taken out: {why}")
            healing.drop(bad, why)
            healing.outcomes = await self._with_all(healing) if left > 1 else before
        healing.drop(healing.steps, "the repairs do not hold together")
        return before

    async def _with_all(self, healing: Healing) -> Outcomes:
        place(self.survey, healing.stack.edits, self.context)
        return await self._import_all("importing everything with all repairs")

    def _breaking(self, healing: Healing, before: Outcomes, after: Outcomes) -> tuple[list[Step], str]:
        """Repairs in whose files something fails that could be imported before any of them."""
        lost = [outcome for key, outcome in after.items() if before[key].ok and not outcome.ok]
        if not lost:
            return [], ""
        touched = {path for outcome in lost for path in outcome.ran}
        touched |= {frame.file for outcome in lost if outcome.seen for frame in outcome.seen.failure.frames}
        bad = [step for step in healing.steps if not touched.isdisjoint(step.patch.files)]
        return bad or list(healing.steps), f"{lost[0].module.name} could be imported before"

    async def _refused(self, healing: Healing) -> tuple[list[Step], str]:
        """Repairs of files that a gate speaks against."""
        edits = healing.stack.edits
        site = Site("preflight", edits[0].path, "", "")
        whole = Patch("preflight", site, "", edits)
        self.report.gates = await judge(self.survey.trial, whole, self.context, gates=LAST_GATES)
        if known := _with_types_before(healing):
            typed = replace(whole, edits=known)
            self.report.gates += await judge(self.survey.trial, typed, self.context, gates=TYPES)
        no = [verdict for verdict in self.report.gates if verdict.state == "failed" and not _no_answer(verdict)]
        if not no:
            return [], ""
        named = [step for step in healing.steps if any(path in no[0].detail for path in step.patch.files)]
        return named or list(healing.steps), f"gate {no[0].name}: {no[0].detail}"

    def _apply(self, healing: Healing) -> None:
        edits = healing.stack.edits
        self.report.diff = diff_of(edits, healing.steps[-1].patch)
        if self.wanted.dry_run:
            return
        heal = self.ledger.begin(COMMAND, edits)
        self.ledger.end(heal, "healed")
        self.unfinished.forget()
        self.report.id, self.report.files_changed = heal.id, heal.files


def preload_of(index: Index) -> list[str]:
    """Modules from outside the tree that several of its files import at once, in the order of how many."""
    inside = {name.partition(".")[0] for name in index.modules}
    found = Counter(
        entry.module
        for outline in index.outlines().values()
        for entry in outline.imports
        if entry.at_import and not entry.level and entry.module.partition(".")[0] not in inside
    )
    return [name for name, number in found.most_common() if number > 1]


def python_of(root: Path) -> str:
    """The Python that the tree is run by: its own environment's, else the active one's, else the first on the path."""
    places = [root / name for name in ENVIRONMENTS]
    if active := os.environ.get("VIRTUAL_ENV"):
        places.append(Path(active))
    for folder in places:
        if os.access(folder / "bin" / "python", os.X_OK) and (folder / "pyvenv.cfg").exists():
            return str(folder / "bin" / "python")
    return shutil.which("python3") or shutil.which("python") or sys.executable


def _with_types_before(healing: Healing) -> tuple[FileEdit, ...]:
    """Without files that only used a name they did not have: that has a type for the first time by the repair."""
    unknown = {path for step in healing.steps if step.patch.site.problem == "missing_name" for path in step.patch.files}
    return tuple(edit for edit in healing.stack.edits if edit.path not in unknown)


def _repair(step: Step) -> Repair:
    patch = step.patch
    return Repair(patch.operator, patch.summary, step.text, patch.site.provider, patch.files, len(step.blocked))


def _no_answer(verdict: GateVerdict) -> bool:
    """A checker that did not finish in its time says nothing of the repairs."""
    return verdict.name in ("lint", "types") and "did not finish: no end within" in verdict.detail
