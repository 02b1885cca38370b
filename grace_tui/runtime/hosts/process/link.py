"""The room's end of the line to one kernel's process. It never waits for the process.

What the process says is taken in small pieces, and a process that says too much is listened to less: its own writing
then waits, and the room does not. Everything here runs on the supervisor's loop.
"""

import asyncio
import contextlib
import contextvars
import itertools
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from grace_tui.kernel.ports import LogPort
from grace_tui.runtime.hosts import alive
from grace_tui.runtime.hosts.frames import Frames, framed
from grace_tui.runtime.hosts.output import OutputReader
from grace_tui.runtime.hosts.process.exits import Exit
from grace_tui.runtime.hosts.process.fatal import SHOW_STACK, FatalError
from grace_tui.runtime.hosts.wire import BadFrame, CannotTravel, decode, encode_words

READ_BYTES = 16 * 1024
WINDOW = 0.1
SHARE = 0.03
"""Seconds of each window that the room spends on one process, or on all that say too much; they rest until the next."""

OUTPUT_PATIENCE = 0.5

Heard = Callable[[Sequence[Any]], None]


class Gone(Exception):
    """The process ended before it answered; the link's `exit` tells how."""


@dataclass(eq=False)
class Attention:
    """What the processes of one pool share."""

    resting: int = 0
    """Those that are not listened to at this moment, since they said too much."""


