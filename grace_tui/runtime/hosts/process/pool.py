"""The processes of one room: started through its forkserver, with one spare that is always ready.

Opened and closed by the room, on the supervisor's loop. The forkserver is started when the first process is wanted.
"""

import asyncio
import contextvars
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import LogPort
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.hosts.frames import Frames
from grace_tui.runtime.hosts.output import OutputReader
from grace_tui.runtime.hosts.process.exits import Exit
from grace_tui.runtime.hosts.process.link import Attention, Link
from grace_tui.runtime.hosts.process.words import TOKEN
from grace_tui.runtime.hosts.wire import decode

PROGRAM = """\
import importlib, sys
entry, control, *sys.path = sys.argv[1:]
importlib.import_module(entry).main(int(control))
"""
OWN_LOG = "processes"
"""Whose log has what the forkserver says."""
READ_BYTES = 64 * 1024


class NoProcess(GraceError):
    """The system refused another process."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"no process could be started: {reason}")
        self.reason = reason


class ProcessPool:
    """`entry` names the module whose `main` is the forkserver; `describe` tells a failure of this process as data;
    `log_of` gives the log of a kernel by name."""

    def __init__(
        self,
        root: Path,
        entry: str,
        describe: Callable[[BaseException, str, str], Mapping[str, object]],
        log_of: Callable[[str], LogPort],
    ) -> None:
        self.root, self.entry, self.describe, self.log_of = root, entry, describe, log_of
        self.log = log_of(OWN_LOG)
        self.links: dict[int, Link] = {}
        """Request number -> process, until its end."""
        self.attention = Attention()
        self._forkserver: _Forkserver | None = None
        self._spare: Link | None = None
        self._closed = False

    @property
    def forkserver_pid(self) -> int | None:
        return None if self._forkserver is None else self._forkserver.process.pid

    def warm(self) -> None:
        """Have a spare process waiting from now on."""
        if self._spare is None and not self._closed:
            self._spare = self._fork()

    async def take(self) -> Link:
        """A process that runs nothing yet; another spare follows it.

        Raises:
            NoProcess: there is none to be had.
        """
        if self._closed:
            raise NoProcess("the room is closing")
        link, self._spare = self._spare, None
        if link is None or link.exit is not None:
            link = self._fork()
        # Not at once: this very moment the machine's time belongs to the kernel that is being started.
        link.loop.call_later(SPARE_AFTER, self.warm, context=contextvars.Context())
        return link

    async def close(self) -> None:
        """End every process that is left, and the forkserver."""
        self._closed = True
        for link in list(self.links.values()):
            link.kill("the room is closing")
            link.has_ended(Exit(-9, note="the room is closing"))
            link.close_output()
        self.links.clear()
        if self._forkserver is not None:
            await self._forkserver.close()
            self._forkserver = None

    def _fork(self) -> Link:
        if self._forkserver is None:
            self._forkserver = _Forkserver(self)
        return self._forkserver.fork()

    def lost(self, forkserver: "_Forkserver", reason: str) -> None:
        """The forkserver has ended, and the system with it all its children."""
        if self._forkserver is forkserver:
            self._forkserver = None
            self.log.warning("the forkserver ended; the next process starts another", reason=reason)
        for number in list(forkserver.numbers):
            self.ended(number, Exit(-9, note=f"ended with its forkserver ({reason})"))

    def ended(self, number: int, end: Exit) -> None:
        link = self.links.pop(number, None)
        if link is None:
            return
        link.has_ended(end)
        if link is self._spare:
            self._spare = None
            link.close_output()


SPARE_AFTER = 0.05
"""Seconds after a process was taken before the next spare is made."""


class _Forkserver:
    """The room's side of the forkserver: its process, and what it tells."""

    def __init__(self, pool: ProcessPool) -> None:
        self.pool = pool
        self.loop = asyncio.get_running_loop()
        self.numbers: set[int] = set()
        self._pids: dict[int, int] = {}
        self._frames = Frames()
        self.control, theirs = socket.socketpair()
        error_out, error_in = os.pipe()
        argv = [sys.executable, "-c", PROGRAM, pool.entry, str(theirs.fileno()), *sys.path]
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=error_in,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # out of reach of the terminal's Ctrl-C
        )
        theirs.close()
        os.close(error_in)
        alive.note(self.process.pid)
        self.control.setblocking(False)
        contextvars.Context().run(self.loop.add_reader, self.control, self._readable)
        self.errors = OutputReader(error_out, pool.log, "stderr")
        self.errors.start()

    def fork(self) -> Link:
        line, their_line = socket.socketpair()
        out, their_out = os.pipe()
        err, their_err = os.pipe()
        number = next(_numbers)
        link = self.pool.links[number] = Link(line, out, err, self.pool.attention)
        self.numbers.add(number)
        try:
            socket.send_fds(self.control, [number.to_bytes(TOKEN, "big")], [their_line.fileno(), their_out, their_err])
        except OSError as error:
            self.numbers.discard(number)
            self.pool.ended(number, Exit(-9, note=f"not started: {error.strerror}"))
            link.close_output()
            raise NoProcess(error.strerror or str(error)) from error
        finally:
            their_line.close()
            os.close(their_out)
            os.close(their_err)
        return link

    async def close(self) -> None:
        self.loop.remove_reader(self.control)
        self.control.close()  # it kills its children and ends
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._wait)
        alive.forget(self.process.pid)
        self.errors.close()

    def _wait(self) -> None:
        try:
            self.process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _readable(self) -> None:
        try:
            data = self.control.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        for body in self._frames.feed(data):
            self._heard(*decode(body))

    def _heard(self, what: str, *words: Any) -> None:
        if what == "forked":
            number, pid = words
            self._pids[pid] = number
            self.pool.links[number].forked(pid)
        elif what == "refused":
            number, reason = words
            self.numbers.discard(number)
            self.pool.ended(number, Exit(-9, note=f"not started: {reason}"))
        else:
            self._ended(*words)

    def _ended(self, pid: int, code: int, for_memory: bool, seconds: float, rss: int) -> None:
        number = self._pids.pop(pid)
        self.numbers.discard(number)
        self.pool.ended(number, Exit(code, for_memory, seconds, rss))

    def _lost(self) -> None:
        self.loop.remove_reader(self.control)
        self.control.close()
        self.process.kill()
        code = self.process.wait()
        alive.forget(self.process.pid)
        self.errors.close()
        self.pool.lost(self, f"exit code {code}" if code >= 0 else f"signal {-code}")


CLOSE_SECONDS = 2.0
_numbers = itertools.count(1)


@asynccontextmanager
async def open_processes(
    root: Path,
    entry: str,
    describe: Callable[[BaseException, str, str], Mapping[str, object]],
    log_of: Callable[[str], LogPort],
) -> AsyncIterator[ProcessPool]:
    """A pool on the running loop; leaving the context ends every process of it."""
    pool = ProcessPool(root, entry, describe, log_of)
    try:
        yield pool
    finally:
        await pool.close()
