"""Measuring one rule as often as a test wants: of a running mesh, or alone where a test looks inside."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from grace_tui.healing.triggers import Known, load_rules
from grace_tui.kernel import MonitorReported
from grace_tui.kernel.handle import Handle
from grace_tui.kernel.testing import Bench, ManualClock, RealClock
from kernels.trigger_mesh import RuleView, TriggerMesh
from kernels.trigger_mesh.measure import Inputs
from kernels.trigger_mesh.run import RuleRun
from kernels.trigger_mesh.table import MEASURES, SPECS
from kernels.trigger_mesh.telling import Teller

Check = Callable[..., Awaitable[RuleView]]


@pytest.fixture
def check() -> Check:
    async def measured(bench: Bench, name: str, times: int = 1) -> RuleView:
        with anyio.fail_after(5):
            while not bench.bus.events(MonitorReported):  # the checks that it makes at start come first
                await RealClock().sleep(0.002)
        for _ in range(times):
            (found,) = await bench.get(TriggerMesh).check_now([name])
        return found

    return measured


class Alone:
    """One shipped rule with its measure, on the ports of a bench and without a mesh around it."""

    def __init__(self, workspace: Path, name: str) -> None:
        self.clock = ManualClock()
        self.bench = Bench(workspace, self.clock, {})
        context = self.bench.context("trigger_mesh", {}, {})
        self.inputs = Inputs(context, lambda kernel: Handle(kernel, self.bench.resolve))
        rule = next(rule for rule in load_rules(Known(SPECS)).rules if rule.name == name)
        self.run = RuleRun(rule, MEASURES[rule.measure](self.inputs, name, rule.parameters), Teller(context))

    async def begin(self) -> "Alone":
        await self.run.measure.start()
        return self

    async def check(self, times: int = 1, *, settled: bool = True) -> RuleView:
        for _ in range(times):
            self.inputs.turn()
            await self.run.check(settled)
        return self.run.view(self.clock.monotonic())

    def kernels_told(self) -> list[str]:
        """Whom incidents were reported against."""
        return [incident.kernel for incident in self.bench.incidents.all()]


@pytest.fixture
def alone(tmp_path: Path) -> Callable[[str], Awaitable[Alone]]:
    async def made(name: str) -> Alone:
        return await Alone(tmp_path, name).begin()

    return made
