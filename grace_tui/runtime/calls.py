"""How long calls between kernels and requests on the bus took lately: one short write a call, read when asked.

Made by the room; used on the supervisor's loop only.
"""

import time
from collections import deque

from grace_tui.kernel.records import LatencyRecord

KEPT = 128
"""Calls of one method that are remembered."""
METHODS = 500
"""Methods that are remembered; names made on the fly beyond that are not."""
WINDOW = 60.0


class CallMeter:
    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], deque[tuple[float, float]]] = {}

    def note(self, provider: str, name: str, seconds: float) -> None:
        """One call of `name` took so long; `provider` answered it."""
        calls = self._calls.get((provider, name))
        if calls is None:
            if len(self._calls) >= METHODS:
                return
            calls = self._calls[provider, name] = deque(maxlen=KEPT)
        calls.append((time.monotonic(), seconds))

    def read(self) -> tuple[LatencyRecord, ...]:
        """Every method that was called within the last minute."""
        since, found = time.monotonic() - WINDOW, []
        for (provider, name), calls in self._calls.items():
            took = sorted(seconds for at, seconds in calls if at >= since)
            if took:
                last = len(took) - 1
                times = (took[len(took) // 2], took[min(len(took) * 95 // 100, last)], took[last])
                found.append(LatencyRecord(name, provider, len(took), *times))
        return tuple(found)
