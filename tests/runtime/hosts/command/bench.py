"""A command kernel driven as the supervisor drives it, with a real program behind it; only its ports are in memory."""

import asyncio
import dataclasses
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from grace_tui.kernel.fakes import MemoryLog
from grace_tui.kernel.testing import Bench, ManualClock, RealClock
from grace_tui.runtime.hosts.command import CommandSpec
from grace_tui.runtime.hosts.command.kernel import CommandKernel
from grace_tui.runtime.hosts.command.source import CommandSource

PATIENCE = 10.0


class Log(MemoryLog):
    """Lets a test wait for a line."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def output(self, stream: str, lines: Sequence[str]) -> None:
        super().output(stream, lines)
        self._more.set()

    async def heard(self, text: str) -> str:
        """The first line that contains `text`."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for line in self.lines:
                    if text in line:
                        return line
                self._more.clear()
                await self._more.wait()

    async def number(self, text: str) -> int:
        """The number at the end of that line."""
        return int((await self.heard(text)).split()[-1])


@dataclass
class Served:
    kernel: CommandKernel
    log: Log
    bench: Bench
    failures: list[tuple[BaseException, str]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    running: "asyncio.Task[None] | None" = None

    def failed(self, error: BaseException, phase: str) -> None:
        self.failures.append((error, phase))
        self.told.set()

    async def failure(self) -> tuple[BaseException, str]:
        """The next failure that did not end the kernel."""
        async with asyncio.timeout(PATIENCE):
            await self.told.wait()
        self.told.clear()
        return self.failures[-1]

    async def ended(self) -> None:
        """Wait for the end of `run`; raises what it raised."""
        assert self.running is not None
        async with asyncio.timeout(PATIENCE):
            await self.running

    async def stop(self) -> None:
        if self.running is not None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)
        await self.kernel.stop()


def shell(script: str, **fields: Any) -> CommandSpec:
    return CommandSpec(("sh", "-c", script), **fields)


async def made(root: Path, command: CommandSpec, clock: RealClock | ManualClock, spec: Mapping[str, Any]) -> Served:
    """A kernel that was not started yet."""
    source = CommandSource(command, root, anyio.CapacityLimiter(4))
    kind = (await source.load("web")).kind
    kind.spec = dataclasses.replace(kind.spec, **spec)
    bench = Bench(root, clock, {})
    log = Log()
    bench.logs["web"] = log
    context = bench.context("web", {}, {})
    kernel = kind(context)
    assert isinstance(kernel, CommandKernel)
    served = Served(kernel, log, bench)
    context.failed = served.failed
    return served


@asynccontextmanager
async def serving(
    root: Path, command: CommandSpec, *, clock: RealClock | ManualClock | None = None, probe: bool = True, **spec: Any
) -> AsyncIterator[Served]:
    """Start, run and probe; stop at the end."""
    served = await made(root, command, clock or RealClock(), spec)
    try:
        await served.kernel.start()
        served.running = asyncio.create_task(served.kernel.run())
        if probe:
            await served.kernel.probe()
        yield served
    finally:
        await served.stop()


async def gone(pid: int) -> None:
    """Wait until a process has ended, whoever's child it is."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, over.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await over.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something of which no event tells."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
