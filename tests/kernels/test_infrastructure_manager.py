import os
from pathlib import Path

import psutil
import pytest

from grace_tui.kernel import GraceError
from grace_tui.kernel.testing import ManualClock, running
from kernels.infrastructure_manager import HostMeasured, HostRegistered, InfrastructureManager
from kernels.message_bus import MessageBus

pytestmark = pytest.mark.anyio


async def test_the_host_is_registered_with_its_real_name_and_size(tmp_path: Path) -> None:
    async with running(MessageBus, InfrastructureManager, workspace=tmp_path) as bench:
        host = await bench.get(InfrastructureManager).host()
        assert host.memory_bytes == psutil.virtual_memory().total
        assert host.cores == psutil.cpu_count()
        assert bench.bus.events(HostRegistered) == [host]


async def test_a_measurement_tells_what_the_system_tells(tmp_path: Path) -> None:
    async with running(MessageBus, InfrastructureManager, workspace=tmp_path) as bench:
        found = await bench.get(InfrastructureManager).measure()
        disk = psutil.disk_usage(str(tmp_path))
        assert found.disk_free == pytest.approx(disk.free, rel=0.05)
        assert found.process_rss == pytest.approx(psutil.Process().memory_info().rss, rel=0.2)
        assert 0 <= found.memory_percent <= 100


async def test_measurements_are_told_at_the_set_pace_and_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(MessageBus, InfrastructureManager, workspace=tmp_path, clock=clock) as bench:
        manager = bench.get(InfrastructureManager)
        told = bench.bus.subscribe("test", "infrastructure.measured")
        for _ in range(3):
            await clock.advance(5.0)
            message = await told.receive(1.0)
            assert message is not None
            assert message.payload in await manager.history()
        assert [found.at for found in await manager.history(2)] == sorted(
            found.at for found in await manager.history(2)
        )


@pytest.mark.in_task("burns the processor of the test's own process")
async def test_the_processor_share_is_unknown_until_time_has_passed_and_then_measured(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(MessageBus, InfrastructureManager, workspace=tmp_path, clock=clock) as bench:
        manager = bench.get(InfrastructureManager)
        assert "cpu – mem" in manager.summary()
        spent = os.times()
        while os.times().user - spent.user < 0.05:
            pass
        clock.now += 1.0
        found = await manager.measure()
        assert found.process_cpu_percent is not None
        assert found.process_cpu_percent >= 4.0
        assert found.cpu_percent is not None
        assert 0.0 < found.cpu_percent <= 100.0


@pytest.mark.in_task("changes an attribute of the instance")
async def test_the_history_is_bounded(tmp_path: Path) -> None:
    async with running(MessageBus, InfrastructureManager, workspace=tmp_path) as bench:
        manager = bench.get(InfrastructureManager)
        manager.measured.extend([await manager.measure()] * 2000)
        assert len(await manager.history()) == 720


@pytest.mark.parametrize("pace", [0.1, "often"])
async def test_a_pace_that_is_too_quick_or_no_number_is_refused(tmp_path: Path, pace: object) -> None:
    with pytest.raises(GraceError, match=r"every is .*; expected 1 second or more"):
        async with running(
            MessageBus,
            InfrastructureManager,
            workspace=tmp_path,
            settings={"infrastructure_manager": {"every": pace}},
        ):
            pass


async def test_the_probe_fails_when_the_host_cannot_be_measured(tmp_path: Path) -> None:
    class Blind(InfrastructureManager):
        async def measure(self) -> HostMeasured:
            raise psutil.AccessDenied(1)

    with pytest.raises(psutil.AccessDenied):
        async with running(MessageBus, Blind, workspace=tmp_path):
            pass
