"""Heartbeat gap and log silence: what stays away is told, what never came is not."""

from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.testing import Bench, ManualClock, running, sample_kernel
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        pytest.param({"beat_age": 30.0}, True, id="at-its-timeout"),
        pytest.param({"beat_age": 29.0}, False, id="just-in-time"),
        pytest.param({"beat_age": 99.0, "state": "paused"}, False, id="paused"),
        pytest.param({"beat_age": 99.0, "state": "starting"}, False, id="starting"),
        pytest.param({"beat_age": None}, False, id="expected-not-to-beat"),
        pytest.param({"beat_age": 99.0, "heartbeat_timeout": 300.0}, False, id="a-long-timeout"),
    ],
)
async def test_only_a_running_kernel_that_is_overdue_has_a_gap(
    tmp_path: Path, check: Any, changes: dict[str, Any], fires: bool
) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (sample_kernel("librarian", **changes),)
        assert bool((await check(bench, "heartbeat_gap")).firing) == fires


@pytest.mark.in_task("looks as the kernel does every few seconds")
class TestLogSilence:
    """A kernel that counts every 10 s, seen every 5 s by the mesh's own look."""

    async def work(self, bench: Bench, clock: ManualClock, *pauses: float, state: str = "running") -> None:
        mesh = bench.get(TriggerMesh)
        measure = mesh.runs["log_silence"].measure
        for number, pause in enumerate(pauses):
            clock.now += pause
            count = bench.room.records[0].count + 1 if bench.room.records else number
            bench.room.records = (sample_kernel("librarian", count=count, state=state),)
            measure.look(clock.now)

    async def test_a_steady_worker_that_falls_silent_is_told_and_settled(self, tmp_path: Path, check: Any) -> None:
        clock = ManualClock()
        async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
            await self.work(bench, clock, *[10.0] * 25)
            clock.now += 55
            assert (await check(bench, "log_silence", 3)).value == 0
            clock.now += 10
            found = await check(bench, "log_silence")
            assert (found.value, found.firing) == (6.5, ())
            found = await check(bench, "log_silence")
            assert (found.firing, found.detail) == (
                ("librarian",),
                "librarian: nothing for 65 s, usually every 10 s",
            )
            await self.work(bench, clock, 1.0)
            assert (await check(bench, "log_silence")).firing == ()
            assert bench.incidents.all()[0].state == "resolved"

    @pytest.mark.parametrize(
        "pauses",
        [
            pytest.param([10.0] * 5, id="hardly-known"),
            pytest.param([0.5] * 30 + [400.0] + [0.5] * 10, id="bursts"),
            pytest.param([10.0, 3.0, 14.0] * 10, id="noise-whose-longest-pause-counts"),
        ],
    )
    async def test_who_has_no_rhythm_is_not_silent(self, tmp_path: Path, check: Any, pauses: list[float]) -> None:
        clock = ManualClock()
        async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
            await self.work(bench, clock, *pauses)
            clock.now += 69
            assert (await check(bench, "log_silence", 3)).firing == ()

    async def test_a_kernel_that_only_logs_works_too(self, tmp_path: Path, check: Any) -> None:
        clock, log = ManualClock(), tmp_path / "logs" / "kernels" / "librarian.jsonl"
        log.parent.mkdir(parents=True)
        async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
            bench.room.records = (sample_kernel("librarian"),)
            measure = bench.get(TriggerMesh).runs["log_silence"].measure
            for number in range(25):
                clock.now += 10
                log.write_text("x" * number)
                measure.look(clock.now)
            clock.now += 100
            assert (await check(bench, "log_silence", 2)).firing == ("librarian",)

    async def test_a_pause_and_a_hang_are_not_told_as_silence(self, tmp_path: Path, check: Any) -> None:
        clock = ManualClock()
        async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
            await self.work(bench, clock, *[10.0] * 25)
            await self.work(bench, clock, 10.0, state="paused")
            clock.now += 500
            assert (await check(bench, "log_silence", 2)).firing == ()
            await self.work(bench, clock, 10.0, 10.0)
            bench.room.records = (sample_kernel("librarian", beat_age=99.0, count=99),)
            clock.now += 500
            assert (await check(bench, "log_silence", 2)).firing == ()

    async def test_the_rhythm_is_known_after_a_restart(self, tmp_path: Path, check: Any) -> None:
        clock = ManualClock()
        async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
            await self.work(bench, clock, *[10.0] * 25)
            saved = bench.get(TriggerMesh).save_state()
            await bench.stop(TriggerMesh)
            await bench.start(TriggerMesh, saved_state=saved)
            await self.work(bench, clock, 1.0)
            clock.now += 100
            assert (await check(bench, "log_silence", 2)).firing == ("librarian",)
