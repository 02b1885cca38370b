"""Processor time of one check of every trigger in the shipped room, threads among it; the first fills the caches."""

import asyncio
import time
from collections.abc import Awaitable, Iterator

from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.settings import Settings
from tests.bench.rows import Group, Row
from tests.bench.scratch import shipped_workspace

CHECKS, PATIENCE, SETTLE_SECONDS = 30, 30.0, 3.0
OTHERS_SECONDS = 1.0


def measure() -> Iterator[Row]:
    first, later = asyncio.run(_checks())
    yield Row("triggers_cpu", "CPU of one check of all triggers", "ms", later, 100)
    yield Row("triggers_first", "CPU of the first check after opening", "ms", [first])


async def _checks() -> tuple[float, list[float]]:
    with shipped_workspace() as workspace:
        async with open_room(workspace, Settings(), ViewHub()) as room:
            await _all_running(room)
            await asyncio.sleep(SETTLE_SECONDS)
            first = await _check(room)
            return first, [await _check(room) for _ in range(CHECKS)]


async def _check(room: Room) -> float:
    """What a check takes more than the same time without one."""
    idle = await _cpu_of(asyncio.sleep(OTHERS_SECONDS))
    began = time.perf_counter()
    used = await _cpu_of(room.answer("trigger.check", {}, "bench"))
    return (used - idle * (time.perf_counter() - began) / OTHERS_SECONDS) * 1000


async def _cpu_of(work: Awaitable[object]) -> float:
    before = time.process_time()
    await work
    return time.process_time() - before


async def _all_running(room: Room) -> None:
    for name in room.supervisor.children:
        if not await room.supervisor.wait_running(name, PATIENCE):
            raise TimeoutError(f"{name} does not run")


GROUP = Group(("triggers_cpu", "triggers_first"), measure)
