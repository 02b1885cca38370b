"""What a kernel's process tells of itself without being asked: beats, work done, and a few words for its tile.

Beats are sent when the kernel beats, from nowhere else, and not more often than the room needs them.
"""

import asyncio
import time

from grace_tui.kernel.base import Kernel
from grace_tui.runtime.hosts.process.inside.channel import Channel

SECOND = 1.0
"""How often counts and the summary are looked at."""
SOON = 0.05
"""How long work done may stay untold: what ends with the process is not counted."""
BEATS = 8
"""Beats told in one beat interval, at most."""


class Pulse:
    def __init__(self, channel: Channel, loop: asyncio.AbstractEventLoop) -> None:
        self.channel, self.loop = channel, loop
        self.kernel: Kernel | None = None
        self.apart = 0.0
        """Seconds between two beats that are told."""
        self._beat_at = 0.0
        self._units = 0
        self._counting = False
        """Whether what was counted is about to be told."""
        self._summary = ""

    def begin(self, beat_interval: float) -> None:
        self.apart = beat_interval / BEATS
        self.loop.call_later(SECOND, self._second)

    def beat(self) -> None:
        now = time.monotonic()
        if now - self._beat_at >= self.apart:
            self._beat_at = now
            self.channel.tell("beat")

    def count(self, units: int) -> None:
        self._units += units
        if not self._counting and self.channel.on_loop:
            self._counting = True
            self.loop.call_later(SOON, self._tell_count)

    def _tell_count(self) -> None:
        self._counting = False
        self.flush()

    def flush(self) -> None:
        """Tell what is new since the last time."""
        units, self._units = self._units, 0
        summary = self._ask_summary()
        if units or summary != self._summary:
            self._summary = summary
            self.channel.tell("pulse", units, summary)

    def _second(self) -> None:
        self.loop.call_later(SECOND, self._second)
        self.flush()

    def _ask_summary(self) -> str:
        if self.kernel is None:
            return ""
        try:
            return str(self.kernel.summary())
        except Exception as error:  # kernel code: what it could not say is shown in its place
            return f"summary failed: {type(error).__name__}: {error}"
