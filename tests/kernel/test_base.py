"""What the author of a kernel stands on: feeds, paces, handles, and the one class a file defines."""

import asyncio
from pathlib import Path

import anyio
import pytest

from grace_tui.kernel import Kernel, KernelSpec, Message, Tick, kernel_class
from grace_tui.kernel.handle import Handle
from grace_tui.kernel.testing import Bench, ManualClock


class Plain(Kernel):
    spec = KernelSpec(heartbeat_timeout=6.0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bench(tmp_path: Path, clock: ManualClock) -> Bench:
    return Bench(tmp_path, clock, {})


@pytest.fixture
def plain(bench: Bench) -> Plain:
    return Plain(bench.context("plain", {"size": 3}, {"total": 1}))


async def test_a_feed_of_events_gives_events_and_a_feed_of_a_topic_gives_messages(bench: Bench, plain: Plain) -> None:
    events, messages = plain.subscribe(Tick), plain.subscribe("room.*")
    plain.publish(Tick(1.0))
    event, message = await anext(events), await anext(messages)
    assert event == Tick(1.0)
    assert isinstance(message, Message)
    assert (message.topic, message.payload, message.source) == ("room.tick", Tick(1.0), "plain")
    assert bench.beats["plain"] >= 4


async def test_a_feed_is_open_from_the_moment_it_is_made_until_its_context_closes(bench: Bench, plain: Plain) -> None:
    plain.subscribe(Tick)
    assert plain.publish(Tick(1.0)) == 1
    plain.context.close()
    assert plain.publish(Tick(2.0)) == 0


async def test_an_idle_feed_beats_at_every_interval(tmp_path: Path) -> None:
    class Quick(Kernel):
        spec = KernelSpec(heartbeat_timeout=0.006)

    bench = Bench(tmp_path, ManualClock(), {})
    kernel = Quick(bench.context("quick", {}, {}))
    enough, beats = anyio.Event(), 0

    def beat() -> None:
        nonlocal beats
        beats += 1
        if beats == 5:
            enough.set()

    kernel.context.beat = beat
    waiting = asyncio.ensure_future(anext(kernel.subscribe(Tick)))
    with anyio.fail_after(5):
        await enough.wait()
    waiting.cancel()


async def test_every_yields_at_once_and_then_at_its_pace_beating_in_between(
    bench: Bench, plain: Plain, clock: ManualClock
) -> None:
    turns: list[float] = []

    async def work() -> None:
        async for at in plain.every(10.0):
            turns.append(at)  # noqa: PERF401  # seen while the feed still goes on

    task = asyncio.ensure_future(work())
    await clock.advance(25.0)
    assert turns == [1_000.0, 1_010.0, 1_020.0]
    assert bench.beats["plain"] >= 25
    task.cancel()


async def test_late_turns_are_skipped(plain: Plain, clock: ManualClock) -> None:
    turns: list[float] = []
    async for at in plain.every(10.0):
        turns.append(at)
        if len(turns) == 1:
            clock.now += 35.0
        if len(turns) == 2:
            break
    assert turns == [1_000.0, 1_035.0]


async def test_a_kernel_that_is_always_late_gives_the_others_their_turn(plain: Plain) -> None:
    turns, others = 0, asyncio.Event()
    asyncio.get_running_loop().call_soon(others.set)
    async for _ in plain.every(0.0):
        turns += 1
        if others.is_set():
            break
        assert turns < 10
    assert turns >= 2


async def test_sleep_lasts_as_long_as_it_says(plain: Plain, clock: ManualClock) -> None:
    task = asyncio.ensure_future(plain.sleep(2.5))
    await clock.advance(2.4)
    assert not task.done()
    await clock.advance(0.2)
    assert task.done()


async def test_a_handle_reaches_whichever_instance_runs_and_keeps_private_things_private() -> None:
    class Service:
        def __init__(self, answer: int) -> None:
            self.answer = answer

        async def ask(self, more: int = 0) -> int:
            return self.answer + more

    running = [Service(1)]

    async def resolve(name: str) -> object:
        assert name == "service"
        return running[-1]

    handle = Handle("service", resolve)
    assert await handle.ask() == 1
    running.append(Service(2))
    assert await handle.ask(more=3) == 5
    with pytest.raises(AttributeError, match="_secret is private to service"):
        handle._secret  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        await handle.absent()
    assert repr(handle) == "<handle to service>"


def test_a_kernel_reads_its_settings_and_its_saved_state(plain: Plain) -> None:
    assert (plain.settings, plain.saved_state) == ({"size": 3}, {"total": 1})


def test_the_one_kernel_class_of_a_module_is_found_also_under_a_second_name() -> None:
    names = {"Plain": Plain, "Main": Plain, "Kernel": Kernel, "number": 1}
    assert kernel_class(names, __name__) is Plain


def test_none_or_several_kernel_classes_are_refused_by_name() -> None:
    class Other(Kernel):
        pass

    with pytest.raises(TypeError, match="must define exactly one Kernel subclass; found none"):
        kernel_class({"Kernel": Kernel}, __name__)
    with pytest.raises(TypeError, match="found Other, Plain"):
        kernel_class({"Plain": Plain, "Other": Other}, __name__)
