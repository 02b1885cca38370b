"""Tells what has stopped getting on: things whose mark stays the same for too long. Pure but for what it remembers.

Used by the healer for claimed tasks, and by the two kernels that watch over each other.
"""

from collections.abc import Hashable, Mapping


class Progress:
    def __init__(self, after: float) -> None:
        self.after = after
        """Seconds with the same mark from which on a thing is stuck."""
        self._marks: dict[str, tuple[Hashable, float]] = {}

    def stuck(self, marks: Mapping[str, Hashable], now: float) -> dict[str, float]:
        """Take the marks of this moment; returns what is stuck, and for how many seconds."""
        kept = {}
        for name, mark in marks.items():
            old = self._marks.get(name)
            kept[name] = old if old is not None and old[0] == mark else (mark, now)
        self._marks = kept
        return {name: now - since for name, (_, since) in kept.items() if now - since >= self.after}
