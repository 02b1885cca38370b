"""What every measure of trigger_mesh is, and what it may read. A measure only reads, slowly in a thread."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import anyio.to_thread

from grace_tui.healing.triggers import MeasureSpec, Reading, Rule
from grace_tui.healing.triggers.baselines import Baselines
from grace_tui.healing.triggers.changed import HealthyRecord
from grace_tui.healing.triggers.versions import Installed
from grace_tui.kernel import GraceError, KernelContext, KernelRecord
from grace_tui.kernel.handle import Handle

FOLDER = "triggers"
SCRATCH = "drill-"


class Inputs:
    """What measures read from: the room through the kernel's context, and a folder with its baselines."""

    def __init__(self, context: KernelContext, ask: Callable[[str], Handle], root: Path | None = None) -> None:
        self.context, self.ask, self.clock = context, ask, context.clock
        self.root = root or context.workspace.root
        self.state = root / ".grace" if root else context.workspace.state
        self.baselines = Baselines(self.state / FOLDER / "baseline.json")
        self.healthy = HealthyRecord(self.state)
        self.installed = Installed()
        self._records: tuple[KernelRecord, ...] | None = None

    def turn(self) -> None:
        """A new round begins: what was read in the last one is old."""
        self._records = None

    def records(self) -> tuple[KernelRecord, ...]:
        """Every kernel, as it is in this round."""
        if self._records is None:
            self._records = self.context.room.kernels()
        return self._records

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator["Inputs"]:
        """The same room with a folder of its own for a drill, which is gone afterwards."""
        home = self.context.workspace.state / FOLDER
        home.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=home))
        try:
            yield Inputs(self.context, self.ask, folder)
        finally:
            await anyio.to_thread.run_sync(shutil.rmtree, folder, True)


def clear_scratch(state: Path) -> None:
    """Take away what a drill left that a kill broke off."""
    for folder in (state / FOLDER).glob(f"{SCRATCH}*"):
        shutil.rmtree(folder, ignore_errors=True)


class Measure:
    """One measure as one rule uses it; `parameters` has a value for every one in its spec."""

    spec: ClassVar[MeasureSpec]

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        self.inputs, self.rule, self.parameters = inputs, rule, parameters

    async def start(self) -> None:
        """Take the first point or the baseline that later readings are compared with."""

    def look(self, now: float) -> None:
        """Sample what has to be seen more often than the rule is checked. On the loop, every few seconds: cheap."""

    async def read(self) -> Sequence[Reading]:
        """Measure now: one reading, or one for each subject."""
        raise NotImplementedError

    async def changed(self, paths: Iterable[str]) -> None:
        """The room saw these files change."""

    async def accept(self) -> str:
        """Take what is there now as good; returns what was taken.

        Raises:
            GraceError: the measure compares with nothing.
        """
        raise GraceError(f"{self.rule} compares with no baseline, so there is nothing to accept")

    def save_state(self) -> Mapping[str, object]:
        """What the next instance needs; plain JSON values."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take what the last instance saved."""

    @asynccontextmanager
    async def drill(self, rule: Rule) -> AsyncIterator["Measure | None"]:
        """A measure of this kind that reads a breach, real and harmless, for as long as this lasts.

        None where there is none to be made: then the threshold is lowered to what is measured.
        """
        yield None

    # ---- for those below

    def number(self, name: str) -> float:
        return float(self.parameters[name])

    def again(self, inputs: Inputs | None = None, **parameters: object) -> Any:
        """Another one of this kind, for a drill."""
        return type(self)(inputs or self.inputs, self.rule, {**self.parameters, **parameters})


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few of many names."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
