"""Kernels run without a room: started as the supervisor starts them, and none is left running."""

import asyncio
from pathlib import Path

import pytest

from grace_tui.kernel import Kernel, KernelSpec, NotReady, ProviderDown
from grace_tui.kernel.testing import ManualClock, closure, name_of, running


class Calm(Kernel):
    async def start(self) -> None:
        self.told = self.saved_state.get("told", 0)
        self.subscribe("calm.words")

    async def tell(self) -> int:
        return int(self.told)


class BadStop(Kernel):
    async def stop(self) -> None:
        raise ValueError("cannot stop")


class Shy(Kernel):
    async def probe(self) -> None:
        raise NotReady("not yet")


class Slow(Kernel):
    spec = KernelSpec(start_timeout=0.01)

    async def probe(self) -> None:
        await asyncio.Event().wait()


async def test_kernels_run_and_reach_one_another(tmp_path: Path) -> None:
    async with running(Calm, workspace=tmp_path, saved_state={"calm": {"told": 3}}) as bench:
        handle = bench.get(Calm).kernel("calm")
        assert await handle.tell() == 3
        with pytest.raises(ProviderDown, match="not part of this test"):
            await bench.get(Calm).kernel("absent").tell()
        assert bench.bus.publish("calm.words", 1, source="me") == 1
    assert bench.bus.publish("calm.words", 1, source="me") == 0


@pytest.mark.parametrize(("kind", "error"), [(Shy, NotReady), (Slow, TimeoutError)])
async def test_a_kernel_that_is_not_ready_fails_and_leaves_nothing_running(
    tmp_path: Path, kind: type[Kernel], error: type[Exception]
) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(error):
        async with running(Calm, kind, workspace=tmp_path):
            raise AssertionError("never reached")
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


async def test_a_kernel_that_does_not_stop_well_leaves_no_other_running(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(ValueError, match="cannot stop"):
        async with running(Calm, BadStop, workspace=tmp_path) as bench:
            assert set(bench.instances) == {"calm", "bad_stop"}
    assert bench.instances == {}
    assert asyncio.all_tasks() == before


async def test_sleepers_on_a_manual_clock_wake_in_the_order_they_are_due() -> None:
    clock, woken = ManualClock(0.0), list[tuple[int, float]]()

    async def sleeper(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    tasks = [asyncio.ensure_future(sleeper(seconds)) for seconds in (3, 1, 2)]
    await clock.advance(2.5)
    assert woken == [(1, 1.0), (2, 2.0)]
    await clock.advance(1.0)
    assert (woken[-1], clock.now) == ((3, 3.0), 3.5)
    await asyncio.gather(*tasks)


def test_names_and_needs_are_those_of_the_real_kernels() -> None:
    kinds = closure("immutable_log")
    assert [name_of(kind) for kind in kinds] == ["message_bus", "immutable_log"]
    assert name_of(BadStop) == "bad_stop"
