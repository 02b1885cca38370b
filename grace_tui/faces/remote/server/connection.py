"""One connection to the room's socket: by its first frame a screen or a command client. Made by the server."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

import msgspec

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.channel import Channel, ChannelInfo
from grace_tui.faces.remote.server.commands import CommandClient
from grace_tui.faces.remote.server.peers import Peer, peer_of
from grace_tui.faces.remote.server.wire import Hello, Size, end_frame

HIGH_WATER: Final = 256 * 1024
"""Bytes waiting for a peer past which nothing more is made for it."""

HELLO_SECONDS: Final = 10.0
FINISH_SECONDS: Final = 1.0


class Desk(Protocol):
    """What the server does for its connections."""

    def arrive(self, connection: "Connection") -> str:
        """Take note of a connection; the text of a refusal, or nothing."""

    def depart(self, connection: "Connection") -> None: ...
    def open_screen(self, channel: Channel) -> None: ...
    def open_client(self, connection: "Connection") -> tuple[CommandClient, Callable[[], object]]:
        """A command client that is being served, and what stops serving it."""


class Connection(asyncio.Protocol):
    peer: Peer
    transport: asyncio.Transport

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoder = frames.FrameDecoder()
        self._screen: SocketChannel | None = None
        self._client: CommandClient | None = None
        self._stop_client: Callable[[], object] | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._abort: asyncio.TimerHandle | None = None
        self._held = False
        self.gone = asyncio.Event()

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        self.peer = peer_of(self.transport.get_extra_info("socket"))
        self._silence = asyncio.get_running_loop().call_later(HELLO_SECONDS, self._refuse, "no first frame came")
        if refusal := self._desk.arrive(self):
            self._refuse(refusal)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, body in self._decoder.feed(data):
                if self.transport.is_closing():
                    return
                self._take(kind, body)
        except (frames.FrameError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(str(error))

    def pause_writing(self) -> None:
        self._congested(True)

    def resume_writing(self) -> None:
        self._congested(False)

    def eof_received(self) -> None:
        """The peer says no more; it has a moment to take what it was sent."""
        self._abort_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        self._quiet()
        if self._abort is not None:
            self._abort.cancel()
        self.gone.set()
        if self._screen is not None:
            self._screen.tell_lost()
        if self._stop_client is not None:
            self._stop_client()
        self._desk.depart(self)

    @property
    def screen(self) -> Channel | None:
        return self._screen

    # What screens and command clients use.

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def hold(self, yes: bool) -> None:
        if yes == self._held or self.transport.is_closing():
            return
        self._held = yes
        if yes:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def hang_up(self, reason: str, text: str) -> None:
        """Say why and close; the peer has a moment to take what was sent."""
        if self.transport.is_closing():
            return
        self.send(end_frame(reason, text))
        self._abort_soon()
        self.transport.close()

    # What the peer says.

    def _take(self, kind: bytes, body: bytes) -> None:
        if self._screen is not None:
            self._screen.take(kind, body)
        elif self._client is not None:
            self._client.take(kind, body)
        else:
            self._begin(kind, body)

    def _begin(self, kind: bytes, body: bytes) -> None:
        if kind == frames.HELLO:
            self._screen = SocketChannel(self, msgspec.json.decode(body, type=Hello))
            self._desk.open_screen(self._screen)
        elif kind == frames.COMMAND:
            self._client, self._stop_client = self._desk.open_client(self)
            self._client.take(kind, body)
        else:
            raise frames.FrameError(f"a connection begins with {frames.HELLO!r} or {frames.COMMAND!r}, not {kind!r}")
        self._quiet()

    def _refuse(self, text: str) -> None:
        self.hang_up("refused", text)

    def _abort_soon(self) -> None:
        if self._abort is None:
            self._abort = asyncio.get_running_loop().call_later(FINISH_SECONDS, self.transport.abort)

    def _congested(self, yes: bool) -> None:
        if self._screen is not None:
            self._screen.tell_congested(yes)
        if self._client is not None:
            self._client.congested(yes)

    def _quiet(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None


class SocketChannel(Channel):
    """A screen at the other end of a connection."""

    def __init__(self, connection: Connection, hello: Hello) -> None:
        info = ChannelInfo(
            "socket",
            term=hello.term,
            color=hello.color,
            read_only=hello.readonly,
            peer=str(connection.peer),
            program=hello.program,
        )
        super().__init__(info, (hello.w, hello.h))
        self._connection = connection

    def take(self, kind: bytes, body: bytes) -> None:
        if kind == frames.DATA:
            self.tell_received(body)
        elif kind == frames.RESIZE:
            size = msgspec.json.decode(body, type=Size)
            self.tell_resized(size.w, size.h)
        else:
            raise frames.FrameError(f"a screen sends {frames.DATA!r} or {frames.RESIZE!r} frames, not {kind!r}")

    def write(self, data: bytes) -> None:
        if not self.closed:
            self._connection.send(frames.data_frames(data))

    def hold(self, yes: bool) -> None:
        if not self.closed:
            self._connection.hold(yes)

    async def finish(self, reason: str, text: str) -> None:
        if self.closed:
            return
        self.closed = True
        self._connection.hang_up(reason, text)
        await self._connection.gone.wait()
