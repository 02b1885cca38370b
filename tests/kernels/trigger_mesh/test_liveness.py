"""Heartbeat gap and log silence: what stays away is told, what never came is not."""

from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import BusStatistics
from grace_tui.kernel.testing import ManualClock, running, sample_kernel
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


# ---- silence: a kernel that counts every 10 s, seen at every step


def work(rule: Any, *pauses: float, state: str = "running") -> None:
    for number, pause in enumerate(pauses):
        rule.clock.now += pause
        count = rule.bench.room.records[0].count + 1 if rule.bench.room.records else number
        rule.bench.room.records = (sample_kernel("librarian", count=count, state=state),)
        rule.run.measure.look(rule.clock.now)


async def test_a_steady_worker_that_falls_silent_is_told_and_settled(alone: Any) -> None:
    rule = await alone("log_silence")
    work(rule, *[10.0] * 25)
    rule.clock.now += 55
    assert (await rule.check(3)).value == 0
    rule.clock.now += 10
    found = await rule.check()
    assert (found.value, found.firing) == (6.5, ())
    found = await rule.check()
    assert (found.firing, found.detail) == (("librarian",), "librarian: nothing for 65 s, usually every 10 s")
    work(rule, 1.0)
    assert (await rule.check()).firing == ()
    assert [one.state for one in rule.bench.incidents.all()] == ["resolved"]


@pytest.mark.parametrize(
    "pauses",
    [
        pytest.param([10.0] * 5, id="hardly-known"),
        pytest.param([0.5] * 30 + [400.0] + [0.5] * 10, id="bursts"),
        pytest.param([10.0, 3.0, 14.0] * 10, id="noise-whose-longest-pause-counts"),
    ],
)
async def test_who_has_no_rhythm_is_not_silent(alone: Any, pauses: list[float]) -> None:
    rule = await alone("log_silence")
    work(rule, *pauses)
    rule.clock.now += 69
    assert (await rule.check(3)).firing == ()


async def test_a_kernel_that_only_logs_works_too(alone: Any, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "kernels" / "librarian.jsonl"
    log.parent.mkdir(parents=True)
    rule = await alone("log_silence")
    rule.bench.room.records = (sample_kernel("librarian"),)
    for number in range(25):
        rule.clock.now += 10
        log.write_text("x" * number)
        rule.run.measure.look(rule.clock.now)
    rule.clock.now += 100
    assert (await rule.check(2)).firing == ("librarian",)


async def test_a_pause_and_a_hang_are_not_told_as_silence(alone: Any) -> None:
    rule = await alone("log_silence")
    work(rule, *[10.0] * 25)
    work(rule, 10.0, state="paused")
    rule.clock.now += 500
    assert (await rule.check(2)).firing == ()
    work(rule, 10.0, 10.0)
    rule.bench.room.records = (sample_kernel("librarian", beat_age=99.0, count=99),)
    rule.clock.now += 500
    assert (await rule.check(2)).firing == ()


@pytest.mark.parametrize(("left", "fires"), [(0, False), (3, True)])
async def test_a_kernel_that_has_read_all_its_messages_waits_and_is_not_silent(
    alone: Any, left: int, fires: bool
) -> None:
    rule = await alone("log_silence")
    work(rule, *[10.0] * 25)
    rule.clock.now += 100
    depths = {"librarian": left}
    rule.bench.bus.statistics = lambda: BusStatistics(0, 0, 0, 0, 0, 0, {}, depths)
    assert bool((await rule.check(2)).firing) == fires


async def test_the_rhythm_is_known_after_a_restart(alone: Any) -> None:
    before, after = await alone("log_silence"), await alone("log_silence")
    work(before, *[10.0] * 25)
    after.run.load_state(before.run.save_state())
    work(after, 1.0)
    after.clock.now += 100
    assert (await after.check(2)).firing == ("librarian",)
