"""The loop's own heartbeat: when it last turned, how late its turns come, and how much processor its thread has used.

Made and turned on the loop's thread; the guard only reads.
"""

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass

BEAT_SECONDS = 0.02
KEPT = 200


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the loop's turns came, in seconds."""

    worst: float = 0.0
    median: float = 0.0
    p99: float = 0.0


class LoopBeat:
    """Written every `BEAT_SECONDS` once it is started."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self._clock = _processor_clock(self.thread)
        self._late: deque[float] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self.last = time.monotonic()
        """When the loop last turned."""
        self.used = self.processor()
        """Processor seconds of its thread at that time; None where the system keeps no such count."""

    def start(self) -> None:
        """Beat from now on, on the running loop."""
        loop = asyncio.get_running_loop()

        def turn(due: float) -> None:
            self.turn(due)
            due = time.monotonic() + BEAT_SECONDS
            self._timer = loop.call_later(BEAT_SECONDS, turn, due)

        turn(time.monotonic())

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def turn(self, due: float) -> None:
        """The loop turned; it should have at `due`."""
        now = time.monotonic()
        self._late.append(max(now - due, 0.0))
        # Invariant: `used` belongs to `last` or is newer, so the guard never counts earlier work against a kernel.
        self.used = self.processor()
        self.last = now

    def processor(self) -> float | None:
        """Processor seconds of the loop's thread so far; any thread. None where nobody counts them."""
        if self._clock is None:
            return None
        try:
            return time.clock_gettime(self._clock)
        except OSError:  # the thread has ended
            return None

    def take_lag(self) -> Lag:
        """The lag since this was last asked."""
        late, self._late = sorted(self._late), deque(maxlen=KEPT)
        if not late:
            return Lag()
        return Lag(late[-1], late[len(late) // 2], late[min(len(late) * 99 // 100, len(late) - 1)])


def _processor_clock(thread: int) -> int | None:
    """The clock that counts one thread's processor time. Linux has it, macOS has not."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return None
    return time.pthread_getcpuclockid(thread)
