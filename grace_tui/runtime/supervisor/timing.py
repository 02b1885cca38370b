"""Time for the supervisor: every limit and delay goes by the injected clock, so that a test can move it.

`Bell` wakes the one life that waits for it; `Limit` gives a piece of work a limit.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from grace_tui.kernel.ports import Clock


class Timer(Protocol):
    def cancel(self) -> object: ...


class TimerClock(Clock, Protocol):
    """A clock that also calls back."""

    def call_later(self, seconds: float, act: Callable[[], object]) -> Timer: ...


class Bell:
    """Wakes one waiter. A ring before the wait counts, until `clear`."""

    __slots__ = ("_waiter", "rung")

    def __init__(self) -> None:
        self.rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        self.rung = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def clear(self) -> None:
        self.rung = False

    async def wait(self, clock: TimerClock, seconds: float | None = None) -> None:
        """Return at a ring, or after `seconds`; at once where it rang since the last `clear`."""
        if self.rung:
            return
        waiter = self._waiter = asyncio.get_running_loop().create_future()
        timer = None if seconds is None else clock.call_later(max(seconds, 0.0), lambda: _end(waiter))
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


class Limit:
    """A limit for the block under it; `expired` says whether the block was cut short.

    It cancels once: a block that swallows its cancellation goes on. (An anyio scope would insist, at several times the
    cost; whoever ends a kernel for good uses one.)
    """

    __slots__ = ("_before", "_task", "_timer", "clock", "expired", "seconds")

    def __init__(self, clock: TimerClock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds
        self.expired = False

    def __enter__(self) -> "Limit":
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limit needs a task to cancel")
        self._task, self._before = task, task.cancelling()
        self._timer = self.clock.call_later(self.seconds, self._expire)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._timer.cancel()
        # Cancelled by somebody else as well, the block is not only too late: then the cancellation goes on its way.
        return self.expired and self._task.uncancel() <= self._before and kind is asyncio.CancelledError

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()


def _end(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
