"""A program that runs when it is due: each run to its end, none over another, failures told and survived."""

import asyncio
import os
from pathlib import Path

import pytest

from grace_tui.kernel.testing import ManualClock, RealClock
from grace_tui.runtime.hosts.command import CommandSpec, Schedule
from grace_tui.runtime.hosts.command.errors import CommandExited, CommandUnusable
from grace_tui.runtime.hosts.command.scheduled import LATE, ScheduledKernel
from tests.runtime.hosts.command.bench import Served, gone, made, serving, shell, until

EVERY = Schedule(interval=10.0)


def scheduled(served: Served) -> ScheduledKernel:
    assert isinstance(served.kernel, ScheduledKernel)
    return served.kernel


async def runs_over(served: Served, count: int) -> ScheduledKernel:
    """Wait until so many runs have ended."""
    kernel = scheduled(served)
    await until(lambda: kernel.runs == count and kernel.program is None and kernel.last is not None)
    return kernel


async def test_a_program_runs_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    clock = ManualClock()
    async with serving(tmp_path, shell("echo ran", schedule=EVERY), clock=clock) as served:
        await clock.advance(9.9)
        assert scheduled(served).runs == 0
        await clock.advance(0.1)
        kernel = await runs_over(served, 1)
        assert served.log.lines.count("stdout ran") == 1
        assert kernel.last is not None
        assert kernel.last.good
        await clock.advance(10)
        await runs_over(served, 2)
        assert kernel.skipped == 0


async def test_run_at_start_does_not_wait(tmp_path: Path) -> None:
    schedule = Schedule(interval=10.0, run_at_start=True)
    async with serving(tmp_path, shell("echo ran", schedule=schedule), clock=ManualClock()) as served:
        await runs_over(served, 1)


async def test_a_run_that_fails_is_told_and_the_schedule_goes_on(tmp_path: Path) -> None:
    clock = ManualClock()
    async with serving(tmp_path, shell("exit 3", schedule=EVERY), clock=clock) as served:
        await clock.advance(10)
        error, phase = await served.failure()
        assert isinstance(error, CommandExited)
        assert (error.code, phase) == (3, "run")
        kernel = await runs_over(served, 1)
        assert kernel.summary().startswith("last run failed ")
        await clock.advance(10)
        await runs_over(served, 2)


async def test_what_falls_due_during_a_run_is_skipped_and_counted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    clock = ManualClock()
    async with serving(tmp_path, shell("echo began; read go <gate; echo over", schedule=EVERY), clock=clock) as served:
        await clock.advance(10)
        await served.log.heard("began")
        assert scheduled(served).summary().startswith("runs since")
        await clock.advance(25)
        await asyncio.to_thread((tmp_path / "gate").write_text, "go\n")
        kernel = await runs_over(served, 1)
        await until(lambda: kernel.skipped > 0)
        assert kernel.skipped == 2
        assert kernel.summary().endswith("2 skipped")
        assert served.log.lines.count("stdout began") == 1


async def test_a_due_time_that_is_long_past_is_skipped(tmp_path: Path) -> None:
    clock = ManualClock()
    schedule = Schedule(interval=1000.0)
    async with serving(tmp_path, shell("echo ran", schedule=schedule), clock=clock) as served:
        await clock.advance(1)
        clock.now += 1000.0 + LATE
        await clock.advance(30)
        assert (scheduled(served).runs, scheduled(served).skipped) == (0, 1)


async def test_a_stop_during_a_run_ends_the_run(tmp_path: Path) -> None:
    schedule = Schedule(interval=10.0, run_at_start=True)
    async with serving(tmp_path, shell("echo up $$; exec sleep 60", schedule=schedule), clock=ManualClock()) as served:
        pid = await served.log.number("up")
    await gone(pid)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param(CommandSpec(("no-such-program",), schedule=EVERY), "no such program", id="program"),
        pytest.param(CommandSpec(("true",), schedule=Schedule(cron="x")), "a cron line has five", id="cron"),
    ],
)
async def test_what_is_wrong_is_found_at_the_start(tmp_path: Path, command: CommandSpec, words: str) -> None:
    served = await made(tmp_path, command, RealClock(), {})
    with pytest.raises(CommandUnusable, match=words):
        await served.kernel.start()
