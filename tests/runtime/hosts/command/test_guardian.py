"""No orphans: a room that is killed takes its programs along, and theirs."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from grace_tui.runtime.hosts.command.guard import began_at, is_same
from grace_tui.runtime.hosts.command.guardian import Guardian
from tests.runtime.hosts.command.bench import PATIENCE, gone

ROOM = """
import asyncio, sys
from pathlib import Path
import anyio
from grace_tui.kernel.fakes import MemoryLog
from grace_tui.runtime.hosts.command import CommandSpec
from grace_tui.runtime.hosts.command.guardian import guardian
from grace_tui.runtime.hosts.command.launch import plan
from grace_tui.runtime.hosts.command.program import start_program

SCRIPTS = [
    "echo $$; exec sleep 60",
    "sleep 60 & echo $$ $!; wait",
    "trap '' TERM; echo $$; while :; do sleep 1; done",
    "(setsid sh -c 'echo $$; exec sleep 60' &); exec sleep 60",
    "echo $$; kill -STOP $$",
    "echo $$; exec env -i sleep 60",
]

async def main():
    turns = anyio.CapacityLimiter(4)
    for number, script in enumerate(SCRIPTS):
        made = plan(CommandSpec(("sh", "-c", script)), Path.cwd(), f"k{number}", guardian.mark)
        await start_program(made, MemoryLog(), turns, lambda line: print(line, flush=True), None)
    await asyncio.sleep(60)

asyncio.run(main())
"""
PIDS = 7


async def test_a_room_killed_by_force_leaves_no_program_behind(tmp_path: Path) -> None:
    room = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ROOM, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    assert room.stdout is not None
    pids = list[int]()
    async with asyncio.timeout(PATIENCE):
        while len(pids) < PIDS:
            pids += map(int, (await room.stdout.readline()).split())
    room.send_signal(signal.SIGKILL)
    await asyncio.gather(room.wait(), *map(gone, pids))
    await room.stdout.read()


async def test_a_guard_that_was_killed_is_replaced_and_told_everything() -> None:
    guardian = Guardian()
    program = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    guardian.ready()
    guardian.note(program.pid)
    first = guardian.process
    assert first is not None
    first.kill()
    await asyncio.to_thread(first.wait)
    guardian.ready()
    assert guardian.process is not None
    assert guardian.process.pid != first.pid
    guardian.close()
    async with asyncio.timeout(PATIENCE):
        assert await program.wait() == -signal.SIGTERM
    await asyncio.to_thread(guardian.process.wait)


async def test_a_program_that_was_forgotten_is_left_alone() -> None:
    guardian = Guardian()
    program = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    guardian.ready()
    guardian.note(program.pid)
    guardian.forget(program.pid)
    guardian.close()
    assert guardian.process is not None
    await asyncio.to_thread(guardian.process.wait)
    assert program.returncode is None
    program.kill()
    await program.wait()


def test_a_group_whose_number_went_to_another_is_not_the_same() -> None:
    assert is_same(os.getpid(), began_at(os.getpid()))
    assert not is_same(os.getpid(), b"1")
