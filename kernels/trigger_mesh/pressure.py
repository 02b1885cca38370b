"""What runs short: processor, memory, disk, open files, waiting for them, and kernels that grow."""

import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio.to_thread
import psutil

from grace_tui.healing.triggers import MeasureSpec, Parameter, Reading
from kernels.trigger_mesh.measure import Inputs, Measure

PRESSURE = Path("/proc/pressure")
MIB = 2**20
LEAST_SECONDS = 2.0


class Cpu(Measure):
    spec = MeasureSpec("cpu", "CPU in use on this machine since the last check", "%")

    async def start(self) -> None:
        self.before, self.last = psutil.cpu_times(), Reading(0.0, "known for too short")

    async def read(self) -> Sequence[Reading]:
        now, before, cores = psutil.cpu_times(), self.before, psutil.cpu_count() or 1
        passed = sum(now) - sum(before)
        if passed >= LEAST_SECONDS * cores:  # over less than that, this process's own work would be the measure
            idle = now.idle - before.idle + getattr(now, "iowait", 0.0) - getattr(before, "iowait", 0.0)
            self.before = now
            self.last = Reading(round(max(100 * (1 - idle / passed), 0.0), 1), f"{cores} cores")
        return [self.last]


class Memory(Measure):
    spec = MeasureSpec("memory", "memory in use on this machine", "%")

    async def read(self) -> Sequence[Reading]:
        memory = psutil.virtual_memory()
        return [Reading(memory.percent, f"{memory.available / MIB:.0f} MiB available")]


class Disk(Measure):
    spec = MeasureSpec("disk", "disk in use under the workspace", "%")

    async def read(self) -> Sequence[Reading]:
        disk = await anyio.to_thread.run_sync(psutil.disk_usage, str(self.inputs.root))
        return [Reading(disk.percent, f"{disk.free / 2**30:.1f} GiB free", facts={"free": disk.free})]


class OpenFiles(Measure):
    spec = MeasureSpec("open_files", "file descriptors of the room in use, of those it may have", "%")

    async def read(self) -> Sequence[Reading]:
        import resource  # not on every system: there the rule says that it is not measured

        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        used = await anyio.to_thread.run_sync(psutil.Process().num_fds)
        if most == resource.RLIM_INFINITY:
            return [Reading(0.0, f"{used}, without a limit")]
        return [Reading(round(100 * used / most, 1), f"{used} of {most}")]


class Stalls(Measure):
    """Pressure stall information of Linux: the share of the last minute in which work waited for something."""

    spec = MeasureSpec(
        "stalls",
        "share of the last minute in which work on this machine waited",
        "%",
        {"of": Parameter(("memory", "io"), "What is waited for: cpu, memory, io.")},
    )

    async def read(self) -> Sequence[Reading]:
        return await anyio.to_thread.run_sync(self._shares)

    def _shares(self) -> Sequence[Reading]:
        if not PRESSURE.is_dir():
            return [Reading(0.0, "this system does not measure it")]
        return [_waited_for(name) for name in self.parameters["of"]]


def _waited_for(name: str) -> Reading:
    fields = (PRESSURE / name).read_text().splitlines()[0].split()
    shares = dict(field.split("=") for field in fields[1:])
    return Reading(float(shares["avg60"]), f"for {name}", name)


class MemoryGrowth(Measure):
    """The lowest memory of the newest third of the window against the oldest third's, so that a spike is no growth."""

    spec = MeasureSpec(
        "memory_growth",
        "growth of a process's memory within the window",
        "%",
        {
            "window": Parameter(1_800.0, "Seconds that are looked back.", 60, 86_400),
            "least": Parameter(64.0, "MiB below which growth is not told.", 0, 1e6),
        },
    )

    def __init__(self, inputs: Inputs, rule: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(inputs, rule, parameters)
        self.sizes: dict[str, deque[tuple[float, int]]] = {}
        self.process = psutil.Process()

    async def read(self) -> Sequence[Reading]:
        now = self.inputs.clock.monotonic()
        sizes = {record.name: record.vitals.rss_bytes for record in self.inputs.records() if record.vitals}
        sizes[""] = self.process.memory_info().rss
        self.sizes = {name: self.sizes.get(name, deque()) for name in sizes}
        return [self._growth(name, size, now) for name, size in sizes.items()]

    def _growth(self, name: str, size: int, now: float) -> Reading:
        kept, window = self.sizes[name], self.number("window")
        kept.append((now, size))
        while kept[0][0] < now - window:
            kept.popleft()
        third = len(kept) // 3
        what = name or "the room"
        if third < 3 or kept[-1][0] - kept[0][0] < window / 2:
            return Reading(0.0, f"{what}: {size / MIB:.0f} MiB, known for too short", name, name)
        values = [value for _, value in kept]
        before, after = min(values[:third]), min(values[-third:])
        grown = 100 * (after - before) / max(before, 1) if after > self.number("least") * MIB else 0.0
        middle = statistics.median(values[third : 2 * third] or [size])
        steady = before <= middle <= after
        detail = f"{what}: {before / MIB:.0f} to {after / MIB:.0f} MiB"
        return Reading(round(max(grown, 0.0), 1) if steady else 0.0, detail, name, name, facts={"rss": size})
