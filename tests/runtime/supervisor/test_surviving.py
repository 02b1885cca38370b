"""What outlives one instance of a kernel: its mail, its place in the backoff, and why it ended."""

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import KernelSpec, KernelStateChanged
from grace_tui.runtime.supervisor import RestartPolicy
from tests.runtime.supervisor.bench import Bench, supervising, write
from tests.runtime.supervisor.world import BEAT, ToldSource, World

READER = """
    from grace_tui.kernel import Kernel

    class Reader(Kernel):
        async def start(self):
            self.read = []
            self.feed = self.subscribe("{pattern}", capacity={capacity})

        async def run(self):
            async for message in self.feed:
                if message.payload == "crash":
                    raise ValueError("told to")
                self.read.append(message.payload)
"""


def save(root: Path, pattern: str = "mail.in", capacity: int = 10) -> None:
    write(root, "reader.py", READER.format(pattern=pattern, capacity=capacity))


def post(bench: Bench, *letters: object) -> None:
    for letter in letters:
        bench.bus.publish("mail.in", letter, source="room")


async def read_by_the_next(bench: Bench) -> list[object]:
    child = bench.supervisor.child("reader")
    with anyio.fail_after(5):
        while child.restarts < 1 or child.state != "running":
            await child.moved.wait()
        for _ in range(10):
            await asyncio.sleep(0)
    kernel: Any = child.instance
    return list(kernel.read)


async def test_mail_survives_a_crash_and_what_was_taken_is_not_handed_out_again(tmp_path: Path) -> None:
    save(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("reader")
        post(bench, 1, "crash", 2, 3)
        assert (await bench.failed()).kernel == "reader"
        post(bench, 4)
        assert await read_by_the_next(bench) == [2, 3, 4]
        assert bench.bus.statistics().subscriptions == 2


async def test_mail_survives_a_restart_with_the_new_capacity(tmp_path: Path) -> None:
    save(tmp_path, capacity=3)
    async with supervising(tmp_path) as bench:
        await bench.running("reader")
        save(tmp_path, capacity=1)
        bench.supervisor.restart("reader")
        post(bench, 1, 2)
        assert await read_by_the_next(bench) == [1, 2]
        post(bench, 3, 4)
        assert await read_by_the_next(bench) == [1, 2, 4]


async def test_mail_that_the_next_instance_does_not_ask_for_is_closed_once_it_runs(tmp_path: Path) -> None:
    save(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("reader")
        save(tmp_path, pattern="other.*")
        bench.supervisor.restart("reader")
        assert await read_by_the_next(bench) == []
        assert bench.bus.statistics().subscriptions == 2


async def test_mail_does_not_survive_a_stop(tmp_path: Path) -> None:
    save(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("reader")
        post(bench, 1)
        bench.supervisor.stop("reader")
        post(bench, 2)
        child = bench.supervisor.child("reader")
        while child.state != "stopped":
            await child.moved.wait()
        assert bench.bus.statistics().subscriptions == 1
        bench.supervisor.start("reader")
        assert await read_by_the_next(bench) == []


POLICY = RestartPolicy(intensity=100, period=1000.0, base=1.0, factor=2.0, cap=60.0, jitter=0.0, healthy_after=10.0)


async def test_the_backoff_starts_afresh_after_health_and_the_restarts_are_counted_on(tmp_path: Path) -> None:
    world = World()

    class Source(ToldSource):
        async def load(self, name: str) -> Any:
            code = await super().load("loner")
            code.kind.spec = KernelSpec(heartbeat_timeout=6.0)
            return code

    async with supervising(tmp_path, policy=POLICY, clock=world.clock, sources={"loner": Source(world)}) as bench:
        world.bench = bench
        moves = bench.bus.subscribe("room", KernelStateChanged.topic)
        for healthy in (0.0, 0.0, 0.0, 12.0, 0.0):
            await world.advance(healthy)
            world.orders["loner"].append("crash")
            await world.advance(2 * BEAT)
            assert bench.states()["loner"] == "running"
        events = [message.payload for message in iter(moves.pop, None)]
        waits = [
            event.reason for event in events if isinstance(event, KernelStateChanged) and event.new == "backing_off"
        ]
        assert waits == ["next try in 1.0 s", "next try in 2.0 s", "next try in 1.0 s"]
        record = bench.supervisor.record("loner")
        assert (record.restarts, record.window_restarts) == (5, 5)


@pytest.mark.parametrize(
    ("body", "phase", "reason"),
    [
        ("async def start(self): raise ValueError('no')", "start", "ValueError: no"),
        ("async def probe(self): raise ValueError('no')", "probe", "ValueError: no"),
        ("async def run(self): raise SystemExit(3)", "run", "SystemExit: 3"),
    ],
)
async def test_a_record_says_how_the_last_run_ended(tmp_path: Path, body: str, phase: str, reason: str) -> None:
    source = "from grace_tui.kernel import Kernel\n\n\nclass Short(Kernel):\n    " + body
    write(tmp_path, "short.py", source)
    async with supervising(tmp_path, policy=RestartPolicy(intensity=0)) as bench:
        await bench.failed()
        found = bench.supervisor.record("short").last_exit
        assert found is not None
        assert (found.phase, found.reason, found.ok) == (phase, reason, False)
        assert found.code == (3 if "SystemExit" in body else None)


async def test_a_record_says_that_an_end_was_asked_for(tmp_path: Path) -> None:
    save(tmp_path)
    async with supervising(tmp_path) as bench:
        await bench.running("reader")
        bench.supervisor.stop("reader", "asked by ada")
        child = bench.supervisor.child("reader")
        while child.state != "stopped":
            await child.moved.wait()
        found = bench.supervisor.record("reader")
        assert found.last_exit is not None
        assert (found.last_exit.ok, found.last_exit.reason) == (True, "asked by ada")
        assert found.since_at > 0
