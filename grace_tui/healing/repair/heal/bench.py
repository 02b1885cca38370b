"""Where a heal tries things: one trial of the tree, in which the command runs with any stack of edits in place."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from grace_tui.healing.repair.heal.evidence import collected, hooked
from grace_tui.healing.repair.heal.seen import Run
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.process import Limits
from grace_tui.healing.repair.trial import Trial

__all__ = ["Bench", "open_bench"]


@asynccontextmanager
async def open_bench(root: Path, argv: Sequence[str], folder: str) -> AsyncIterator["Bench"]:
    trial = await asyncio.to_thread(Trial, root)
    try:
        yield Bench(trial, argv, folder)
    finally:
        await asyncio.to_thread(trial.close)


class Bench:
    def __init__(self, trial: Trial, argv: Sequence[str], folder: str) -> None:
        self.trial, self.argv, self.folder = trial, argv, folder
        self.seconds = 0.0
        """Spent in runs of the command."""

    @property
    def isolation(self) -> str:
        return self.trial.isolation

    async def run(self, edits: Sequence[FileEdit], seconds: float) -> Run:
        """The command with these edits in place, for so many seconds at most."""
        self.trial.reset()
        self.trial.write(edits)
        evidence = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="evidence-", dir=self.trial.shared))
        limits = Limits(cpu_seconds=None, memory_bytes=None, file_bytes=None, seconds=seconds, nice=0, network=False)
        ran = await self.trial.run(self.argv, folder=self.folder, env=hooked(evidence), limits=limits)
        done = ran.completed
        text = f"{done.stdout}\n{done.stderr}"
        failures, tests = await asyncio.to_thread(collected, evidence, self.trial.root, text)
        self.seconds += done.seconds
        return Run(
            done.exit_code if done.exit_code >= 0 else 128 - done.exit_code,
            done.seconds,
            failures,
            tests,
            goes_on=done.timed_out and not any(seen.fatal for seen in failures),
            said=done.last_line,
        )
