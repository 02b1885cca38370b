"""How often: a rate that decays by itself, and an allowance that refills. The incident book asks with each failure."""

SLOTS, SLOT_SECONDS = 12, 5.0
"""A minute, in twelve parts."""


class Rate:
    """Failures within the last minute, to five seconds; `now` is monotonic."""

    __slots__ = ("counts", "slot")

    def __init__(self) -> None:
        self.counts = [0] * SLOTS
        self.slot = 0

    def add(self, now: float, times: int = 1) -> None:
        self._turn(now)
        self.counts[self.slot % SLOTS] += times

    def per_minute(self, now: float) -> float:
        self._turn(now)
        return float(sum(self.counts))

    def _turn(self, now: float) -> None:
        """Forget what is older than a minute."""
        slot = int(now // SLOT_SECONDS)
        for passed in range(max(self.slot + 1, slot - SLOTS + 1), slot + 1):
            self.counts[passed % SLOTS] = 0
        self.slot = max(self.slot, slot)


class Allowance:
    """`rate` a second, and `most` at once after a rest; `now` is monotonic."""

    __slots__ = ("at", "left", "most", "rate")

    def __init__(self, rate: float, most: float) -> None:
        self.rate, self.most = rate, most
        self.left, self.at = most, float("-inf")

    def take(self, now: float) -> bool:
        """Use one; False where none is left."""
        self._refill(now)
        if self.left < 1:
            return False
        self.left -= 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is one."""
        self._refill(now)
        return max((1 - self.left) / self.rate, 0.0)

    def _refill(self, now: float) -> None:
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now
