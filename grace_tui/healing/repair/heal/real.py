"""Runs the command for real: in the real files, with the person's terminal, environment and input.

Its output passes through as it comes. Of stderr a copy is kept, for programs whose Python cannot load the hook; where
stderr is a terminal the program gets one too, so that it prints as it would without us.
"""

import asyncio
import os
import pty
import signal
import sys
import tempfile
import termios
import time
import tty
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.repair.trial import PREFIX
from grace_tui.kernel.errors import GraceError

KEPT = 256 << 10
QUIET = 30.0
"""Seconds after which a person is told that the command still runs and has not failed."""
GRACE = 5.0
"""Seconds a command has to end once it is asked to."""


class NoCommand(GraceError):
    """The command cannot be started at all."""

    def __init__(self, program: str, problem: str) -> None:
        super().__init__(f"{program} cannot be run: {problem}")
        self.program = program


@dataclass
class Ended:
    exit_code: int
    """As a shell tells it: 128 and the number of the signal that ended it."""
    seconds: float
    stderr: str


@dataclass(frozen=True)
class RealRun:
    argv: Sequence[str]
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment."""
    all_to_stderr: bool = False
    """Where stdout is for data of ours."""
    on_quiet: Callable[[float], None] = lambda seconds: None

    async def run(self) -> Ended:
        began = time.monotonic()
        async with _stderr() as (inner, kept):
            process = await self._start(inner)
            waiter = asyncio.create_task(self._told(process, began))
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(process)
                raise
            finally:
                waiter.cancel()
        code = code if code >= 0 else 128 - code
        return Ended(code, time.monotonic() - began, bytes(kept).decode("utf-8", "replace"))

    async def _start(self, stderr: int) -> asyncio.subprocess.Process:
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            return await asyncio.create_subprocess_exec(
                *self.argv,
                cwd=self.folder,
                env={**os.environ, **self.variables},
                stdout=stderr if self.all_to_stderr else None,
                stderr=stderr,
            )
        except FileNotFoundError:
            raise NoCommand(self.argv[0], "there is no such program") from None
        except OSError as error:
            raise NoCommand(self.argv[0], error.strerror or str(error)) from None
        finally:
            os.close(stderr)

    async def _told(self, process: asyncio.subprocess.Process, began: float) -> None:
        await asyncio.sleep(QUIET)
        if process.returncode is None:
            self.on_quiet(time.monotonic() - began)


@asynccontextmanager
async def _stderr() -> AsyncIterator[tuple[int, bytearray]]:
    """A stderr for the command whose text goes on to ours, and the end of that text."""
    ours = sys.stderr.fileno()
    if os.isatty(ours):
        outer, inner = pty.openpty()
        with suppress(termios.error):
            tty.setraw(inner)  # the real terminal does what this one would do a second time
            termios.tcsetwinsize(inner, termios.tcgetwinsize(ours))
    else:
        outer, inner = os.pipe()
    kept = bytearray()
    copying = asyncio.create_task(_copy(outer, ours, kept))
    try:
        yield inner, kept
        # A child that the command left behind may hold its stderr for ever.
        await asyncio.wait({copying}, timeout=0.5)
    finally:
        copying.cancel()
        await asyncio.wait({copying})
        os.close(outer)


async def _copy(source: int, target: int, kept: bytearray) -> None:
    loop = asyncio.get_running_loop()
    os.set_blocking(source, False)
    more = asyncio.Event()
    loop.add_reader(source, more.set)
    try:
        while True:
            await more.wait()
            more.clear()
            while True:
                try:
                    chunk = os.read(source, 65536)
                except BlockingIOError:
                    break
                except OSError:  # how a terminal tells that its other end is closed
                    return
                if not chunk:
                    return
                kept += chunk
                del kept[:-KEPT]
                _write(target, chunk)
    finally:
        loop.remove_reader(source)


def _write(target: int, data: bytes) -> None:
    """Wait for a slow terminal as the command itself would; a reader that has gone is not the command's failure."""
    while data:
        try:
            data = data[os.write(target, data) :]
        except BlockingIOError:
            time.sleep(0.01)
        except BrokenPipeError:
            return


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, then make it. A Ctrl-C reached it as it reached us: it gets a moment to end by itself."""
    for request, patience in ((None, 0.5), (signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        if request is not None:
            with suppress(ProcessLookupError):
                process.send_signal(request)
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await process.wait()
                return


@asynccontextmanager
async def evidence_folder() -> AsyncIterator[Path]:
    """Where the hook writes what it sees; named so that what a killed heal left is swept with its trials."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
