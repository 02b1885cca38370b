"""Four programs that print as fast as they can, captured into four logs: lines, the CPU they cost, what the loop loses.

The programs write ready-made blocks, so that what is measured is the reading. Their CPU is not the room's.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grace_tui.kernel.tracebacks import TracebackFinder
from grace_tui.runtime.hosts.output import OutputReader
from grace_tui.runtime.storage import KernelLog
from tests.bench.rows import Group, Row

PROGRAMS, LINES, ROUNDS = 4, 150_000, 5
FLOOD = """
import os
block = "".join(
    f"2024-05-01 12:00:{i % 60:02d} INFO request {i} GET /api/v1/items/{i * 7} 200 {i % 97} ms user=u{i % 13}\\n"
    for i in range(1000)
).encode()
for _ in range(LINES // 1000):
    left = memoryview(block)
    while left:
        left = left[os.write(2, left):]
"""


@dataclass(frozen=True, slots=True)
class _Round:
    rate: float
    cpu_percent: float
    cpu_us: float
    """CPU microseconds of one line."""
    lags: list[float]
    """How much too late each sleep of 5 ms ended, in ms."""


def measure() -> Iterator[Row]:
    rounds = [asyncio.run(_round()) for _ in range(ROUNDS + 1)][1:]
    what = f"output of {PROGRAMS} programs"
    yield Row("output", f"{what}, lines captured", "/s", [each.rate for each in rounds], 200_000, better="more")
    yield Row("output_cpu", f"{what}, CPU of the room while they flood", "%", [each.cpu_percent for each in rounds])
    yield Row("output_line", f"{what}, CPU of one line", "µs", [each.cpu_us for each in rounds])
    yield Row("output_lag", f"{what}, loop lag", "ms", [lag for each in rounds for lag in each.lags])


async def _round() -> _Round:
    with tempfile.TemporaryDirectory() as folder:
        logs = [KernelLog(Path(folder) / f"{number}.jsonl", f"flood-{number}") for number in range(PROGRAMS)]
        lags: list[float] = []
        watching = asyncio.create_task(_watch(lags))
        began, cpu = time.perf_counter(), time.process_time()
        counts = await asyncio.gather(*(_capture(log) for log in logs))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        watching.cancel()
        for log in logs:
            log.close()
    if counts != [LINES] * PROGRAMS:
        raise AssertionError(f"lines were lost: {counts}")
    total = PROGRAMS * LINES
    return _Round(total / seconds, 100 * cpu / seconds, 1e6 * cpu / total, lags)


async def _capture(log: KernelLog) -> int:
    """One program, read as the hosts read stderr: into its log, and looked through for tracebacks."""
    read, write = os.pipe()
    code = FLOOD.replace("LINES", str(LINES))
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=write)
    os.close(write)
    reader = OutputReader(read, log, "stderr", on_line=TracebackFinder().feed)
    reader.start()
    await reader.drained()
    await program.wait()
    return reader.lines


async def _watch(lags: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(max(time.perf_counter() - began - 0.005, 0.0) * 1000)


GROUP = Group(("output", "output_cpu", "output_line", "output_lag"), measure)
