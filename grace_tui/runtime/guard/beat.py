"""The loop's own heartbeat: when it last turned, how late its turns come, and what its thread had used by then.

Made and turned on the loop's thread; the guard only reads.
"""

import asyncio
import threading
import time
from collections import deque
from dataclasses import dataclass

from grace_tui.runtime.guard.use import ThreadUse, Use

BEAT_SECONDS = 0.02
KEPT = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the loop's thread."""

    at: float
    """Monotonic seconds."""
    use: Use | None
    """None where nobody counts it."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the loop's turns came, in seconds."""

    worst: float = 0.0
    median: float = 0.0
    p99: float = 0.0


class LoopBeat:
    """Turns every `BEAT_SECONDS` once it is started."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self._use = ThreadUse()
        self._late: deque[float] = deque(maxlen=KEPT)
        self._timer: asyncio.TimerHandle | None = None
        self.last = self.now()
        """When the loop last turned."""

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
        self.last = self.now()
        self._late.append(max(self.last.at - due, 0.0))

    def now(self) -> Mark:
        """This moment; any thread."""
        return Mark(time.monotonic(), self._use.read())

    def take_lag(self) -> Lag:
        """The lag since this was last asked."""
        late, self._late = sorted(self._late), deque(maxlen=KEPT)
        if not late:
            return Lag()
        return Lag(late[-1], late[len(late) // 2], late[min(len(late) * 99 // 100, len(late) - 1)])
