"""Pressure: what lasts is told, a spike is not, and growth is not what comes and goes."""

from collections import namedtuple
from pathlib import Path
from typing import Any

import psutil
import pytest

from grace_tui.kernel import Vitals
from grace_tui.kernel.testing import sample_kernel
from kernels.trigger_mesh import pressure as module

pytestmark = pytest.mark.anyio

Times = namedtuple("Times", "user system idle iowait")
Memory = namedtuple("Memory", "percent available")
MIB = 2**20


async def test_the_processor_is_busy_when_it_stays_so(alone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    times = Times(0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda: times)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 2)
    rule = await alone("cpu_pressure")
    steps = [(60, 100, ()), (60, 100, ()), (6, 10, ()), *[(60, 100, ())] * 3]
    for busy, value, firing in (*steps, (60, 100, ("",)), (54, 90, ("",)), (30, 50, ())):
        times = Times(times.user + busy, 0.0, times.idle + (60 - busy) / 2, times.iowait + (60 - busy) / 2)
        found = await rule.check()
        assert (found.value, found.firing) == (value, firing)
    assert rule.kernels_told() == ["room"]


async def test_a_busy_start_does_not_count(alone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    times = Times(0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda: times)
    rule = await alone("cpu_pressure")
    for _ in range(10):
        times = Times(times.user + 60, 0.0, 0.0, 0.0)
        assert (await rule.check(settled=False)).firing == ()


async def test_two_looks_within_a_moment_measure_nothing_new(alone: Any) -> None:
    rule = await alone("cpu_pressure")
    first = await rule.check()
    assert (await rule.check()).value == first.value


async def test_one_spike_of_memory_is_quiet(alone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = await alone("memory_pressure")
    for percent, firing in ((99, ()), (91, ()), (99, ()), (99, ()), (99, ("",)), (88, ("",)), (80, ())):
        memory = Memory(percent, 100 * MIB)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        assert (await rule.check()).firing == firing


async def test_stalled_work_is_read_from_the_system(
    alone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pressure"
    folder.mkdir()
    for name, share in (("memory", 1.5), ("io", 55.25)):
        (folder / name).write_text(f"some avg10=0.00 avg60={share} avg300=0.00 total=1\nfull avg10=0 avg60=0\n")
    monkeypatch.setattr(module, "PRESSURE", folder)
    rule = await alone("stalled_work")
    found = await rule.check(3)
    assert (found.value, found.detail, found.firing) == (55.25, "for io", ("io",))
    monkeypatch.setattr(module, "PRESSURE", tmp_path / "absent")
    found = await rule.check()
    assert (found.value, found.detail, found.firing) == (0, "this system does not measure it", ())


async def test_file_descriptors_are_counted(alone: Any) -> None:
    found = await (await alone("open_files")).check()
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
async def test_memory_that_grows_and_grows_fires_for_its_kernel(alone: Any, sizes: list[int], fires: bool) -> None:
    rule = await alone("memory_growth")
    for size in sizes:
        rule.clock.now += 60
        rule.bench.room.records = (sample_kernel("web", vitals=Vitals(1, 0.0, size * MIB)),)
        found = await rule.check()
    assert found.firing == (("web",) if fires else ())
    assert rule.kernels_told() == ["web"] * fires
