"""A kernel that speaks for a program: starts it, listens to it, asks it how it is, and stops all of it.

`CommandSource` makes the class, one for each command of the settings; the supervisor runs it like any other kernel.
"""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import anyio
import anyio.to_thread

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import NotReady, RemoteFailure
from grace_tui.kernel.records import Vitals
from grace_tui.runtime.hosts.command.checks import Answer, ask, describe, verify
from grace_tui.runtime.hosts.command.errors import CommandBroke, CommandExited, CommandUnhealthy
from grace_tui.runtime.hosts.command.guardian import guardian
from grace_tui.runtime.hosts.command.launch import Plan, plan
from grace_tui.runtime.hosts.command.pattern import LinePattern
from grace_tui.runtime.hosts.command.program import KILL_SECONDS, Program, Turns, start_program
from grace_tui.runtime.hosts.command.reports import Tracebacks
from grace_tui.runtime.hosts.command.spec import Check, CommandSpec
from grace_tui.runtime.hosts.meter import Process, meter

STOP_MARGIN = KILL_SECONDS + 2.0
"""Seconds a stop may take beyond the program's own deadline."""
LAST_MOMENT = 0.1
"""Seconds before the supervisor's limit on a start at which the program's last answer is told instead."""


class Listening:
    """Whether a line that a check waits for has come; listens to both outputs."""

    def __init__(self, check: Check | None) -> None:
        self.pattern = LinePattern(str(check.target)) if check is not None and check.kind == "log" else None
        self.heard = asyncio.Event()

    def line(self, text: str) -> None:
        if self.pattern is not None and self.pattern.found_in(text):
            self.heard.set()


