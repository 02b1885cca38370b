"""Ten thousand random crashes over twenty kernels in an open room: what is lost or stuck, and what memory it costs."""

import asyncio
import gc
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from grace_tui.kernel.events import KernelFailed
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.settings import Settings
from grace_tui.settings.model import SupervisorSettings
from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

CRASHES, WARM_UP, KERNELS, WAYS = 10_000, 1_000, 20, 50
PATIENCE = 30.0
SETTINGS = Settings(supervisor=SupervisorSettings(intensity=1000, period=1, backoff_base=0.0))
SOURCE = '''"""Crashes when it is told to, in one of several ways."""

from grace_tui.kernel import Kernel, Message


class Crasher(Kernel):
    async def run(self) -> None:
        async for message in self.subscribe(f"crash.{self.name}"):
            assert isinstance(message, Message)
            way = message.payload
            if way % 3 == 0:
                raise ValueError(f"way {way % 7}")
            if way % 3 == 1:
                {}["no"]
            raise RuntimeError(f"at {way}")

    def save_state(self) -> dict[str, int]:
        return {"n": 1}
'''


@dataclass(frozen=True, slots=True)
class Soaked:
    told: int
    """Failures that were published."""
    counted: int
    """Failures that the incidents count."""
    restarts: int
    stuck: int
    """Kernels that did not come back."""
    grown: float
    """MiB of RSS from the end of the warm-up to the end."""


def measure() -> Iterator[Row]:
    with workspace_of({f"k{number:02}": SOURCE for number in range(KERNELS)}) as workspace:
        seen = asyncio.run(_soak(workspace))
    lost = CRASHES - min(seen.told, seen.counted, seen.restarts)
    told = f"{seen.told} told, {seen.counted} counted, {seen.restarts} restarts"
    yield Row(
        "soak_lost", f"{CRASHES:,} crashes over {KERNELS} kernels, lost or stuck", "", [lost + seen.stuck], 0, note=told
    )
    yield Row("soak_rss", "the same, growth of RSS after the first thousand", "MiB", [seen.grown], 20)


async def _soak(workspace: Workspace) -> Soaked:
    async with open_room(workspace, SETTINGS, ViewHub()) as room:
        names = [f"k{number:02}" for number in range(KERNELS)]
        if stuck := await _down(room, names):
            raise TimeoutError(f"{', '.join(stuck)} did not start")
        box = room.parts.bus.subscribe("bench", KernelFailed.topic, capacity=CRASHES)
        dice, before, told = random.Random(1), 0.0, 0
        for number in range(CRASHES):
            if number == WARM_UP:
                await _down(room, names)
                before = _rss()
            topic = f"crash.{dice.choice(names)}"
            room.parts.bus.publish(topic, dice.randrange(WAYS), source="bench")
            if number % 5 == 0:
                await asyncio.sleep(0.001)
            # Read as it comes: a failure that waits holds its live exception.
            told += sum(1 for _ in iter(box.pop, None))
        while told < CRASHES and await box.receive(PATIENCE):
            told += 1
        stuck = await _down(room, names)
        grown = _rss() - before
        counted = await _counted(room)
        return Soaked(told, counted, sum(record.restarts for record in room.kernels()), len(stuck), grown)


async def _counted(room: Room) -> int:
    """Failures that incidents count; the room records each just after it is told."""
    deadline, counted = time.monotonic() + PATIENCE, 0
    while counted < CRASHES and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
        counted = sum(record.count for record in room.parts.book.all())
    return counted


async def _down(room: Room, names: list[str]) -> list[str]:
    return [name for name in names if not await room.supervisor.wait_running(name, PATIENCE)]


def _rss() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


GROUP = Group(("soak_lost", "soak_rss"), measure)
