"""Subprocesses of a repair: limited, timed, and gone when they should be."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from grace_tui.healing.repair.process import Command, Limits, run


def python(code: str, folder: Path, limits: Limits | None = None) -> Command:
    return Command([sys.executable, "-c", code], folder, limits or Limits())


async def test_command_gets_its_input_and_a_clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRACE_TOKEN", "secret")
    code = "import os, sys; print(sys.stdin.read(), os.environ.get('GRACE_TOKEN'), os.getcwd())"
    done = await run(Command([sys.executable, "-c", code], tmp_path, stdin=b"hello"))
    assert (done.exit_code, done.stdout.strip()) == (0, f"hello None {tmp_path}")


@pytest.mark.parametrize(
    ("code", "limits"),
    [
        ("x = bytearray(1 << 30)", Limits(memory_bytes=400 << 20)),
        ("open('big', 'wb').write(b'x' * (1 << 20))", Limits(file_bytes=1 << 10)),
        ("while True: pass", Limits(cpu_seconds=1)),
    ],
    ids=["memory", "file", "cpu"],
)
async def test_command_is_held_to_its_limits(tmp_path: Path, code: str, limits: Limits) -> None:
    assert (await run(python(code, tmp_path, limits))).exit_code != 0


async def test_command_is_killed_with_its_children_when_its_time_is_up(tmp_path: Path) -> None:
    code = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    code += "open('child', 'w').write(str(p.pid)); p.wait()"
    done = await run(python(code, tmp_path, Limits(seconds=1.0)))
    assert done.timed_out
    await ended(int((tmp_path / "child").read_text()))


async def test_cancelled_caller_leaves_nothing_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    code = "import os, time; open('pipe', 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(run(python(code, tmp_path)))
    pid = int(await asyncio.to_thread((tmp_path / "pipe").read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ended(pid)


async def test_flood_of_output_is_cut_not_kept(tmp_path: Path) -> None:
    done = await run(python("print('x' * (8 << 20))", tmp_path))
    assert done.exit_code == 0
    assert len(done.stdout) == 4 << 20


async def test_confined_command_reaches_its_own_loopback_only(tmp_path: Path) -> None:
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())\n"
    code += "print(sorted(name for _, name in socket.if_nameindex()))"
    done = await run(python(code, tmp_path, Limits(network=False)))
    assert done.exit_code == 0, done.stderr
    if not done.shut.network:
        assert done.stdout.strip() == "['lo']"


async def ended(pid: int) -> None:
    """Wait until the process is gone."""
    try:
        await asyncio.to_thread(psutil.Process(pid).wait, 5)
    except psutil.NoSuchProcess:
        return