class CommandKernel(Kernel):
    command: ClassVar[CommandSpec]
    root: ClassVar[Path]
    turns: ClassVar[Turns]

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.program: Program | None = None
        self._plan: Plan | None = None
        self._ready = asyncio.Event()
        self._pauses = 0
        self._answer = "it was not asked yet"
        self._counted = 0
        self._measured = (context.clock.monotonic(), 0)
        self._rate = 0.0

    # ---- the supervisor's calls

    async def start(self) -> None:
        for check in (self.command.ready, self.command.alive):
            if check is not None:
                verify(check)
        await self._launch()
        if self.program is not None:
            self.program.at_end = self.context.ended

    async def run(self) -> None:
        await self._attend()

    async def probe(self) -> None:
        check = self.command.ready
        if check is not None:
            limit = self.spec.start_timeout
            with anyio.move_on_after(max(limit - LAST_MOMENT, limit / 2)) as waiting:
                await self._until_ready(check)
            if waiting.cancelled_caught:
                raise NotReady(f"{self.name} was not ready within {limit:g} s: {self._answer}")
        self._ready.set()

    async def stop(self) -> None:
        """End what is left of the program, also where it ended by itself and its children did not."""
        program = self.program
        if program is None:
            return
        self._tracebacks.close()
        seconds = max(min(self.command.stop_timeout, self.spec.stop_timeout - STOP_MARGIN), 0.0)
        await program.end(signal.Signals[self.command.stop_signal], seconds)

    def paused(self) -> None:
        self._pauses += 1
        if self.program is None:
            return
        self.program.signal(signal.SIGSTOP)
        if self.program.code is not None and self.command.schedule is None:  # it ended this very moment
            self.context.ended()

    def resumed(self) -> None:
        if self.program is not None:
            self.program.signal(signal.SIGCONT)

    def vitals(self) -> Vitals | None:
        return meter.vitals(self.program.pid) if self.program is not None else None

    def summary(self) -> str:
        self._measure()
        if self.program is None or self.program.code is not None:
            return ""
        rate = round(self._rate)
        return f"{rate} line{'' if rate == 1 else 's'}/s" if rate else ""

    # ---- the program

    async def _launch(self) -> None:
        """Start the program. Raises CommandUnusable with what is wrong about it."""
        self._listens = Listening(self.command.ready), Listening(self.command.alive)
        self._tracebacks = Tracebacks(self._survived, self.log, self.context.clock.monotonic)
        self._plan = await self._look_up()
        hears = any(listening.pattern is not None for listening in self._listens)
        self.program = await start_program(
            self._plan, self.log, self.turns, self._on_out if hears else None, self._on_error
        )
        self._counted = 0

    async def _look_up(self) -> Plan:
        return await anyio.to_thread.run_sync(
            plan, self.command, self.root, self.name, guardian.mark, abandon_on_cancel=True, limiter=self.turns
        )

    async def _attend(self) -> None:
        """Be there while the program runs; returns after a success, raises what it failed by."""
        if self.program is None:
            raise AssertionError(f"{self.name} has no program to attend to")
        unhealthy: list[CommandUnhealthy] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_beating, name=f"beat:{self.name}")
            if self.command.alive is not None:
                tasks.start_soon(self._watch, self.command.alive, unhealthy, tasks.cancel_scope)
            await self.program.exited()
            tasks.cancel_scope.cancel()
        if unhealthy:
            raise unhealthy[0]
        await self._judge(self.program, await self.program.exited())

    async def _judge(self, program: Program, code: int) -> None:
        """Say what an end means."""
        whole = await program.drained()
        self._measure()
        traceback = self._tracebacks.last()
        if code not in self.command.success_codes:
            if traceback is not None:
                raise CommandBroke(traceback, code)
            raise CommandExited(self.name, code, self.command.limits)
        if traceback is not None:
            self._survived(traceback)
        left = await program.family()
        if left:
            self.log.warning("ended and left processes running, which are ended now", left=_words(left))
        elif not whole:
            self.log.warning("ended, and another process holds its output open")
        if self.spec.restart == "permanent" and self.command.schedule is None:
            note = "it went on in the background; run it in the foreground" if left else ""
            raise CommandExited(self.name, code, self.command.limits, note)

    async def _keep_beating(self) -> None:
        while True:
            await self.sleep(self.spec.beat_interval)

    # ---- readiness and liveness

    async def _until_ready(self, check: Check) -> None:
        if check.kind == "log":
            await self._until_heard(check)
            return
        await self.sleep(check.delay)
        good = 0
        while True:
            answer = await self._ask(check)
            good = good + 1 if answer.good else 0
            if good >= check.successes:
                return
            await self.sleep(check.interval)

    async def _until_heard(self, check: Check) -> None:
        listening = self._listens[0]
        while not listening.heard.is_set():
            slow = listening.pattern.slow if listening.pattern is not None else ""
            self._answer = slow or f"{describe(check)} has not come"
            with anyio.move_on_after(check.interval):
                await listening.heard.wait()

    async def _watch(self, check: Check, unhealthy: list[CommandUnhealthy], scope: anyio.CancelScope) -> None:
        """Ask again and again, once the program is ready; `unhealthy` gets the verdict that ends it."""
        await self._ready.wait()
        await self.sleep(max(check.delay, check.interval if check.kind == "log" else 0.0))
        bad = 0
        while True:
            pauses = self._pauses
            answer = await self._ask(check)
            # What stood still could not answer.
            bad = 0 if answer.good or pauses != self._pauses else bad + 1
            if bad >= check.failures:
                unhealthy.append(CommandUnhealthy(self.name, answer.text, bad))
                scope.cancel()
            await self.sleep(check.interval)

    async def _ask(self, check: Check) -> Answer:
        if check.kind == "log":
            answer = self._has_heard(check)
        elif self._plan is None:
            raise AssertionError(f"{self.name} was not started")
        else:
            answer = await ask(check, self._plan, self.turns)
        self._answer = answer.text
        return answer

    def _has_heard(self, check: Check) -> Answer:
        listening = self._listens[1]
        heard = listening.heard.is_set()
        listening.heard.clear()
        slow = listening.pattern.slow if listening.pattern is not None else ""
        return Answer(heard, slow or f"{describe(check)}: none within {check.interval:g} s")

    # ---- what it prints

    def _on_out(self, line: str) -> None:
        for listening in self._listens:
            listening.line(line)

    def _on_error(self, line: str) -> None:
        self._on_out(line)
        self._tracebacks.line(line)

    def _survived(self, failure: RemoteFailure) -> None:
        self.context.failed(failure, "output")

    def _measure(self) -> None:
        """Count the lines printed since the last call, as work done and as a rate."""
        if self.program is None:
            return
        now, lines = self.context.clock.monotonic(), self.program.lines
        self.count(lines - self._counted)
        before, at = self._measured
        if now - before >= 1.0 or lines < at:
            self._rate = max(lines - at, 0) / max(now - before, 1.0)
            self._measured = now, lines
        self._counted = lines


def _words(processes: Sequence[Process]) -> str:
    return ", ".join(f"pid {found.pid}" for found in processes[:10])
