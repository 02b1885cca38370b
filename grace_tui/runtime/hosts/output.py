"""What a program prints: a non-blocking pipe, read on the loop, cut into lines, handed to the kernel's log in batches.

The hosts open one reader for each pipe of a child. However much is printed, one turn of the loop spends a bounded time
on it: the pipes that have something take turns, the rest waits in its pipe, and a program whose pipe is full waits too.
"""

import asyncio
import os
import time
from collections.abc import Callable
from typing import Literal
from weakref import WeakKeyDictionary

from grace_tui.kernel.ports import LogPort
from grace_tui.runtime.hosts.lines import Lines

READ_BYTES = 64 * 1024
"""What one read takes at most: a whole pipe on Linux."""
BATCH_LINES = 500
"""What is handed on at once at most: a program that prints empty lines has 65,536 of them in its pipe."""
TURN_SECONDS = 0.004
"""What all readers of a loop together take of one of its turns; they exceed it by one batch at most."""


class OutputReader:
    """Lines of one pipe. It owns `fd` from `start` on, and closes it at the end of file or in `close`."""

    def __init__(
        self,
        fd: int,
        log: LogPort,
        stream: Literal["stdout", "stderr"],
        *,
        on_line: Callable[[str], object] | None = None,
    ) -> None:
        self.fd, self.log, self.stream, self.on_line = fd, log, stream, on_line
        self.lines = 0
        self.bytes = 0
        self._split = Lines()
        self._left: list[str] = []
        """Read, and not handed on yet."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._error: Exception | None = None

    @property
    def cut(self) -> int:
        """Pieces of a line that were handed on before its end was seen."""
        return self._split.cut

    def start(self) -> None:
        """Read from now on, on the running loop."""
        os.set_blocking(self.fd, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.fd, _pump_of(self._loop).ready, self)

    async def drained(self) -> None:
        """Wait until the other side has closed the pipe and all of it is handed on. Raises what `on_line` raised."""
        await self._ended.wait()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop reading, once what lies in the pipe is handed on; the descriptor is closed. Safe to call again."""
        if self._ended.is_set():
            return
        end = self.bytes + READ_BYTES
        while self._left or (not self._ended.is_set() and self.bytes < end and self._read()):
            self._hand_on()
        self._end()

    def step(self) -> bool:
        """Hand on one batch, of a new read where nothing is left of the last one; False when it waits for more."""
        if not self._left and not self._read():
            return False
        self._hand_on()
        return bool(self._left)

    def _read(self) -> bool:
        """Read once; the end of the file ends the reader."""
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:  # so a terminal says that its program has gone
            data = b""
        if not data:
            self._end()
            return False
        self.bytes += len(data)
        self._left = self._split.feed(data)
        return True

    def _hand_on(self) -> None:
        lines, self._left = self._left[:BATCH_LINES], self._left[BATCH_LINES:]
        if not lines:
            return
        self.lines += len(lines)
        try:
            self.log.output(self.stream, lines)
            if self.on_line is not None:
                for line in lines:
                    self.on_line(line)
        except Exception as error:  # raised again in `drained`: what other programs print goes on
            self._error = self._error or error

    def _end(self) -> None:
        if self._ended.is_set():
            return
        if self._loop is not None:
            self._loop.remove_reader(self.fd)
            _pump_of(self._loop).forget(self)
        os.close(self.fd)
        self._left += self._split.finish()
        self._hand_on()
        self._ended.set()


class _Pump:
    """Serves the readers of one loop in turn, so that neither the loop nor a quiet program waits for a loud one."""

    def __init__(self) -> None:
        self._waiting: dict[OutputReader, None] = {}
        self._called = False

    def ready(self, reader: OutputReader) -> None:
        self._waiting[reader] = None
        self._call()

    def forget(self, reader: OutputReader) -> None:
        self._waiting.pop(reader, None)

    def _call(self) -> None:
        if self._waiting and not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        self._called = False
        end = time.perf_counter() + TURN_SECONDS
        while self._waiting and time.perf_counter() < end:
            reader = next(iter(self._waiting))
            del self._waiting[reader]
            if reader.step():
                self._waiting[reader] = None
        self._call()


_pumps: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Pump]" = WeakKeyDictionary()


def _pump_of(loop: asyncio.AbstractEventLoop) -> _Pump:
    return _pumps.setdefault(loop, _Pump())
