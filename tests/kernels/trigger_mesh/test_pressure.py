"""Pressure: what lasts is told, a spike is not, and growth is not what comes and goes."""

from collections import namedtuple
from pathlib import Path
from typing import Any

import psutil
import pytest

from grace_tui.kernel import Vitals
from grace_tui.kernel.testing import ManualClock, running, sample_kernel
from kernels.trigger_mesh import TriggerMesh
from kernels.trigger_mesh import pressure as module

pytestmark = [pytest.mark.anyio, pytest.mark.in_task("puts readings of the machine in place of its own")]

Times = namedtuple("Times", "user system idle iowait")
Memory = namedtuple("Memory", "percent available")
MIB = 2**20


async def test_the_processor_is_busy_when_it_stays_so(
    tmp_path: Path, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = Times(0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda: times)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        clock.now += 61
        for busy, value, firing in (
            (60, 100, ()),
            (60, 100, ()),
            (6, 10, ()),
            *[(60, 100, ())] * 3,
            (60, 100, ("",)),
            (54, 90, ("",)),
            (30, 50, ()),
        ):
            times = Times(times.user + busy, 0.0, times.idle + (60 - busy) / 2, times.iowait + (60 - busy) / 2)
            found = await check(bench, "cpu_pressure")
            assert (found.value, found.firing) == (value, firing)
        assert len(bench.incidents.all()) == 1


async def test_two_looks_within_a_moment_measure_nothing_new(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        first = await check(bench, "cpu_pressure")
        assert (await check(bench, "cpu_pressure")).value == first.value


async def test_one_spike_of_memory_is_quiet(tmp_path: Path, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        for percent, firing in ((99, ()), (91, ()), (99, ()), (99, ()), (99, ("",)), (88, ("",)), (80, ())):
            memory = Memory(percent, 100 * MIB)
            monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
            assert (await check(bench, "memory_pressure")).firing == firing


async def test_stalled_work_is_read_from_the_system(
    tmp_path: Path, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pressure"
    folder.mkdir()
    for name, share in (("memory", 1.5), ("io", 55.25)):
        (folder / name).write_text(f"some avg10=0.00 avg60={share} avg300=0.00 total=1\nfull avg10=0 avg60=0\n")
    monkeypatch.setattr(module, "PRESSURE", folder)
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "stalled_work", 3)
        assert (found.value, found.detail, found.firing) == (55.25, "for io", ("io",))
        monkeypatch.setattr(module, "PRESSURE", tmp_path / "absent")
        found = await check(bench, "stalled_work")
        assert (found.value, found.detail, found.firing) == (0, "this system does not measure it", ())


async def test_file_descriptors_are_counted(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "open_files")
        assert found.value is not None
        assert 0 < found.value < 100
        assert int(found.detail.split()[0]) <= psutil.Process().num_fds() + 50


@pytest.mark.parametrize(
    ("sizes", "fires"),
    [
        pytest.param([100 + 10 * step for step in range(30)], True, id="grows-and-grows"),
        pytest.param([100] * 30, False, id="stays"),
        pytest.param([100] * 15 + [900] + [100] * 14, False, id="one-spike"),
        pytest.param([100, 400] * 15, False, id="comes-and-goes"),
        pytest.param([1 + step for step in range(30)], False, id="next-to-nothing"),
        pytest.param([100 + 100 * step for step in range(8)], False, id="known-for-too-short"),
    ],
)
async def test_memory_that_grows_and_grows_fires_for_its_kernel(
    tmp_path: Path, check: Any, sizes: list[int], fires: bool
) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        for size in sizes:
            clock.now += 60
            bench.room.records = (sample_kernel("web", vitals=Vitals(1, 0.0, size * MIB)),)
            found = await check(bench, "memory_growth")
        assert found.firing == (("web",) if fires else ())
        assert [one.kernel for one in bench.incidents.all()] == ["web"] * fires
