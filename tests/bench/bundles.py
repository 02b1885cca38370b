"""What evidence costs: from a failure to its bundle whole on disk, and what of that the supervisor's loop pays."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from grace_tui.healing.incidents.capture import capture
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.settings import Settings
from tests.bench.rows import Group, Row
from tests.bench.scratch import shipped_workspace
from tests.healing.incidents.workshop import load, raised

BUNDLES = 100
REST_SECONDS = 0.2
"""Between two: long enough for what follows a bundle."""
RUNNING, PATIENCE = 20, 30.0
SOURCE = '''"""Fails deep inside, among values of many kinds."""


class Order:
    def __init__(self, number: int, lines: list[dict[str, object]]) -> None:
        self.number, self.lines, self.token = number, lines, "t0p-secret-value"
        self.total: float | None = None

    def price(self, line: dict[str, object]) -> float:
        return line["price"] * line["count"]

    def sum_up(self, depth: int = 8) -> float:
        if depth:
            return self.sum_up(depth - 1)
        return sum(self.price(line) for line in self.lines)


def go(number: int) -> float:
    lines = [{"name": f"thing {at}", "price": 2.5, "count": at} for at in range(50)]
    lines[7].pop("price")
    return Order(number, lines).sum_up()
'''


def measure() -> Iterator[Row]:
    with shipped_workspace() as workspace:
        seen = asyncio.run(_collect(workspace))
    yield Row("bundle", "failure -> its bundle whole on disk", "ms", [whole for _, whole in seen], asked_p95=50)
    yield Row("bundle_loop", "of that, on the supervisor's loop", "ms", [held for held, _ in seen], 1)


async def _collect(workspace: Any) -> list[tuple[float, float]]:
    async with open_room(workspace, Settings(), ViewHub()) as room:
        deadline = time.monotonic() + PATIENCE
        # No event tells that all kernels run, so the states are looked at.
        while _running(room) < RUNNING and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        module = load(workspace.root, "kernels/models/orders.py", SOURCE)
        return [await _once(room, raised(partial(module.go, number)), number) for number in range(BUNDLES)]


def _running(room: Room) -> int:
    return sum(kernel.state == "running" for kernel in room.kernels())


async def _once(room: Room, error: BaseException, number: int) -> tuple[float, float]:
    """Milliseconds on the loop, and until the bundle was whole."""
    await asyncio.sleep(REST_SECONDS)
    failure = capture(error, kernel="scheduler", phase="run", root=room.parts.workspace.root, at=time.time())
    record = replace(_RECORD, id=f"bench-{number}")
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    ended = 0.0

    def done(incident: str, folder: str, problem: str) -> None:
        nonlocal ended
        ended = time.perf_counter()
        if problem:
            raise RuntimeError(problem)
        loop.call_soon_threadsafe(told.set)

    began = time.perf_counter()
    room.parts.evidence.collect(record, failure, error, (), done)
    held = time.perf_counter() - began
    async with asyncio.timeout(PATIENCE):
        await told.wait()
    return held * 1000, (ended - began) * 1000


_RECORD = IncidentRecord(
    id="",
    kernel="scheduler",
    phase="run",
    kind="KeyError",
    message="'price'",
    title="KeyError: 'price'",
    signature="s",
    coarse="c",
    state="open",
    opened_at=0.0,
    last_at=0.0,
    count=1,
)

GROUP = Group(("bundle", "bundle_loop"), measure)
