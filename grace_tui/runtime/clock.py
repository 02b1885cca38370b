"""The clock of a room: the machine's, with timers on the running loop."""

import asyncio
from collections.abc import Callable

from grace_tui.kernel.clock import RealClock


class SystemClock(RealClock):
    def call_later(self, seconds: float, act: Callable[[], object]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, act)
