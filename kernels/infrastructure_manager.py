"""Measures the host and this process: processor, memory, disk, load, and what the room itself uses of them.

Owns the last measurements. Told to everyone as `infrastructure.measured` every few seconds; asked by triggers, screens
and the API. Never waits for a measurement: each compares counters with those of the turn before.
"""

import os
import platform
import socket
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

import anyio.to_thread
import psutil

from grace_tui.kernel import Event, GraceError, Kernel, KernelSpec, NotReady

MEASURE_EVERY = 5.0
KEPT = 720
# A share of processor time says nothing over a shorter span.
SHORTEST_SPAN = 0.5


@dataclass(frozen=True, slots=True)
class HostRegistered(Event):
    """This machine, as it was when the kernel started."""

    topic: ClassVar[str] = "infrastructure.host.registered"
    name: str
    system: str
    release: str
    python: str
    cores: int
    memory_bytes: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostMeasured(Event):
    """One measurement; percentages are of the whole machine, bytes are bytes."""

    topic: ClassVar[str] = "infrastructure.measured"
    at: float
    cpu_percent: float | None
    """None until two readings lie half a second apart."""
    memory_percent: float
    memory_available: int
    disk_percent: float
    disk_free: int
    load: float
    """Average number of runnable processes over the last minute."""
    process_cpu_percent: float | None
    """Of one core; may exceed 100."""
    process_rss: int
    process_threads: int
    process_files: int


class InfrastructureManager(Kernel):
    spec = KernelSpec(requires=("message_bus",), priority=9)

    async def start(self) -> None:
        pace = self.settings.get("every", MEASURE_EVERY)
        if not isinstance(pace, (int, float)) or pace < 1:
            raise GraceError(f"kernels.infrastructure_manager: every is {pace!r}; expected 1 second or more")
        self.pace = float(pace)
        self.measured: deque[HostMeasured] = deque(maxlen=KEPT)
        self.own = psutil.Process()
        self.read_at, self.busy, self.total, self.own_busy = self._counters()
        self.registered = await anyio.to_thread.run_sync(_host)
        self.publish(self.registered)

    async def run(self) -> None:
        async for _ in self.every(self.pace):
            self.publish(await self.measure())
            self.count()

    async def probe(self) -> None:
        found = await self.measure()
        if not (found.memory_available > 0 and found.process_rss > 0 and found.disk_free >= 0):
            raise NotReady(f"the host cannot be measured: {found}")

    def summary(self) -> str:
        if not self.measured:
            return ""
        last = self.measured[-1]
        cpu = "–" if last.cpu_percent is None else f"{last.cpu_percent:.0f} %"
        return f"cpu {cpu} mem {last.memory_percent:.0f} % disk {last.disk_percent:.0f} %"

    # ---- services

    async def measure(self) -> HostMeasured:
        """Measure now; kept in the history."""
        # A hanging network mount may keep `disk_usage` waiting for long.
        disk = await anyio.to_thread.run_sync(psutil.disk_usage, str(self.context.workspace.root))
        cpu, own_cpu = self._shares()
        memory = psutil.virtual_memory()
        with self.own.oneshot():
            found = HostMeasured(
                at=self.context.clock.time(),
                cpu_percent=cpu,
                memory_percent=memory.percent,
                memory_available=memory.available,
                disk_percent=disk.percent,
                disk_free=disk.free,
                load=os.getloadavg()[0],
                process_cpu_percent=own_cpu,
                process_rss=self.own.memory_info().rss,
                process_threads=self.own.num_threads(),
                process_files=self.own.num_fds(),
            )
        self.measured.append(found)
        return found

    async def host(self) -> HostRegistered:
        """Name, system and addresses of this machine."""
        return self.registered

    async def process(self) -> HostMeasured:
        """The last measurement, which tells of this process as well."""
        return self.measured[-1] if self.measured else await self.measure()

    async def history(self, limit: int = KEPT) -> tuple[HostMeasured, ...]:
        """The last measurements, oldest first."""
        return tuple(self.measured)[-limit:]

    # ---- helpers

    def _counters(self) -> tuple[float, float, float, float]:
        """When, and the seconds the machine was busy, was there at all, and worked for this process."""
        times = psutil.cpu_times()
        # Guests are counted within user time by Linux; adding them would count them twice.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        own = self.own.cpu_times()
        return self.context.clock.monotonic(), total - idle, total, own.user + own.system

    def _shares(self) -> tuple[float | None, float | None]:
        """Busy share of the machine and of one core by this process since the last reading, in percent."""
        now, busy, total, own_busy = self._counters()
        span, whole = now - self.read_at, total - self.total
        if span < SHORTEST_SPAN or whole <= 0:
            last = self.measured[-1] if self.measured else None
            return (last.cpu_percent, last.process_cpu_percent) if last else (None, None)
        host = min(100.0, max(0.0, 100.0 * (busy - self.busy) / whole))
        own = max(0.0, 100.0 * (own_busy - self.own_busy) / span)
        self.read_at, self.busy, self.total, self.own_busy = now, busy, total, own_busy
        return host, own


def _host() -> HostRegistered:
    wanted = (socket.AF_INET, socket.AF_INET6)
    addresses = {
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family in wanted
    }
    return HostRegistered(
        name=socket.gethostname(),
        system=platform.system(),
        release=platform.release(),
        python=platform.python_version(),
        cores=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        addresses=tuple(sorted(addresses)),
    )
