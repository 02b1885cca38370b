"""Reading what programs print: all of it arrives, in bounded memory, and the loop stays free for others."""

import asyncio
import os
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from grace_tui.kernel.fakes import MemoryLog
from grace_tui.runtime.hosts.output import OutputReader
from grace_tui.runtime.storage import KernelLog


class Counting(MemoryLog):
    """Counts and forgets, so that what a test measures is the reader."""

    count = longest = batches = 0

    def output(self, stream: str, lines: object) -> None:
        assert isinstance(lines, list)
        self.batches += 1
        self.count += len(lines)
        self.longest = max(self.longest, *map(len, lines))


async def opened(reader: OutputReader, child: asyncio.subprocess.Process, limit: float = 20.0) -> None:
    """Read all that a child prints, to its end."""
    reader.start()
    async with asyncio.timeout(limit):
        await reader.drained()
        await child.wait()


async def printing(code: str) -> tuple[int, asyncio.subprocess.Process]:
    """A program, and the end of its pipe to read from."""
    read, write = os.pipe()
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=write)
    os.close(write)
    return read, child


async def test_lines_reach_the_log_and_the_listener_in_order() -> None:
    read, write = os.pipe()
    log, heard = MemoryLog(), list[str]()
    reader = OutputReader(read, log, "stderr", on_line=heard.append)
    reader.start()
    os.write(write, b"one\ntw")
    os.write(write, b"o\nrest")
    os.close(write)
    await reader.drained()
    assert log.lines == ["stderr one", "stderr two", "stderr rest"]
    assert heard == ["one", "two", "rest"]
    assert (reader.lines, reader.bytes, reader.cut) == (3, 12, 0)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(read)


async def test_what_a_dead_child_left_in_the_pipe_is_handed_on_while_another_holds_it_open() -> None:
    read, write = os.pipe()
    log = MemoryLog()
    reader = OutputReader(read, log, "stdout")
    reader.start()
    os.write(write, b"last words\nhalf a line")
    reader.close()
    reader.close()
    await reader.drained()
    assert log.lines == ["stdout last words", "stdout half a line"]
    with pytest.raises(BrokenPipeError):
        os.write(write, b"nobody listens")
    os.close(write)


async def test_a_listener_that_fails_is_told_and_costs_no_line() -> None:
    read, write = os.pipe()
    log = MemoryLog()

    def fails(line: str) -> None:
        raise ValueError(line)

    reader = OutputReader(read, log, "stdout", on_line=fails)
    reader.start()
    os.write(write, b"one\ntwo\n")
    os.close(write)
    with pytest.raises(ValueError, match="one"):
        await reader.drained()
    assert len(log.lines) == 2


async def test_ten_megabytes_without_a_newline_cost_bounded_memory() -> None:
    log = Counting()
    read, child = await printing("import os\nfor _ in range(160): os.write(1, b'x' * 65536)\nos.write(1, b'end\\n')")
    reader = OutputReader(read, log, "stdout")
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        await opened(reader, child)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert reader.bytes == 160 * 65536 + 4
    assert log.longest == 65536
    assert reader.cut == 160
    assert peak < 2_000_000


async def test_the_loop_stays_free_while_programs_flood_it(tmp_path: Path) -> None:
    flood = "import os\nfor _ in range(4): os.write(1, b'y\\n' * 32768)"
    children = [await printing(flood) for _ in range(4)]
    logs = [KernelLog(tmp_path / f"{number}.jsonl", "loud") for number in range(4)]
    readers = [OutputReader(read, log, "stdout") for (read, _), log in zip(children, logs, strict=True)]
    lags: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            lags.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    try:
        await asyncio.gather(*(opened(reader, child) for reader, (_, child) in zip(readers, children, strict=True)))
    finally:
        ticking.cancel()
        for log in logs:
            log.close()
    assert [reader.lines for reader in readers] == [4 * 32768] * 4
    # Two turns of the pump a sleep, and room for a machine that does other things too.
    assert sorted(lags)[len(lags) // 2] < 0.05


async def test_a_quiet_program_is_heard_beside_a_loud_one() -> None:
    loud_read, loud = await printing("import os\nwhile True: os.write(1, b'loud\\n' * 10000)")
    read, write = os.pipe()
    heard = asyncio.Event()
    flooded = asyncio.Event()
    noise = OutputReader(loud_read, Counting(), "stdout", on_line=lambda line: flooded.set())
    quiet = OutputReader(read, MemoryLog(), "stdout", on_line=lambda line: heard.set())
    noise.start()
    quiet.start()
    async with asyncio.timeout(5):
        await flooded.wait()
        os.write(write, b"help\n")
        await heard.wait()
    loud.kill()
    await loud.wait()
    os.close(write)
    noise.close()
    await quiet.drained()
