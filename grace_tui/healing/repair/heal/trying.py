"""Tries one candidate: its gates, and the command itself with it in place. Nothing here touches a real file."""

import asyncio
import time
from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from grace_tui.healing.repair.gates import refusal
from grace_tui.healing.repair.heal.bench import Bench, Verdicts, open_bench
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.judging import own
from grace_tui.healing.repair.heal.progress import Better, Cause, compare
from grace_tui.healing.repair.heal.seen import Group, Run, groups
from grace_tui.healing.repair.heal.stack import Outdated, Stack
from grace_tui.healing.repair.patch import Patch
from grace_tui.kernel.records import GateVerdict

SURVIVES = 10.0
"""Seconds after which a program that did not fail and did not end is taken for one that goes on, such as a server."""
BRIEF = 20.0
"""Seconds up to which the command is run once more in a trial, beside the analysis, to see that it fails there too."""


LIKELY = 0.9
"""Score from which the tests of a candidate run beside the command: such candidates mostly help."""


@dataclass(frozen=True)
class Tried:
    patch: Patch
    gates: Verdicts
    after: Run | None
    better: Better
    stack: Stack
    """With it in place."""


@dataclass(frozen=True)
class Around:
    """What a candidate is tried in."""

    run: Run
    """The run that it is to better."""
    group: Group
    base: Stack
    met: Collection[Cause]
    first: Group
    """What the first step was for: the failure that the command shows without any."""
    steps: int


class Trier:
    """Opens the bench at the first need, and keeps it until the heal ends."""

    def __init__(self, home: Home, argv: tuple[str, ...], folder: Path, resources: AsyncExitStack) -> None:
        self.home, self.argv, self.resources = home, argv, resources
        inside = folder.is_relative_to(home.root)
        self.folder = folder.relative_to(home.root).as_posix() if inside else str(folder)
        """Where the command runs, relative to the root where it is inside."""
        self.until = 0.0
        """When the heal has to end, by the monotonic clock."""
        self.failed_after = 0.0
        """Seconds of the longest run that failed for real."""
        self.ends = False
        """It is a run of tests: it ends by itself, however long it takes once its imports work."""
        self.command_seconds = 0.0
        self._bench: Bench | None = None
        self._unpatched: asyncio.Task[Run] | None = None

    @property
    def isolation(self) -> str:
        return self._bench.isolation if self._bench is not None else ""

    @property
    def proven_after(self) -> float:
        """Seconds after which a program that goes on is past where it failed without the repair."""
        return max(3.0, 3 * self.failed_after)

    @property
    def patience(self) -> float:
        """Seconds that one run in a trial may take."""
        left = max(self.until - time.monotonic(), 1.0)
        return left if self.ends else min(max(SURVIVES, 3 * self.failed_after), left)

    async def bench(self) -> Bench:
        if self._bench is None:
            opened = open_bench(self.home.root, self.argv, self.folder, self.home.cache)
            self._bench = await self.resources.enter_async_context(opened)
        return self._bench

    async def look(self, stack: Stack, patch: Patch, steps: int) -> Verdicts:
        """The gates that run nothing, over the whole stack."""
        if (refused := own(patch)) is not None:
            return (refused,)
        bench = await self.bench()
        bench.place(stack.edits, steps)
        return await bench.look(patch)

    async def run(self, stack: Stack) -> Run:
        bench = await self.bench()
        bench.place(stack.edits, 1)
        return self._counted(await bench.run(self.patience))

    async def try_patch(self, around: Around, patch: Patch) -> Tried:
        try:
            stack = around.base.plus(patch)
        except Outdated as outdated:
            return Tried(patch, (), None, Better(False, str(outdated)), around.base)
        gates = await self.look(stack, patch, around.steps)
        if (no := refusal(gates)) is not None:
            return Tried(patch, gates, None, _refused(no), stack)
        bench = await self.bench()
        if around.group.seen.python:
            bench.context.python = around.group.seen.python
        began = time.perf_counter()
        checking = asyncio.create_task(bench.check(patch))
        likely = around.steps == 1 and patch.score >= LIKELY
        testing = asyncio.create_task(bench.test(patch, around.run)) if likely else None
        begun = [task for task in (checking, testing) if task is not None]
        try:
            after = self._counted(await bench.run(self.patience))
            better = compare(around.run, after, around.group, around.met, patch.files)
            gates += (_replay(better, began),)
            if not better.ok:
                return Tried(patch, gates, after, better, stack)
            gates = (*gates[:-1], *await checking, gates[-1])
            if refusal(gates) is None and (after.ok or after.goes_on):
                gates += await (testing or bench.test(patch, after))
        finally:
            for task in begun:
                task.cancel()
            await asyncio.wait(begun)
        if self._unpatched is not None and (trouble := await self.not_in_trial(around.first)):
            return Tried(patch, gates, after, Better(False, trouble), stack)
        no = refusal(gates)
        return Tried(patch, gates, after, better if no is None else _refused(no), stack)

    # ---- does it fail in a trial at all?

    async def begin_unpatched(self, run: Run) -> None:
        """Run it beside the analysis: what does not show in a trial is never proven gone there."""
        if self._unpatched is None and run.real and run.seconds <= BRIEF:
            self._unpatched = asyncio.create_task((await self.bench()).run_unpatched(self.patience))

    async def not_in_trial(self, group: Group) -> str:
        """Why nothing can be proven in a trial; empty where the failure shows there as it does for real."""
        bench = await self.bench()
        if self._unpatched is None:
            self._unpatched = asyncio.create_task(bench.run_unpatched(self.patience))
        run = await self._unpatched
        if group.seen.cause in run.causes:
            return ""
        if run.ok:
            return "without any change the command succeeds in a trial: this failure comes and goes"
        what = groups(run)[0].seen.text if run.failures else run.said
        where = bench.context.before.isolation
        return f"in a trial ({where}) it fails otherwise, so nothing can be proven there: {what}"

    async def close(self) -> None:
        if self._unpatched is not None:
            self._unpatched.cancel()
            await asyncio.wait({self._unpatched})

    def _counted(self, run: Run) -> Run:
        self.command_seconds += run.seconds
        return run


def _refused(no: GateVerdict) -> Better:
    return Better(False, f"gate {no.name}: {no.detail}")


def _replay(better: Better, began: float) -> GateVerdict:
    ms = round((time.perf_counter() - began) * 1000, 1)
    return GateVerdict("replay", "passed" if better.ok else "failed", ms, better.why)
