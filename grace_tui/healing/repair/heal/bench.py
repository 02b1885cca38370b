"""Where a heal tries things: the tree on trial, in which the command runs and gates look, with edits in place."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path

from grace_tui.healing.repair.gates import CHEAP_GATES, GATES, Context, Setting, judge, open_context
from grace_tui.healing.repair.gates.cheap import EARLIER
from grace_tui.healing.repair.gates.impact import concerned_tests
from grace_tui.healing.repair.heal.evidence import collected
from grace_tui.healing.repair.heal.seen import Run
from grace_tui.healing.repair.history import history_of
from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.process import Limits
from grace_tui.healing.repair.recorded import hooked
from grace_tui.healing.repair.trial import Trial
from grace_tui.kernel.records import GateVerdict

CHECKERS = tuple(gate for gate in GATES if gate.name in ("lint", "types"))
TESTS = tuple(gate for gate in GATES if gate.name == "tests")
LARGEST_STEP = 120
"""Lines that one step may add and remove; what an earlier version of the file had does not count."""
TEST_SECONDS, ENOUGH_SECONDS = 30.0, 3.0
"""That the tests around a repair may take, besides those that the command runs itself, and after which no more of them
are begun: somebody waits."""

Verdicts = tuple[GateVerdict, ...]


@asynccontextmanager
async def open_bench(root: Path, argv: Sequence[str], folder: str, cache: Path) -> AsyncIterator["Bench"]:
    async with open_context(root) as context:
        context.clean, context.folder, context.cache = False, folder, cache
        context.test_seconds, context.enough_seconds = TEST_SECONDS, ENOUGH_SECONDS
        context.history = await asyncio.to_thread(history_of, root)
        trial = await asyncio.to_thread(Trial, root)
        try:
            yield Bench(trial, context, argv)
        finally:
            await asyncio.to_thread(trial.close)


class Bench:
    def __init__(self, trial: Trial, context: Context, argv: Sequence[str]) -> None:
        self.trial, self.context, self.argv = trial, context, argv

    @property
    def isolation(self) -> str:
        return self.trial.isolation

    def place(self, edits: Sequence[FileEdit], steps: int) -> None:
        """Put these edits, of so many steps, in the place of what the trial held."""
        self.trial.reset()
        if edits:
            self.trial.write(edits)
        self.context.largest_change = LARGEST_STEP * steps

    async def run(self, seconds: float) -> Run:
        """The command with the edits in place, for so many seconds at most."""
        return await self._run(self.trial, seconds)

    async def run_unpatched(self, seconds: float) -> Run:
        return await self._run(self.context.before, seconds)

    async def _run(self, trial: Trial, seconds: float) -> Run:
        evidence = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="evidence-", dir=trial.shared))
        limits = Limits(cpu_seconds=None, memory_bytes=None, file_bytes=None, seconds=seconds, nice=0, network=False)
        environment = hooked(evidence, trial.root)
        ran = await trial.run(self.argv, folder=self.context.folder, env=environment, limits=limits)
        done = ran.completed
        text = f"{done.stdout}\n{done.stderr}"
        failures, tests = await asyncio.to_thread(collected, evidence, ran.root, text)
        return Run(
            done.exit_code if done.exit_code >= 0 else 128 - done.exit_code,
            done.seconds,
            failures,
            tests,
            goes_on=done.timed_out and not any(seen.fatal for seen in failures),
            said=done.last_line,
        )

    # ---- the gates, over all edits that are in place as one patch

    async def look(self, patch: Patch) -> Verdicts:
        """The gates that run nothing."""
        return await judge(self.trial, self._whole(patch), self.context, gates=CHEAP_GATES)

    async def check(self, patch: Patch) -> Verdicts:
        """The linter and the type checker. What was so before has its own style and types, and is not asked again."""
        whole = self._whole(patch)
        if await asyncio.to_thread(self._restored, whole):
            return tuple(GateVerdict(gate.name, "skipped", 0.0, "every line is as it was before") for gate in CHECKERS)
        return await judge(self.trial, whole, self.context, gates=CHECKERS)

    async def test(self, patch: Patch, run: Run) -> Verdicts:
        """The tests of what changed, unless the command has just run them."""
        whole = self._whole(patch)
        ran = {test.partition("::")[0] for test in run.tests}
        concerned = await asyncio.to_thread(concerned_tests, Setting(self.trial, whole, self.context))
        if concerned.own and ran.issuperset(concerned.own):
            return (GateVerdict("tests", "passed", 0.0, "the command ran the tests of what changed"),)
        return await judge(self.trial, whole, self.context, gates=TESTS)

    def _restored(self, patch: Patch) -> bool:
        """True where every line that the patch adds stood in an earlier version of its file."""
        for edit in patch.edits:
            added = set(edit.after.splitlines()) - set((edit.before or "").splitlines())
            if added and not any(added <= set(text.splitlines()) for text in self._earlier(edit.path)):
                return False
        return True

    def _earlier(self, path: str) -> Iterator[str]:
        return (version.text for version in islice(self.context.history.versions(path), EARLIER))

    def _whole(self, patch: Patch) -> Patch:
        """All edits in place as one; a file that an earlier step repaired is no mere consumer of this one."""
        edits = tuple(self.trial.edits.values())
        changed = {edit.path for edit in edits}
        consumers = tuple(path for path in patch.site.consumers if path not in changed)
        return replace(patch, edits=edits, site=replace(patch.site, consumers=consumers))
