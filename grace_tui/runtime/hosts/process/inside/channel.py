"""The child's end of its line to the room: questions, answers, and words that nobody answers.

A thread of its own reads, so that a call of a port may wait for its answer where it stands, on any thread, also on the
loop's. The end of the room is the end of the child: at the end of the stream the whole process group is killed.
"""

import asyncio
import itertools
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

import anyio

from grace_tui.runtime.hosts.frames import Frames, framed
from grace_tui.runtime.hosts.wire import Substitute, decode, encode_words

READ_BYTES = 64 * 1024
CANCEL_PATIENCE = 3.0
"""Seconds a cancelled caller waits for the end of what it had asked for."""

Heard = Callable[[Sequence[Any]], None]


class Waiting:
    """One thread waits for one answer."""

    __slots__ = ("answer", "arrived", "raised")

    def __init__(self) -> None:
        self.arrived = threading.Lock()
        self.arrived.acquire()
        self.answer: Any = None
        self.raised = False


class Channel:
    """Made in the child, on its loop; `heard` gets every word that is no answer, on the loop."""

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop, heard: Heard) -> None:
        self.fd, self.loop, self.heard = fd, loop, heard
        self.received = 0
        """Frames that arrived so far."""
        self._answered = 0
        """Of these, those that a waiting thread was given."""
        self._handled = 0
        """Of these, those that the loop has handled."""
        self._ids = itertools.count(1)
        self._sending = threading.Lock()
        self._waiting: dict[int, Waiting] = {}
        self._futures: dict[int, asyncio.Future[Any]] = {}
        self._main = threading.get_ident()

    def start(self) -> None:
        threading.Thread(target=self._listen, name="room", daemon=True).start()

    @property
    def handled(self) -> int:
        """Frames that have reached whom they were for."""
        return self._answered + self._handled

    @property
    def on_loop(self) -> bool:
        """Whether this is the thread of the child's loop."""
        return threading.get_ident() == self._main

    def tell(self, *words: Any, path: str = "", substitute: Substitute | None = None) -> None:
        """Say something that nobody answers; waits while the room does not keep up."""
        self._send(encode_words(words, path or words[0], substitute))

    def ask(self, path: str, what: str, *words: Any) -> Any:
        """Ask and wait where the caller stands; any thread. Raises what the room raised.

        `path` names what is asked for in the refusal of what cannot travel.
        """
        number, waiting = next(self._ids), Waiting()
        data = encode_words((what, number, *words), path)
        self._waiting[number] = waiting
        self._send(data)
        waiting.arrived.acquire()
        if waiting.raised:
            raise waiting.answer
        return waiting.answer

    async def ask_soon(self, path: str, what: str, *words: Any) -> Any:
        """Ask and give way until the answer is there; on the loop only. A cancelled caller cancels the act."""
        number = next(self._ids)
        future = self._futures[number] = self.loop.create_future()
        try:
            self._send(encode_words((what, number, *words), path))
            return await future
        except asyncio.CancelledError:
            if future.cancelled():
                self.tell("cancel", number)
                await self._end_of(number, path)
            raise
        finally:
            self._futures.pop(number, None)

    async def _end_of(self, number: int, path: str) -> None:
        """What was begun for a cancelled caller cleans up behind itself; where it fails at that, the log has it."""
        over = self._futures[number] = self.loop.create_future()
        with anyio.move_on_after(CANCEL_PATIENCE, shield=True):
            await asyncio.wait({over})
        error = over.exception() if over.done() else None
        if error is not None and not isinstance(error, asyncio.CancelledError):
            said = f"{path} was given up, and failed at that: {type(error).__name__}: {error}"
            self.tell("note", "log", "warning", (said,), {})

    def _send(self, body: bytes) -> None:
        data = memoryview(framed(body))
        with self._sending:
            while data:
                try:
                    data = data[os.write(self.fd, data) :]
                except OSError:
                    end_group()

    def _listen(self) -> None:
        frames = Frames()
        while data := self._read():
            for body in frames.feed(data):
                self.received += 1
                self._take(decode(body))
        end_group()

    def _read(self) -> bytes:
        try:
            return os.read(self.fd, READ_BYTES)
        except OSError:  # the room was killed with words of ours unread
            return b""

    def _take(self, words: Sequence[Any]) -> None:
        waiting = self._waiting.pop(words[1], None) if words[0] in ("done", "raised") else None
        if waiting is None:
            self.loop.call_soon_threadsafe(self._on_loop, words)
            return
        waiting.raised, waiting.answer = words[0] == "raised", words[2]
        self._answered += 1
        waiting.arrived.release()

    def _on_loop(self, words: Sequence[Any]) -> None:
        self._handled += 1
        if words[0] not in ("done", "raised"):
            self.heard(words)
            return
        future = self._futures.get(words[1])
        if future is None or future.done():  # its caller was cancelled meanwhile
            return
        if words[0] == "done":
            future.set_result(words[2])
        elif isinstance(words[2], StopIteration):  # a future refuses it
            future.set_exception(RuntimeError("the call raised StopIteration"))
        else:
            future.set_exception(words[2])


def end_group() -> None:
    """End this process and what it started: the room is gone, and nobody is left to end them."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
