"""A program that runs when it is due, each time to its end; the kernel itself is running all the while.

A run that fails is a failure of this kernel that does not end it. Runs never overlap: what falls due meanwhile is
skipped, and so is what fell due long ago, while the kernel was paused or the machine slept.
"""

import signal
from dataclasses import dataclass

import anyio.to_thread

from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.hosts.command.checks import verify
from grace_tui.runtime.hosts.command.errors import CommandLeft
from grace_tui.runtime.hosts.command.kernel import CommandKernel
from grace_tui.runtime.hosts.command.spec import Schedule
from grace_tui.runtime.hosts.command.timetable import Timetable, local

LATE = 30.0
"""Seconds past its due time at which a run is not begun any more."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run that has ended."""

    at: float
    """Wall-clock time of its start."""
    seconds: float
    good: bool


class ScheduledKernel(CommandKernel):
    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.last: Run | None = None
        self.runs = 0
        self.skipped = 0
        """Due times that passed without a run."""
        self._next = 0.0
        """Wall-clock time."""
        self._began: float | None = None
        """Wall-clock time at which the present run began; None between two runs."""

    async def start(self) -> None:
        """Find out now, rather than at night, what is wrong about the schedule or the program."""
        if self.command.alive is not None:
            verify(self.command.alive)
        self._timetable = await anyio.to_thread.run_sync(Timetable, self._schedule, self.context.clock)
        await self._look_up()

    async def probe(self) -> None:
        """It is ready when its schedule works; a program that is due later cannot be asked."""
        self._ready.set()

    async def run(self) -> None:
        times = self._timetable
        due = times.now() if self._schedule.run_at_start else times.after(times.now())
        while True:
            self._next = times.wall(due)
            while (left := due - times.now()) > 0:
                await self.sleep(min(left, self.spec.beat_interval))
            if times.now() - due <= LATE:
                await self._run_once()
            else:
                self.skipped += 1
            due, missed = times.following(due)
            self.skipped += missed

    def summary(self) -> str:
        self._measure()
        if self._began is not None:
            return f"runs since {local(self._began)}"
        words = [f"next {local(self._next)}"]
        if self.last is not None:
            how = f"took {self.last.seconds:.1f} s" if self.last.good else "failed"
            words.insert(0, f"last run {how} {local(self.last.at)}" if not self.last.good else f"last run {how}")
        if self.skipped:
            words.append(f"{self.skipped} skipped")
        return ", ".join(words)

    @property
    def _schedule(self) -> Schedule:
        if self.command.schedule is None:
            raise AssertionError(f"{self.name} has no schedule")
        return self.command.schedule

    async def _run_once(self) -> None:
        clock = self.context.clock
        self._began, began, good = clock.time(), clock.monotonic(), True
        self.runs += 1
        try:
            await self._launch()
            await self._attend()
        except GraceError as error:  # told as a failure; the schedule goes on
            good = False
            self.context.failed(error, "run")
        await self._end_run()
        self.last = Run(self._began, clock.monotonic() - began, good)
        self._began = None

    async def _end_run(self) -> None:
        """End what a run left behind, or all of it where it was not healthy."""
        program = self.program
        if program is None:
            return
        self._tracebacks.close()
        try:
            await program.end(signal.Signals[self.command.stop_signal], self.command.stop_timeout)
        except CommandLeft as error:
            self.context.failed(error, "stop")
        self.program = None  # from now on its number may be another's
