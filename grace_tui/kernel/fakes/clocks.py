"""Time that a test moves."""

import asyncio
from collections.abc import Callable


class ManualTimer:
    """One call that a ManualClock owes."""

    def __init__(self, clock: "ManualClock", due: float, act: Callable[[], object]) -> None:
        self.clock, self.due, self.act = clock, due, act

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


class ManualClock:
    """Time that stands still until `advance`; timers and sleepers come in the order they are due."""

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self.timers: list[ManualTimer] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        timer = self.call_later(seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def call_later(self, seconds: float, act: Callable[[], object]) -> ManualTimer:
        timer = ManualTimer(self, self.now + seconds, act)
        self.timers.append(timer)
        return timer

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass, giving every timer and sleeper that falls due its turn."""
        until = self.now + seconds
        await _settle()
        while due := [timer for timer in self.timers if timer.due <= until]:
            timer = min(due, key=lambda found: found.due)
            timer.cancel()
            self.now = max(self.now, timer.due)
            timer.act()
            await _settle()
        self.now = until


async def _settle(turns: int = 20) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
