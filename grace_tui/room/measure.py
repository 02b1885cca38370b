"""What the core measures of its own process, once a second."""

import os
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class ProcessMeasure:
    cpu_percent: float = 0.0
    """Of one core, since the last reading."""
    rss_bytes: int = 0


class ProcessMeter:
    """Reads this process's CPU and memory without waiting."""

    def __init__(self) -> None:
        self._process = psutil.Process(os.getpid())
        self._process.cpu_percent(None)
        self.latest = ProcessMeasure(0.0, self._process.memory_info().rss)

    def read(self) -> ProcessMeasure:
        self.latest = ProcessMeasure(self._process.cpu_percent(None), self._process.memory_info().rss)
        return self.latest


class RateMeter:
    """Turns a growing total into units per second between two readings."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._total: float | None = None
        self._at = 0.0

    def read(self, total: float, now: float) -> float:
        if self._total is not None and now > self._at:
            self.rate = max(total - self._total, 0.0) / (now - self._at)
        self._total, self._at = total, now
        return self.rate
