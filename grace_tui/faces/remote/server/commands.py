"""A connection that asks for verbs, one after the other, or watches. Made by a connection at its first request."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.server.peers import Peer
from grace_tui.faces.remote.server.watchers import Watchers
from grace_tui.faces.remote.server.wire import Answer, Commands, Request, answer_frame
from grace_tui.kernel.errors import GraceError

WATCH: Final = "watch"
"""The verb that streams views instead of answering."""

QUEUE: Final = 32
"""Requests of one connection that wait; past it, nothing more is read from it."""


class Line(Protocol):
    """What a connection offers a command client."""

    peer: Peer

    def send(self, data: bytes) -> None: ...
    def hold(self, yes: bool) -> None: ...


class CommandClient:
    def __init__(
        self, line: Line, commands: Commands, watchers: Watchers, on_error: Callable[[str, Exception], None]
    ) -> None:
        self._line, self._commands, self._watchers, self._on_error = line, commands, watchers, on_error
        self._waiting: deque[Request] = deque()
        self._work = asyncio.Event()
        self._clear = asyncio.Event()
        self._clear.set()
        self._watching = False

    def take(self, kind: bytes, body: bytes) -> None:
        """Queue a request.

        Raises:
            FrameError: it is something else.
            msgspec.MsgspecError: it makes no sense.
        """
        if kind != frames.COMMAND:
            raise frames.FrameError(f"a command client sends {frames.COMMAND!r} frames; this one is {kind!r}")
        self._waiting.append(msgspec.json.decode(body, type=Request))
        self._work.set()
        self._line.hold(len(self._waiting) >= QUEUE)

    def congested(self, yes: bool) -> None:
        """A client that does not read its answers is asked no more questions."""
        if yes:
            self._clear.clear()
        else:
            self._clear.set()
            if self._watching:
                self._watchers.add(self)

    def show(self, view: bytes) -> None:
        if self._clear.is_set():
            self._line.send(view)

    async def serve(self) -> None:
        """Answer until cancelled, which happens when the peer leaves: what it asked for is then given up."""
        try:
            while True:
                await self._work.wait()
                while self._waiting:
                    request = self._waiting.popleft()
                    self._line.hold(False)
                    await self._clear.wait()
                    await self._carry_out(request)
                self._work.clear()
        finally:
            self._watching = False
            self._watchers.remove(self)

    async def _carry_out(self, request: Request) -> None:
        if request.verb == WATCH:
            self._watching = True
            self._watchers.add(self)
            return
        try:
            answer = await self._commands(request.verb, request.args, self._line.peer)
            data = answer_frame(request.id, answer)
        except GraceError as error:
            data = answer_frame(request.id, Answer(False, str(error)))
        except Exception as error:  # the boundary of commands: one that breaks is answered for, and the rest go on
            self._on_error(request.verb, error)
            data = answer_frame(request.id, Answer(False, f"{request.verb} broke: {type(error).__name__}"))
        self._line.send(data)
