"""Queues, calls, lag and denials: growth and slowness are told, noise is not."""

from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import BusStatistics, Denied, LatencyRecord
from grace_tui.kernel.testing import Bench, ManualClock, running, sample_kernel
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


def depths(bench: Bench, **found: int) -> None:
    bench.bus.statistics = lambda: BusStatistics(0, 0, 0, 0, 0, 0, {}, found)  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("samples", "fires"),
    [
        pytest.param([10, 20, 30, 40, 50, 60], True, id="five-times-fuller"),
        pytest.param([10, 20, 30, 40, 50, 50], False, id="no-longer-rising"),
        pytest.param([10, 20, 30, 25, 40, 50, 60], False, id="drained-in-between"),
        pytest.param([60, 10, 60, 10, 60, 10, 60], False, id="noise"),
        pytest.param([0, 0, 0, 900], False, id="one-spike"),
        pytest.param([1, 2, 3, 4, 5, 6, 7, 8], False, id="next-to-nothing"),
    ],
)
async def test_a_mailbox_that_rises_sample_by_sample_fires(alone: Any, samples: list[int], fires: bool) -> None:
    rule = await alone("queue_growth")
    rule.bench.room.records = (sample_kernel("librarian"),)
    for depth in samples:
        depths(rule.bench, librarian=depth, room=3)
        rule.run.measure.look(0.0)
    assert bool((await rule.check()).firing) == fires
    assert rule.kernels_told() == ["librarian"] * fires
    depths(rule.bench, librarian=0)
    rule.run.measure.look(0.0)
    assert (await rule.check()).firing == ()


async def test_a_mailbox_fills_up_while_its_kernel_is_held_or_waits_for_another(alone: Any) -> None:
    rule = await alone("queue_growth")
    rule.bench.room.records = (sample_kernel("librarian", state="paused"), sample_kernel("sandbox", state="starting"))
    for depth in range(0, 100, 10):
        depths(rule.bench, librarian=depth, sandbox=depth)
        rule.run.measure.look(0.0)
    assert (await rule.check()).firing == ()
    rule.bench.room.records = (sample_kernel("librarian"), sample_kernel("sandbox", state="starting"))
    assert (await rule.check()).firing == ("librarian",)


async def test_a_backlog_is_measured_by_the_deepest_mailbox(alone: Any) -> None:
    rule = await alone("bus_backlog")
    rule.bench.room.records = (sample_kernel("librarian"),)
    for depth, firing in ((600, ()), (600, ("librarian",)), (300, ("librarian",)), (100, ())):
        depths(rule.bench, a=3, librarian=depth)
        assert (await rule.check()).firing == firing
    assert [(one.kernel, one.state) for one in rule.bench.incidents.all()] == [("librarian", "resolved")]


async def test_a_backlog_of_no_kernel_is_told_of_the_bus(alone: Any) -> None:
    rule = await alone("bus_backlog")
    for _ in range(2):
        depths(rule.bench, room=600)
        await rule.check()
    assert rule.kernels_told() == ["message_bus"]


async def test_denials_count_by_who_was_denied_what_since_the_last_check(tmp_path: Path, check: Any) -> None:
    def deny(bench: Bench, times: int, topic: str = "vault.open") -> None:
        for _ in range(times):
            with pytest.raises(Denied):
                bench.bus.publish(topic, "x", source="librarian")

    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (sample_kernel("librarian"),)
        bench.bus.set_rules({"vault.*": ["governance"]})
        deny(bench, 19)
        deny(bench, 19, "vault.close")
        found = await check(bench, "bus_denials")
        assert (found.value, found.firing) == (19, ())
        deny(bench, 20)
        assert (await check(bench, "bus_denials")).firing == ("librarian vault.open",)
        assert (await check(bench, "bus_denials")).firing == ()
        (incident,) = bench.incidents.all()
        assert (incident.kernel, incident.facts["topic"], incident.state) == ("librarian", "vault.open", "resolved")


@pytest.mark.parametrize(
    ("call", "fires"),
    [
        pytest.param(LatencyRecord("librarian.find", "librarian", 20, 0.6, 0.9, 1.0), True, id="slow"),
        pytest.param(LatencyRecord("librarian.find", "librarian", 20, 0.4, 5.0, 9.0), False, id="a-slow-few"),
        pytest.param(LatencyRecord("librarian.find", "librarian", 9, 0.6, 0.9, 1.0), False, id="too-few-calls"),
        pytest.param(LatencyRecord("sandbox.run", "sandbox", 20, 0.6, 0.9, 1.0), False, id="slow-by-nature"),
    ],
)
async def test_calls_that_take_long_fire_for_who_answers_them(
    tmp_path: Path, check: Any, call: LatencyRecord, fires: bool
) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        bench.room.calls = (call,)
        assert (await check(bench, "call_latency", 3)).firing == ()
        clock.now += 61
        assert bool((await check(bench, "call_latency", 2)).firing) == fires
        assert [one.kernel for one in bench.incidents.all()] == ["librarian"] * fires


async def test_lag_fires_when_it_lasts(tmp_path: Path, check: Any) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        clock.now += 61
        for lag, firing in ((200, ()), (0, ()), (200, ()), (200, ()), (200, ("",)), (40, ())):
            bench.room.view = {"loop_lag_p99_ms": lag, "loop_lag_ms": lag}
            assert (await check(bench, "loop_lag")).firing == firing
