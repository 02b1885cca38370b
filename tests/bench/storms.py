"""A kernel that reports a thousand failures a second, the same ones and ever different ones, in an open room.

What the loop loses while it lasts, the incidents that come of it, and what memory is left behind.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psutil

from grace_tui.healing.incidents.storms import ALIKE
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

SECONDS, WARM_SECONDS, RATE = 60.0, 3.0, 1_000
PATIENCE = 30.0
STEP = 0.005
"""Seconds between two looks at the loop."""
NAME = "stormy"
SOURCE = '''"""Reports failures as fast as it is told to, in the same or in ever different words, and goes on."""

import time

from grace_tui.kernel import Kernel, Message

STEP = 0.005


class Stormy(Kernel):
    async def start(self) -> None:
        self.told = 0

    async def run(self) -> None:
        async for message in self.subscribe("bench.storm"):
            assert isinstance(message, Message)
            rate, seconds, way = message.payload
            await self.storm(rate, seconds, getattr(self, way))

    async def storm(self, rate: int, seconds: float, way) -> None:
        began, first = time.monotonic(), self.told
        while (now := time.monotonic()) < began + seconds:
            while self.told - first < rate * (now - began):
                self.told += 1
                try:
                    way(self.told)
                except Exception as error:
                    self.context.failed(error, "run")
            await self.sleep(STEP)

    def same(self, number: int) -> None:
        raise ValueError("the tray is empty")

    def numbered(self, number: int) -> None:
        raise ValueError(f"order {number} of tray {number % 7} is gone")

    def worded(self, number: int) -> None:
        letters = "".join(chr(97 + int(digit)) for digit in f"{number:06}")
        raise ValueError(f"the {letters} of the {letters[::-1]} is gone")
'''
WAYS = {"same": "the same", "numbered": "with other numbers", "worded": "in other words"}
"""Signed the same twice; of the third, each has a signature of its own."""


@dataclass(frozen=True, slots=True)
class Storm:
    lags: Sequence[float]
    """How much too late each look at the loop came, in ms."""
    told: int
    counted: int
    rows: int
    grown: float
    """MiB of RSS, from after the warm-up to after the storm."""
    cpu_percent: float


def measure() -> Iterator[Row]:
    for way in WAYS:
        with workspace_of({NAME: SOURCE}) as workspace:
            seen = asyncio.run(storm(workspace, way, SECONDS))
        what = f"{RATE:,} failures/s for {SECONDS:g} s, {WAYS[way]}"
        told = f"{seen.counted} of {seen.told} counted, {seen.cpu_percent:.0f} % CPU"
        most = ALIKE if way == "worded" else 1
        yield Row(_name("lag", way), f"{what}: loop lag ({told})", "ms", seen.lags, asked_p99=20)
        yield Row(_name("rows", way), f"{what}: incidents", "", [seen.rows], most)
        yield Row(_name("rss", way), f"{what}: growth of RSS", "MiB", [seen.grown], 10)


async def storm(workspace: Workspace, way: str, seconds: float) -> Storm:
    """One storm, in a room of its own, after a short one that warms it up."""
    async with open_room(workspace, Settings(), ViewHub()) as room:
        if not await room.supervisor.wait_running(NAME, PATIENCE):
            raise TimeoutError(f"{NAME} did not start: {room.supervisor.child(NAME).error}")
        await _rage(room, way, WARM_SECONDS)
        before, already = _rss(), _counted(room)
        lags: list[float] = []
        watching = asyncio.create_task(_watch(lags))
        cpu = time.process_time()
        told = await _rage(room, way, seconds) - already
        cpu = time.process_time() - cpu
        watching.cancel()
        rows = len([record for record in room.parts.book.all() if record.kernel == NAME])
        return Storm(lags, told, _counted(room) - already, rows, _rss() - before, 100 * cpu / seconds)


async def _rage(room: Room, way: str, seconds: float) -> int:
    """Have the kernel storm; returns how many failures it has told in its life, once the book has them all."""
    room.parts.bus.publish("bench.storm", (RATE, seconds, way), source="bench")
    await asyncio.sleep(seconds)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        instance = room.supervisor.child(NAME).instance
        told = int(getattr(instance, "told", 0))
        if told and told == _counted(room):
            return told
    raise TimeoutError(f"{_counted(room)} of {told} failures were counted")


async def _watch(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(STEP)
        lags.append(max(time.perf_counter() - began - STEP, 0.0) * 1000)


def _counted(room: Room) -> int:
    return sum(record.count for record in room.parts.book.all() if record.kernel == NAME)


def _rss() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def _name(what: str, way: str) -> str:
    return f"storm_{what}" if way == "same" else f"storm_{what}_{way}"


GROUP = Group(tuple(_name(what, way) for way in WAYS for what in ("lag", "rows", "rss")), measure)