class Link:
    """One process, from its fork to its end. `heard` gets every word that is no answer."""

    def __init__(self, line: socket.socket, out: int, err: int, attention: Attention) -> None:
        self.loop = asyncio.get_running_loop()
        self.attention = attention
        self.line, self.out, self.err = line, out, err
        self.pid = 0
        """0 until the forkserver has told."""
        self.heard: Heard = _unheard
        self.heard_at = time.monotonic()
        self.sent = 0
        """Frames sent so far."""
        self.exit: Exit | None = None
        self.born = asyncio.Event()
        """Set once its pid is known."""
        self.ended = asyncio.Event()
        """Set once it has ended and everything it had said was taken in."""
        self.at_end: Callable[[], None] = _nothing
        """Called at its end."""
        self.readers: tuple[OutputReader, ...] = ()
        self.fatal = FatalError()
        self._note = ""
        self._frames = Frames()
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._unsent = bytearray()
        self._closed = False
        self._spent = 0.0
        self._window_ends = 0.0
        line.setblocking(False)
        # In no kernel's context: what it makes happen is not held by the pause of whoever made it.
        contextvars.Context().run(self.loop.add_reader, line, self._readable)

    # ---- saying

    def tell(self, *words: Any, path: str = "") -> None:
        """Say something that nobody answers; to a process that has ended it is said to nobody."""
        self._send(encode_words(words, path or words[0]))

    async def ask(self, order: str, *arguments: Any, path: str = "", patience: float = 0.0) -> Any:
        """Tell it to do something and wait for the outcome. A cancelled caller cancels the act, and waits for the
        end of that for `patience` seconds at most.

        Raises:
            Gone: the process ended first.
            CannotTravel: an argument has no form outside this process.
        """
        if self.exit is not None or self._closed:
            raise Gone
        number = next(self._numbers)
        body = encode_words(("do", number, order, *arguments), path or order)
        future = self._asked[number] = self.loop.create_future()
        try:
            self._send(body)
            return await future
        except asyncio.CancelledError:
            if future.cancelled():
                self.tell("cancel", number)
                await self._end_of(number, patience)
            raise
        finally:
            self._asked.pop(number, None)

    async def _end_of(self, number: int, patience: float) -> None:
        over = self._asked[number] = self.loop.create_future()
        with anyio.move_on_after(patience, shield=True), contextlib.suppress(Exception):
            await over  # whatever came of it: nobody is there to be told

    def show_stack(self) -> None:
        """Let it print where it is, into its log; for one that does not answer."""
        if self.exit is None and self.pid:
            _kill(os.kill, self.pid, SHOW_STACK)

    def kill(self, note: str = "") -> None:
        """End it and what it started, at once; `note` says why, where a person would wonder."""
        if self.exit is not None:
            return
        self._note = self._note or note
        if self.pid:
            _kill_group(self.pid)
        else:  # it has not even told its pid: without its line it ends by itself
            self._close()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        """A task for this process, held by nobody's pause; whoever makes it ends it."""
        return self.loop.create_task(work, name=name, context=contextvars.Context())

    # ---- its life, as the forkserver tells it

    def forked(self, pid: int) -> None:
        self.pid = pid
        self.born.set()
        alive.note(pid)
        if self._closed:
            _kill_group(pid)

    def has_ended(self, end: Exit) -> None:
        """It is gone: take in what it still said, then tell everybody who waits for it."""
        if self.exit is not None:
            return
        if self.pid:
            alive.forget(self.pid)
            _kill(os.killpg, self.pid)  # what it started and left behind
        while not self._closed and self._read():
            pass
        note = self._note or end.note
        self.exit = Exit(end.code, end.out_of_memory, end.cpu_seconds, end.rss_bytes, note)
        self._close()
        for future in list(self._asked.values()):
            if not future.done():
                future.set_exception(Gone())
        self.born.set()
        self.ended.set()
        self.at_end()

    def read_output(self, log: LogPort) -> None:
        """Hand what it prints to a log from now on."""
        self.readers = (
            OutputReader(self.out, log, "stdout"),
            OutputReader(self.err, log, "stderr", on_line=self.fatal.line),
        )
        for reader in self.readers:
            reader.start()

    async def output_end(self) -> None:
        """Wait until what it printed is in the log, or a little: what it started may hold its output open."""
        with anyio.move_on_after(OUTPUT_PATIENCE):
            for reader in self.readers:
                await reader.drained()

    def close_output(self) -> None:
        if self.readers:
            for reader in self.readers:
                reader.close()
        else:
            for fd in (self.out, self.err):
                os.close(fd)

    # ---- the line

    def _send(self, body: bytes) -> None:
        if self._closed:
            return
        self.sent += 1
        if not self._unsent:
            self.loop.add_writer(self.line, self._writable)
        self._unsent += framed(body)
        self._writable()

    def _writable(self) -> None:
        try:
            del self._unsent[: self.line.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:  # it has ended; the forkserver tells how
            self._unsent.clear()
        if not self._unsent and not self._closed:
            self.loop.remove_writer(self.line)

    def _readable(self) -> None:
        started = time.perf_counter()
        if started >= self._window_ends:
            self._window_ends, self._spent = started + WINDOW, 0.0
        self._read()
        self._spent += time.perf_counter() - started
        if self._spent > SHARE / (1 + self.attention.resting) and not self._closed:
            self.attention.resting += 1
            self.loop.remove_reader(self.line)
            self.loop.call_later(max(self._window_ends - time.perf_counter(), 0), self._listen_again)

    def _listen_again(self) -> None:
        self.attention.resting -= 1
        if not self._closed:
            self.loop.add_reader(self.line, self._readable)

    def _read(self) -> bool:
        """Take in one piece; False where there is none."""
        try:
            data = self.line.recv(READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._close()
            self.kill()
            return False
        self.heard_at = time.monotonic()
        try:
            for body in self._frames.feed(data):
                self._take(decode(body))
        except (BadFrame, ValueError, TypeError, LookupError) as error:
            self._close()
            self.kill(f"it said what the room does not understand: {error}")
            return False
        return True

    def _take(self, words: Sequence[Any]) -> None:
        if words[0] not in ("done", "raised"):
            self.heard(words)
            return
        _, number, value = words
        future = self._asked.get(number)
        if future is None or future.done():  # its caller was cancelled meanwhile
            return
        if words[0] == "done":
            future.set_result(value)
        elif isinstance(value, StopIteration):  # a future refuses it
            future.set_exception(RuntimeError("the kernel raised StopIteration"))
        else:
            future.set_exception(value)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self.loop.remove_reader(self.line)
        self.loop.remove_writer(self.line)
        self.line.close()


def answer(link: Link, number: int, value: Any, path: str) -> None:
    """Answer a question of the process; an answer that cannot travel is an error of that question."""
    try:
        link.tell("done", number, value, path=path)
    except CannotTravel as error:
        link.tell("raised", number, error)


def _kill_group(pid: int) -> None:
    if not _kill(os.killpg, pid):  # it has not made its group yet
        _kill(os.kill, pid)


def _kill(act: Callable[[int, int], None], pid: int, number: int = signal.SIGKILL) -> bool:
    try:
        act(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _nothing() -> None:
    """Nobody lives in it yet."""


def _unheard(words: Sequence[Any]) -> None:
    """Before a kernel lives in it, a process has nothing to say."""
