"""Runs the subprocesses of a repair: own session, limits, a clean environment, and never longer than asked.

Called by the gates and by `repair`. A cancelled caller leaves nothing behind: the whole session is killed.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

CONFINE = str(Path(__file__).with_name("confine.py"))
PACKAGE_HOME = str(Path(__file__).resolve().parents[3])
"""The folder that holds the `grace_tui` package."""

MEGABYTE = 1 << 20
OUTPUT_LIMIT = 4 * MEGABYTE

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SSL_CERT_FILE", "TZ")


@dataclass(frozen=True, slots=True)
class Limits:
    cpu_seconds: int = 60
    memory_bytes: int = 4096 * MEGABYTE
    """Address space: checkers that map files need far more of it than of memory."""
    file_bytes: int = 64 * MEGABYTE
    seconds: float = 60.0
    """Wall-clock time before the session is killed."""
    nice: int = 5
    """A repair yields to the room: its screens and kernels come first."""
    network: bool = True
    """False takes the network away where the system allows it."""


@dataclass(frozen=True, slots=True)
class Completed:
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False

    @property
    def last_line(self) -> str:
        """The last line it said, for a person: stderr first."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return lines[-1].strip() if lines else f"exit code {self.exit_code} without a word"


@dataclass(frozen=True, slots=True)
class Command:
    argv: Sequence[str]
    folder: Path
    limits: Limits = field(default_factory=Limits)
    stdin: bytes = b""
    variables: Mapping[str, str] = field(default_factory=dict)


async def run(command: Command) -> Completed:
    """Run a command to its end, its time limit, or the cancellation of the caller."""
    began = time.monotonic()
    process = await _start(command)
    timed_out = False
    output, errors = bytearray(), bytearray()
    try:
        async with asyncio.timeout(command.limits.seconds):
            await _converse(process, command.stdin, output, errors)
    except TimeoutError:
        timed_out = True
    finally:
        _kill_session(process.pid)
        await process.wait()
    seconds = time.monotonic() - began
    return Completed(process.returncode or 0, _text(output), _text(errors), seconds, timed_out)


_TURNS: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = WeakKeyDictionary()


async def _start(command: Command) -> asyncio.subprocess.Process:
    """Start one process at a time: each start holds the loop for some milliseconds, and others want it in between."""
    async with _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        process = await asyncio.create_subprocess_exec(
            *_confined(command),
            cwd=command.folder,
            env=environment(command.folder, command.variables),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    return process


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the room's own environment but what a program needs to start; the folder is imported from first."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "TMPDIR": str(folder.parent),
        "PYTHONPATH": os.pathsep.join([str(folder), PACKAGE_HOME]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "NO_COLOR": "1",
        **more,
    }


async def isolation() -> str:
    """How far a trial is cut off here, in words: measured by trying, each time."""
    options = json.dumps({"network": False, "probe": True})
    argv = [sys.executable, "-I", "-S", CONFINE, options, "--", "true"]
    probe = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    said, _ = await probe.communicate()
    return "limits, no network" if said.strip() == b"none" else "limits, network shared"


def _confined(command: Command) -> list[str]:
    limits = command.limits
    options = {
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
        "file_bytes": limits.file_bytes,
        "nice": limits.nice,
        "network": limits.network,
    }
    return [sys.executable, "-I", "-S", CONFINE, json.dumps(options), "--", *command.argv]


async def _converse(process: asyncio.subprocess.Process, stdin: bytes, output: bytearray, errors: bytearray) -> None:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("the subprocess was started without pipes")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_feed(process.stdin, stdin))
        tasks.create_task(_read(process.stdout, output))
        tasks.create_task(_read(process.stderr, errors))
        tasks.create_task(process.wait())


async def _feed(pipe: asyncio.StreamWriter, data: bytes) -> None:
    try:
        pipe.write(data)
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        return  # the command did not want its input; its exit code tells what became of it
    finally:
        pipe.close()


async def _read(pipe: asyncio.StreamReader, kept: bytearray) -> None:
    """Keep the first part of the output; the rest is read and dropped, so that a flood fills no memory."""
    while chunk := await pipe.read(65536):
        kept += chunk[: max(0, OUTPUT_LIMIT - len(kept))]


def _kill_session(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended


def _text(data: bytearray) -> str:
    return data.decode("utf-8", "replace")
