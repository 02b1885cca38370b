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

import msgspec

CONFINE = str(Path(__file__).with_name("confine.py"))
PACKAGE_HOME = str(Path(__file__).resolve().parents[3])
"""The folder that holds the `grace_tui` package."""

MEGABYTE = 1 << 20
OUTPUT_LIMIT = 4 * MEGABYTE

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "SSL_CERT_FILE", "TZ")


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit but the user's own."""

    cpu_seconds: int | None = 60
    memory_bytes: int | None = 4096 * MEGABYTE
    """Address space: checkers that map files need far more of it than of memory."""
    file_bytes: int | None = 64 * MEGABYTE
    seconds: float = 60.0
    """Wall-clock time before the session is killed."""
    nice: int = 5
    """A repair yields to the room: its screens and kernels come first."""
    network: bool = True
    """False takes the network away where the system allows it."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder that a command sees at its own path and may write to, while nothing of it changes; see `confine`."""

    root: Path
    layers: tuple[Path, ...]
    """Folders with changed files that cover the root, topmost first."""
    scratch: Path
    """An empty folder outside the root, where what is written is mounted."""
    shared: tuple[Path, ...]
    """Folders whose files stay."""
    beside: tuple[Path, ...] = ()
    """Other folders a program writes to as a matter of course; that too is gone with it."""
    hidden: tuple[str, ...] = ()
    """Folders below the root that are shown empty."""


@dataclass(frozen=True, slots=True)
class Shut:
    """What a command was shut in by, as it was measured when it started."""

    network: bool = True
    user: bool = False
    """True where a user namespace of one user and one group was needed."""
    outside: str = "writable"
    error: str = ""
    """Why the tree could not be shown; the command did not run then."""


@dataclass(frozen=True, slots=True)
class Completed:
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False
    shut: Shut = Shut()

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
    inherit: bool = False
    """Start from the environment of this process: for a person's own command."""
    tree: Tree | None = None
    writable: tuple[Path, ...] = ()
    """Without a tree: the only folders below which it may change files, where the system can see to that."""


async def run(command: Command) -> Completed:
    """Run a command to its end, its time limit, or the cancellation of the caller."""
    began = time.monotonic()
    told, report = os.pipe()
    timed_out = False
    output, errors = bytearray(), bytearray()
    try:
        try:
            process = await _start(command, report)
        finally:
            os.close(report)
        try:
            async with asyncio.timeout(command.limits.seconds):
                await _converse(process, command.stdin, output, errors)
        except TimeoutError:
            timed_out = True
        finally:
            _kill_session(process.pid)
            await process.wait()
        shut = _shut(told)
    finally:
        os.close(told)
    seconds = time.monotonic() - began
    return Completed(process.returncode or 0, _text(output), _text(errors), seconds, timed_out, shut)


def _shut(told: int) -> Shut:
    """What `confine` wrote before it became the command: it was there before any end of it."""
    os.set_blocking(told, False)
    try:
        said = os.read(told, 65536)
    except BlockingIOError:
        said = b""
    return msgspec.json.decode(said, type=Shut) if said else Shut(error="it was ended before it began")


_TURNS: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock]" = WeakKeyDictionary()


async def _start(command: Command, report: int) -> asyncio.subprocess.Process:
    """Start one process at a time: each start holds the loop for some milliseconds, and others want it in between."""
    async with _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        process = await asyncio.create_subprocess_exec(
            *_confined(command, report),
            cwd=command.folder,
            env={**os.environ, **command.variables}
            if command.inherit
            else environment(command.folder, command.variables),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=(report,),
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


def _confined(command: Command, report: int) -> list[str]:
    limits, tree = command.limits, command.tree
    options = {
        "parent": os.getpid(),
        "report": report,
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
        "file_bytes": limits.file_bytes,
        "nice": limits.nice,
        "network": limits.network,
        "writable": [str(path) for path in command.writable],
        "tree": None if tree is None else {**_words(tree), "folder": str(command.folder)},
    }
    return [sys.executable, "-I", "-S", CONFINE, json.dumps(options), "--", *command.argv]


def _words(tree: Tree) -> dict[str, object]:
    return {
        "root": str(tree.root),
        "layers": [str(path) for path in tree.layers],
        "scratch": str(tree.scratch),
        "shared": [str(path) for path in tree.shared],
        "beside": [str(path) for path in tree.beside],
        "hidden": list(tree.hidden),
    }


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
