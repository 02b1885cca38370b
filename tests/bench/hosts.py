"""What a process of its own costs a kernel: to start, to start again after a kill, to be asked, and in memory.

Beside it on the same machine: a bare Python start, and a plain fork by `multiprocessing`, which is the limit.
"""

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import KernelStateChanged
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.settings import Settings
from grace_tui.settings.model import SupervisorSettings
from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

NAME = "calm"
KILLS, CALLS, STARTS = 60, 2000, 10
REST_SECONDS = 0.15
"""Between two kills: long enough for the next spare and for the evidence of the last."""
PATIENCE = 10.0
# Without a backoff every restart is what the first one is.
SETTINGS = Settings(supervisor=SupervisorSettings(intensity=1000, backoff_base=0.0))
SOURCE = '''"""Answers."""

from grace_tui.kernel import Kernel, KernelSpec


class Calm(Kernel):
    spec = KernelSpec(isolation="process")

    async def ping(self, number: int) -> int:
        return number
'''


def measure() -> Iterator[Row]:
    with workspace_of({NAME: SOURCE}) as workspace:
        yield from asyncio.run(_in_a_room(workspace))
    bare = [_timed(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(STARTS)]
    yield Row("python_start", "bare Python start and end", "ms", bare)
    yield Row("fork", "multiprocessing's fork -> it answers and ends", "ms", [_timed(_fork) for _ in range(STARTS)])


async def _in_a_room(workspace: Workspace) -> list[Row]:
    began = time.perf_counter()
    async with open_room(workspace, SETTINGS, ViewHub()) as room:
        if not await room.supervisor.wait_running(NAME, PATIENCE):
            raise TimeoutError(f"{NAME} did not start: {room.supervisor.child(NAME).error}")
        first = (time.perf_counter() - began) * 1000
        kills = [await _kill(room) for _ in range(KILLS)]
        calls = [await _call(room) for _ in range(CALLS)]
        memory = _private_mb(_pid(room))
    return [
        Row("process_first", "open a room -> its first process kernel RUNNING, forkserver and all", "ms", [first]),
        Row("process_restart", "kill -9 -> RUNNING again, warm spare", "ms", kills, 25),
        Row("process_call", "a service of a process kernel asked and answered", "us", calls),
        Row("process_memory", "memory of one kernel's process that nobody shares", "MB", [memory]),
    ]


async def _kill(room: Room) -> float:
    """Milliseconds from a kill to the kernel running again."""
    await asyncio.sleep(REST_SECONDS)
    box = room.parts.bus.subscribe("bench", KernelStateChanged.topic)
    try:
        began = time.perf_counter()
        os.kill(_pid(room), signal.SIGKILL)
        while message := await box.receive(PATIENCE):
            event = message.payload
            if isinstance(event, KernelStateChanged) and event.kernel == NAME and event.new == "running":
                return (time.perf_counter() - began) * 1000
    finally:
        box.close()
    raise TimeoutError(f"{NAME} was not running again within {PATIENCE:g} s")


async def _call(room: Room) -> float:
    began = time.perf_counter()
    instance = await room.supervisor.resolve("bench", NAME)
    await instance.ping(1)  # type: ignore[attr-defined]  # a service of the kernel above
    return (time.perf_counter() - began) * 1_000_000


def _pid(room: Room) -> int:
    instance = room.supervisor.child(NAME).instance
    vitals = None if instance is None else instance.vitals()
    if vitals is None:
        raise GraceError(f"{NAME} has no process")
    return vitals.pid


def _private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _fork() -> None:
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=_answer, args=(there,))
    process.start()
    here.recv()
    process.join()


def _answer(pipe: "multiprocessing.connection.Connection") -> None:
    pipe.send(True)


NAMES = (
    "process_first",
    "process_restart",
    "process_call",
    "process_memory",
    "python_start",
    "fork",
)
GROUP = Group(NAMES, measure)
