"""Paused work stands still wherever it waits, and goes on where it stood."""

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import ProviderDown
from grace_tui.kernel.testing import ManualClock
from grace_tui.runtime.supervisor import supervisor
from tests.runtime.supervisor.bench import Bench, supervising, write

WORKS = """
    import asyncio
    import anyio
    from grace_tui.kernel import Kernel, KernelSpec

    class Busy(Kernel):
        spec = KernelSpec(heartbeat_timeout=6.0, stop_timeout=0.05)

        async def start(self):
            self.turns = {{"run": 0, "task": 0, "group": 0, "timeout": 0}}
            self.mail = []

        async def run(self):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.turn, "group")
                tasks.start_soon(self.time_out)
                tasks.start_soon(self.read)
                other = asyncio.create_task(self.turn("task"))
                try:
                    await self.turn("run")
                finally:
                    other.cancel()

        async def turn(self, what):
            while True:
                await asyncio.sleep(0)
                self.beat()
                self.turns[what] += 1

        async def time_out(self):
            while True:
                try:
                    async with asyncio.timeout(0):
                        await asyncio.Event().wait()
                except TimeoutError:
                    self.turns["timeout"] += 1

        async def read(self):
            async for message in self.subscribe("busy.mail", capacity=3):
                self.mail.append(message.payload)

        async def told(self):
            return dict(self.turns)
"""


async def turns(bench: Bench, count: int = 50) -> dict[str, int]:
    for _ in range(count):
        await asyncio.sleep(0)
    kernel: Any = bench.supervisor.child("busy").instance
    return dict(kernel.turns)


async def test_every_task_of_a_paused_kernel_stands_still_until_it_is_resumed(tmp_path: Path) -> None:
    write(tmp_path, "busy.py", WORKS.format())
    async with supervising(tmp_path) as bench:
        await bench.running("busy")
        before = await turns(bench)
        assert all(count > 0 for count in before.values())
        bench.supervisor.pause("busy")
        stood = await turns(bench)
        assert await turns(bench) == stood
        bench.supervisor.resume("busy")
        after = await turns(bench)
        assert all(after[what] > stood[what] for what in stood)


async def test_mail_gathers_under_its_policy_while_its_reader_is_paused(tmp_path: Path) -> None:
    write(tmp_path, "busy.py", WORKS.format())
    async with supervising(tmp_path) as bench:
        await bench.running("busy")
        kernel: Any = bench.supervisor.child("busy").instance
        bench.supervisor.pause("busy")
        for number in range(5):
            bench.bus.publish("busy.mail", number, source="room")
            await turns(bench)
        assert kernel.mail == []
        bench.supervisor.resume("busy")
        await turns(bench)
        assert kernel.mail == [2, 3, 4]


async def test_a_pause_longer_than_the_heartbeat_limit_is_no_hang(tmp_path: Path) -> None:
    write(tmp_path, "busy.py", WORKS.format())
    clock = ManualClock()
    async with supervising(tmp_path, clock=clock) as bench:
        await bench.running("busy")
        bench.supervisor.pause("busy")
        await clock.advance(3600.0)
        bench.supervisor.second()
        bench.supervisor.resume("busy")
        bench.supervisor.second()
        await turns(bench)
        assert bench.states()["busy"] == "running"
        assert bench.failures.pop() is None


@pytest.mark.parametrize(("verb", "state"), [("stop", "stopped"), ("restart", "running")])
async def test_a_paused_kernel_can_be_stopped_and_restarted(tmp_path: Path, verb: str, state: str) -> None:
    write(tmp_path, "busy.py", WORKS.format())
    async with supervising(tmp_path) as bench:
        await bench.running("busy")
        bench.supervisor.pause("busy")
        await turns(bench)
        child = bench.supervisor.child("busy")
        getattr(bench.supervisor, verb)("busy")
        with anyio.fail_after(5):
            while child.state != state:
                await child.moved.wait()
        if state == "running":
            assert (await turns(bench))["run"] > 0


async def test_a_call_waits_for_a_paused_provider_to_be_resumed(tmp_path: Path) -> None:
    write(tmp_path, "busy.py", WORKS.format())
    clock = ManualClock()
    async with supervising(tmp_path, clock=clock) as bench:
        await bench.running("busy")
        bench.supervisor.pause("busy")
        call = asyncio.create_task(bench.supervisor.resolve("user", "busy"))
        await clock.advance(supervisor.HANDLE_WAIT / 2)
        assert not call.done()
        bench.supervisor.resume("busy")
        assert await call is bench.supervisor.child("busy").instance
        bench.supervisor.pause("busy")
        call = asyncio.create_task(bench.supervisor.resolve("user", "busy"))
        await clock.advance(supervisor.HANDLE_WAIT)
        with pytest.raises(ProviderDown, match="user called busy, which is paused"):
            await call


async def test_what_a_paused_kernel_was_asked_to_finish_it_finishes_when_it_is_stopped(tmp_path: Path) -> None:
    write(
        tmp_path,
        "careful.py",
        """
        from grace_tui.kernel import Kernel

        class Careful(Kernel):
            async def drain(self):
                self.context.bus.publish("careful.drains", 1, source=self.name)
                async for _ in self.subscribe("careful.goes"):
                    self.done = True
                    return

            def save_state(self):
                return {"done": getattr(self, "done", False)}
        """,
    )
    async with supervising(tmp_path) as bench:
        drains = bench.bus.subscribe("room", "careful.drains")
        await bench.running("careful")
        bench.supervisor.pause("careful")
        bench.supervisor.stop("careful")
        assert await drains.receive(5)
        child = bench.supervisor.child("careful")
        assert child.scope is not None
        assert not child.scope.cancel_called
        bench.bus.publish("careful.goes", 1, source="room")
        with anyio.fail_after(5):
            while child.state != "stopped":
                await child.moved.wait()
        assert bench.supervisor.parts.load_state("careful") == {"done": True}
