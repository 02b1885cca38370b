"""Deliveries of the bus to ten readers, each received by a task of its own."""

import asyncio
import time
from collections.abc import Iterator

from grace_tui.runtime.bus import Mailbox, MemoryBus
from tests.bench.rows import Group, Row

READERS, BURST, BURSTS, ROUNDS = 10, 500, 20, 15


def measure() -> Iterator[Row]:
    rates = [asyncio.run(_round()) for _ in range(ROUNDS + 1)][1:]
    yield Row("bus", f"bus deliveries, {READERS} subscribers, received", "/s", rates, 500_000, better="more")


async def _round() -> float:
    """Deliveries a second over bursts that fit the mailboxes."""
    bus = MemoryBus()
    boxes = [bus.subscribe(f"reader{number}", "bench.fact") for number in range(READERS)]
    began = time.perf_counter()
    for _ in range(BURSTS):
        readers = [asyncio.ensure_future(_read(box)) for box in boxes]
        await asyncio.sleep(0)  # every reader waits, so that the first message of a burst wakes ten tasks
        for number in range(BURST):
            bus.publish("bench.fact", number, source="bench")
        await asyncio.gather(*readers)
    seconds = time.perf_counter() - began
    if bus.statistics().dropped:
        raise AssertionError("the bus dropped messages that had room")
    return bus.delivered / seconds


async def _read(box: Mailbox) -> None:
    for _ in range(BURST):
        await box.receive(10.0)


GROUP = Group(("bus",), measure)
