"""How often something normally shows that it is at work, and for how long it has been silent by that measure."""

import statistics
from collections import deque

KEPT = 60
LEARNT = 20
"""Pauses that have to be known before a silence can be judged."""
STEADY = 4.0
"""A rhythm whose longest pause is more than this many times its usual one is none: bursts end in silence."""


class Rhythm:
    """The pauses between two signs of work of one subject. A sign is any change of `mark`."""

    def __init__(self) -> None:
        self.pauses: deque[float] = deque(maxlen=KEPT)
        self.mark: object = None
        self.last: float | None = None
        """Monotonic time of the last sign."""

    def see(self, mark: object, now: float) -> None:
        if self.last is not None and mark == self.mark:
            return
        if self.last is not None:
            self.pauses.append(now - self.last)
        self.mark, self.last = mark, now

    def interrupt(self) -> None:
        """It does not work at the moment and is not expected to: what it knows of its pauses stays."""
        self.mark = self.last = None

    @property
    def usual(self) -> float | None:
        """Its longest pause, where it works steadily; None where it has no rhythm or none is known yet."""
        if len(self.pauses) < LEARNT:
            return None
        longest = max(self.pauses)
        return longest if longest <= STEADY * max(statistics.median(self.pauses), 1e-9) else None

    def silent_for(self, now: float) -> float:
        return 0.0 if self.last is None else now - self.last
