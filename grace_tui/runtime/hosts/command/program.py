"""One started program: its end noticed at once, its outputs, and how it is asked, and then made, to end.

Lives on the loop that started it. Signals go to the whole process group, and to those of its processes that left the
group for as long as they can be found: by their session, or by their parents.
"""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from grace_tui.kernel.ports import LogPort
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.hosts.command.census import census
from grace_tui.runtime.hosts.command.environ import ROOM
from grace_tui.runtime.hosts.command.errors import CommandLeft, CommandUnusable
from grace_tui.runtime.hosts.command.guardian import guardian
from grace_tui.runtime.hosts.command.launch import Plan, make_room_for_files, spawn
from grace_tui.runtime.hosts.meter import Process, families, meter
from grace_tui.runtime.hosts.output import OutputReader

POLL = 0.05
"""Seconds between two looks at what is left, where nothing tells."""
KILL_SECONDS = 1.0
"""How long SIGKILL may take; longer, and the system itself holds the process."""
LAST_OUTPUT = 0.5
"""Seconds after a program's end in which its output may end; a process it left behind can hold it open for ever."""

T = TypeVar("T")
OnLine = Callable[[str], None] | None
Turns = anyio.CapacityLimiter
"""How many worker threads the programs of a room use at a time."""


class Program:
    """Made by `start_program`."""

    def __init__(
        self, process: subprocess.Popen[bytes], plan: Plan, outputs: tuple[OutputReader, ...], turns: Turns
    ) -> None:
        self.process, self.outputs, self.turns = process, outputs, turns
        self.pid = process.pid
        self._mark = plan.env[ROOM].encode()
        self.at_end: Callable[[], None] = _nothing
        """Called at its end."""
        self._ended = anyio.Event()
        self._strays: dict[int, float] = {}
        """Its processes outside its group: pid -> when it started."""

    @property
    def code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self.process.returncode

    @property
    def lines(self) -> int:
        """Lines it printed so far."""
        return sum(output.lines for output in self.outputs)

    def attend(self) -> None:
        """Notice its end and read its output from now on, on the running loop."""
        loop = asyncio.get_running_loop()
        try:
            descriptor = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # not Linux, an old one, or a sandbox: its end is noticed a little later
            loop.call_later(POLL, self._poll)
        else:
            loop.add_reader(descriptor, self._reap, descriptor)
        for output in self.outputs:
            output.start()

    async def exited(self) -> int:
        """Wait for its end, and say how it was."""
        await self._ended.wait()
        return self.process.returncode or 0

    async def drained(self) -> bool:
        """Wait for the end of its output; False where others hold it open."""
        with anyio.move_on_after(LAST_OUTPUT) as waiting:
            for output in self.outputs:
                await output.drained()
        self.close()
        return not waiting.cancelled_caught

    def close(self) -> None:
        """Stop reading its output."""
        for output in self.outputs:
            output.close()

    def signal(self, number: int) -> None:
        """Send a signal to its group and its strays, as far as they are there and ours."""
        _send(os.killpg, self.pid, number)
        for pid in self._strays:
            _send(os.kill, pid, number)

    async def family(self) -> list[Process]:
        """Its processes that are alive: of its group, its session, its children, or with its mark.

        Those that a signal to its group would miss are kept in mind, for as long as they live.
        """
        seen = await anyio.to_thread.run_sync(census.since, time.monotonic(), limiter=self.turns)
        ours = {found.pid: found for found in families(seen.processes, [self.pid])[self.pid]}
        for pid in (*seen.marked.get(self._mark, ()), *self._strays):
            found = seen.processes.get(pid)
            if found is not None and not found.zombie and self._strays.get(pid, found.started) == found.started:
                ours[pid] = found
        self._strays = {found.pid: found.started for found in ours.values() if found.group != self.pid}
        return list(ours.values())

    async def end(self, number: int, seconds: float) -> None:
        """Ask all of it to end by a signal, and kill what is left after `seconds`. Raises CommandLeft."""
        try:
            if self.code is None or self._has_group() or self._strays:
                await self._end(number, seconds)
        finally:
            self.close()
            forget(self.pid)

    async def _end(self, number: int, seconds: float) -> None:
        await self.family()
        self.signal(number)
        self.signal(signal.SIGCONT)  # a stopped process takes its signals once it goes on
        if await self._is_over(seconds):
            return
        await self.family()
        self.signal(signal.SIGKILL)
        if not await self._is_over(KILL_SECONDS):
            left = ", ".join(f"pid {found.pid} in state {found.state}" for found in await self.family())
            raise CommandLeft(f"not even SIGKILL ended it, so it is left behind: {left or f'pid {self.pid}'}")

    async def _is_over(self, seconds: float) -> bool:
        """Wait until nothing of it is left; False where that takes longer."""
        with anyio.move_on_after(seconds):
            await self._ended.wait()
            while self._has_group() or self._strays:
                if not await self.family():
                    break
                await anyio.sleep(POLL)
            return True
        return False

    def _has_group(self) -> bool:
        return _send(os.killpg, self.pid, 0)

    def _reap(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        self.process.wait()
        self._has_ended()

    def _poll(self) -> None:
        if self.process.poll() is None:
            asyncio.get_running_loop().call_later(POLL, self._poll)
        else:
            self._has_ended()

    def _has_ended(self) -> None:
        self._ended.set()
        self.at_end()


def _nothing() -> None:
    """Nobody needs to be told."""


async def start_program(plan: Plan, log: LogPort, turns: Turns, on_out: OnLine, on_error: OnLine) -> Program:
    """Start a program and attend to its end and its output. Raises CommandUnusable."""
    process, out, error = await taken_over(lambda: _spawn(plan), _disown, turns)
    outputs = OutputReader(out, log, "stdout", on_line=on_out), OutputReader(error, log, "stderr", on_line=on_error)
    program = Program(process, plan, outputs, turns)
    try:
        program.attend()
    except OSError as refusal:
        program.close()
        disown(process)
        raise CommandUnusable(f"started, and cannot be attended to: {refusal.strerror}") from None
    meter.watch(program.pid)
    return program


def forget(pid: int) -> None:
    """A program has ended: its number may be another's soon."""
    alive.forget(pid)
    guardian.forget(pid)
    meter.forget(pid)


async def taken_over(make: Callable[[], T], drop: Callable[[T], None], turns: Turns) -> T:
    """Make something in a worker thread; what is made after its asker was cancelled is dropped, not lost."""
    lock = threading.Lock()
    made: list[T] = []
    given_up = False

    def work() -> T:
        found = make()
        with lock:
            if given_up:
                drop(found)
            else:
                made.append(found)
        return found

    try:
        return await anyio.to_thread.run_sync(work, limiter=turns)
    except asyncio.CancelledError:  # the thread goes on whatever happens to this task
        with lock:
            given_up = True
            if made:
                drop(made[0])
        raise


def disown(process: "subprocess.Popen[bytes]") -> None:
    """End a program that nobody will attend to."""
    _send(os.killpg, process.pid, signal.SIGKILL)
    process.wait()
    forget(process.pid)


def _disown(started: "tuple[subprocess.Popen[bytes], int, int]") -> None:
    process, *outputs = started
    disown(process)
    for descriptor in outputs:
        os.close(descriptor)


def _spawn(plan: Plan) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start a program with a pipe for each output; in a worker thread."""
    make_room_for_files()
    pipes = list[int]()
    try:
        guardian.ready()
        pipes += os.pipe()
        pipes += os.pipe()
        process = spawn(plan, pipes[1], pipes[3])
    except BaseException as error:
        for descriptor in pipes:
            os.close(descriptor)
        if isinstance(error, OSError):
            raise CommandUnusable(f"cannot run {plan.argv[0]}: {error.strerror}") from None
        raise
    guardian.note(process.pid)
    alive.note(process.pid)
    os.close(pipes[1])
    os.close(pipes[3])
    return process, pipes[0], pipes[2]


def _send(send: Callable[[int, int], None], target: int, number: int) -> bool:
    """Send a signal; False where nobody is there to get it."""
    try:
        send(target, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is there, and somebody else by now
        return True
    return True
