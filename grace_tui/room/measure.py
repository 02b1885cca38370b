"""What the core measures of its own process and of the machine, once a second."""

import os
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True)
class HostMeasure:
    cpu_percent: float | None = None
    """Of the whole machine, since the last reading; None before there were two."""
    memory_percent: float | None = None
    disk_percent: float | None = None
    """Of the disk that the workspace lies on."""
    load: float | None = None
    """Processes that run or wait to, over the last minute."""


class HostMeter:
    """Reads the machine's CPU, memory, disk and load without waiting; what it does not tell is None."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._times = psutil.cpu_times()
        self.latest = HostMeasure()

    def read(self) -> HostMeasure:
        self.latest = HostMeasure(
            cpu_percent=self._cpu(),
            memory_percent=psutil.virtual_memory().percent,
            disk_percent=self._disk(),
            load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        )
        return self.latest

    def _cpu(self) -> float | None:
        before, self._times = self._times, psutil.cpu_times()
        spent = sum(self._times) - sum(before)
        idle = self._times.idle - before.idle
        return round(min(max(100 * (1 - idle / spent), 0.0), 100.0), 1) if spent > 0 else None

    def _disk(self) -> float | None:
        try:
            return float(psutil.disk_usage(str(self._folder)).percent)
        except OSError:
            return None


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
