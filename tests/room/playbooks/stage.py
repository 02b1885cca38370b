"""A real room in which a shipped playbook's condition is made true and its run is seen to its end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from grace_tui.kernel.records import IncidentRecord, KernelState, RunRecord
from grace_tui.room.measure import HostMeasure, HostMeter
from grace_tui.settings import Settings
from tests.room.bench import QUICK, Bench, opened, write

FAILING = '''
    """Fails for as long as there is a file `away`."""

    import asyncio

    from grace_tui.kernel import Kernel, KernelSpec

    class {name}(Kernel):
        spec = KernelSpec({spec})

        async def start(self):
            if (self.context.workspace.root / "away").exists():
                raise {error}
'''


class Skipping:
    """Real time, but for the short waits between two looks at a check: those pass at once."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.skipped

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        if seconds > 0.25:
            await asyncio.sleep(seconds)
        else:
            await asyncio.sleep(0.002)
            self.skipped += seconds


class Measured(HostMeter):
    """A machine that is as busy as the test says."""

    def __init__(self, folder: Path, measure: HostMeasure) -> None:
        super().__init__(folder)
        self.latest = measure

    def read(self) -> HostMeasure:
        return self.latest


@dataclass
class Stage(Bench):
    root: Path = field(kw_only=True)

    def report(
        self, kernel: str, kind: str, message: str = "as a rule would say it", **facts: object
    ) -> IncidentRecord:
        return self.room.parts.book.report(kernel, kind, message, "trigger_mesh", facts=facts)

    def host(self, **measured: float) -> None:
        latest = replace(HostMeasure(10.0, 10.0, 10.0, 0.1), **measured)
        self.room.judging.host = Measured(self.root, latest)

    async def failed(self, kernel: str, state: KernelState = "quarantined") -> IncidentRecord:
        """The incident of a kernel that was given up."""
        await self.until(lambda view: any(found.name == kernel and found.state == state for found in view.kernels))
        found = await self.incident(kernel)
        record = self.room.parts.book.get(found.id)
        assert record is not None
        return record

    async def play(self, name: str, incident: IncidentRecord) -> RunRecord:
        """Have the playbook picked by its own condition, and run."""
        await self.room.playbooks.ready()
        judged = self.room.playbooks.judge(incident)
        assert judged.pick is not None, (judged.why, judged.refused.get(name))
        assert judged.pick.name == name
        return await self.room.playbooks.run(name, incident.id, "self_healing", judged.pick.why)

    async def second(self) -> None:
        """What the room does each second about effects that end by themselves."""
        self.room.playbooks.look()
        await self.room.playbooks.owned.settled()

    def state(self, kernel: str) -> str:
        return self.room.supervisor.child(kernel).state

    def starts(self, kernel: str) -> float:
        """Differs for each start of a kernel."""
        return self.room.supervisor.record(kernel).since_at


@asynccontextmanager
async def staged(root: Path, settings: Settings = QUICK) -> AsyncIterator[Stage]:
    async with opened(root, settings) as bench:
        bench.room.first_aid.busy = True  # nobody else answers what the test reports
        bench.room.playbooks.clock = bench.room.playbooks.tending.clock = Skipping()
        stage = Stage(bench.room, bench.hub, root=root)
        stage.host()
        yield stage


def failing(root: Path, name: str, error: str = 'RuntimeError("away")', spec: str = "") -> None:
    """A kernel that fails until `back`."""
    (root / "away").touch()
    write(root, f"{name}.py", FAILING.format(name=name.title().replace("_", ""), error=error, spec=spec))


def back(root: Path) -> None:
    (root / "away").unlink()


def done(run: RunRecord) -> dict[str, str]:
    return {step.name: step.state for step in run.steps}


def succeeded(run: RunRecord) -> None:
    if run.state != "succeeded":
        pytest.fail(
            f"{run.playbook} {run.state}: {run.detail}; {[(step.name, step.state, step.text) for step in run.steps]}"
        )
