"""Measuring one rule of a running mesh, as often as a test wants."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from grace_tui.kernel import MonitorReported
from grace_tui.kernel.testing import Bench, RealClock
from kernels.trigger_mesh import RuleView, TriggerMesh

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
