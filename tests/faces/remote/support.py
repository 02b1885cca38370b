"""A tiny App, a room around it, and a terminal emulator at the other end of the socket. Used by the tests beside it."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

import pyte
from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.geometry import Size
from textual.widgets import Static

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.channel import Channel, ChannelInfo
from grace_tui.faces.remote.screen import MakeApp
from grace_tui.faces.remote.screens import ScreenHost, open_screens
from grace_tui.faces.remote.server import Answer, Peer, RoomServer, open_server
from grace_tui.faces.views import RoomView
from grace_tui.kernel.errors import GraceError

PATIENCE = 10.0


async def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Wait for `condition`; fail naming `what` when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        await asyncio.sleep(0.002)


class Tiny(App[None]):
    """Shows its size and what was typed, and misbehaves on request."""

    CSS = "Screen { background: #204060; } Static { height: auto; }"

    def __init__(self, info: ChannelInfo, driver_class: type[Driver]) -> None:
        super().__init__(driver_class=driver_class)
        self.info = info
        self.seen: list[str] = []
        self.dimensions = Size(0, 0)
        self.never = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Static(id="state")
        yield Static(id="count")

    def on_mount(self) -> None:
        self.tell()

    def on_resize(self, event: events.Resize) -> None:
        self.dimensions = event.size
        self.tell()

    def tell(self) -> None:
        who = "viewer" if self.info.read_only else "operator"
        text = f"{who} sees {self.dimensions.width}x{self.dimensions.height}: {' '.join(self.seen[-6:])}."
        self.query_one("#state", Static).update(text)

    def note(self, what: str) -> None:
        self.seen.append(what)
        self.tell()

    def on_paste(self, event: events.Paste) -> None:
        self.note(f"paste-{len(event.text)}")

    def on_click(self, event: events.Click) -> None:
        self.note(f"click-{event.screen_x},{event.screen_y}")

    def on_app_blur(self) -> None:
        self.note("blur")

    async def on_key(self, event: events.Key) -> None:
        match event.key:
            case "q":
                self.exit()
            case "x":
                secret = "the-value-of-a-local"
                raise ValueError(f"broken {len(secret)}")
            case "s":
                await self.never.wait()
            case "p":
                print("printed by an App")
            case key:
                self.note(key)


class Flood(Tiny):
    """Paints its whole screen anew all the time."""

    turn = 0

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(1 / 50, self.flood)

    def flood(self) -> None:
        self.turn += 1
        width, height = self.dimensions
        self.query_one("#count", Static).update(
            "\n".join(f"[#{self.turn * 997 % 0xFFFFFF:06x}]{self.turn}[/] " * (width // 8) for _ in range(height - 2))
        )


class MemoryChannel(Channel):
    """Keeps what is written; the test is the terminal."""

    def __init__(self, info: ChannelInfo | None = None, size: tuple[int, int] = (60, 12)) -> None:
        super().__init__(info or ChannelInfo("memory"), size)
        self.out = bytearray()
        self.held = False
        self.farewell: tuple[str, str] | None = None

    def write(self, data: bytes) -> None:
        if not self.closed:
            self.out += data

    def hold(self, yes: bool) -> None:
        self.held = yes

    async def finish(self, reason: str, text: str) -> None:
        if not self.closed:
            self.closed = True
            self.farewell = (reason, text)

    @property
    def display(self) -> str:
        emulator = Emulator(*self.size)
        emulator.feed(bytes(self.out))
        return emulator.display

    async def sees(self, text: str) -> None:
        await until(lambda: text in self.display, f"{text!r} in\n{self.display}")


class Emulator:
    """A terminal of one size."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.screen)

    def feed(self, data: bytes) -> None:
        # pyte knows nothing of kitty's keyboard stack and would print the end of its sequences.
        self._stream.feed(re.sub(rb"\x1b\[[<>]\d*u", b"", data))

    @property
    def display(self) -> str:
        return "\n".join(self.screen.display)


class Viewer(asyncio.Protocol):
    """The other end of the socket: speaks frames, shows paint."""

    transport: asyncio.Transport
    attached: ClassVar[set["Viewer"]] = set()

    def __init__(self, size: tuple[int, int]) -> None:
        self.emulator = Emulator(*size)
        self.size = size
        self.raw = bytearray()
        self.frames: list[tuple[bytes, bytes]] = []
        self.end: dict[str, str] | None = None
        self.lost = False
        self._decoder = frames.FrameDecoder()

    @classmethod
    async def attach(cls, path: Path, size: tuple[int, int] = (60, 12), **hello: Any) -> Self:
        viewer = await cls.connect(path, size)
        width, height = size
        viewer.say(frames.HELLO, {"w": width, "h": height, "color": "truecolor", **hello})
        return viewer

    @classmethod
    async def connect(cls, path: Path, size: tuple[int, int] = (60, 12)) -> Self:
        loop = asyncio.get_running_loop()
        transport, viewer = await loop.create_unix_connection(lambda: cls(size), str(path))
        viewer.transport = transport
        cls.attached.add(viewer)
        return viewer

    def data_received(self, data: bytes) -> None:
        for kind, body in self._decoder.feed(data):
            self.frames.append((kind, body))
            if kind == frames.DATA:
                self.raw += body
                self.emulator.feed(body)
            elif kind == frames.END:
                self.end = json.loads(body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.attached.discard(self)

    def say(self, kind: bytes, value: Any) -> None:
        self.transport.write(frames.json_frame(kind, value))

    def type(self, keys: bytes) -> None:
        self.transport.write(frames.frame(frames.DATA, keys))

    def resize(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.emulator.screen.resize(height, width)
        self.say(frames.RESIZE, {"w": width, "h": height})

    async def sees(self, text: str) -> None:
        await until(lambda: text in self.emulator.display, f"{text!r} in\n{self.emulator.display}")

    async def ended(self) -> dict[str, str]:
        await until(lambda: self.lost, "the room hung up")
        assert self.end is not None, "the room hung up without a word"
        return self.end


class Room:
    """What the tests look at."""

    screens: ScreenHost
    server: RoomServer

    def __init__(self) -> None:
        self.crashes: list[str] = []
        self.printed: list[tuple[str, str]] = []
        self.broken: list[tuple[str, Exception]] = []
        self.asked: list[tuple[str, dict[str, Any], Peer]] = []
        self.given_up: list[str] = []

    async def answer(self, verb: str, args: dict[str, Any], peer: Peer) -> Answer:
        self.asked.append((verb, args, peer))
        match verb:
            case "refuse":
                raise GraceError("not like this")
            case "break":
                raise KeyError("inside")
            case "hang":
                try:
                    await asyncio.Event().wait()
                finally:
                    self.given_up.append(verb)
            case "large":
                return Answer(True, "x" * (frames.LIMIT + 1))
        return Answer(True, f"did {verb}", args)


@asynccontextmanager
async def open_host(make_app: MakeApp = Tiny, deadline: float = 2.0) -> AsyncIterator[Room]:
    room = Room()
    async with open_screens(
        make_app,
        on_crash=lambda _, text: room.crashes.append(text),
        on_print=lambda stream, line: room.printed.append((stream, line)),
        deadline=deadline,
    ) as room.screens:
        yield room


@asynccontextmanager
async def open_room(
    path: Path, make_app: MakeApp = Tiny, deadline: float = 2.0, uid: int | None = None
) -> AsyncIterator[Room]:
    try:
        async with (
            open_host(make_app, deadline) as room,
            open_server(
                path, room.screens, room.answer, on_error=lambda verb, error: room.broken.append((verb, error)), uid=uid
            ) as room.server,
        ):
            yield room
    finally:
        for viewer in tuple(Viewer.attached):
            viewer.transport.abort()
        await until(lambda: not Viewer.attached, "the viewers are gone")


def view(sequence: int) -> RoomView:
    return RoomView(
        sequence=sequence,
        at=0.0,
        workspace="w",
        host="h",
        version="0",
        state="steady",
        total=20,
        running=20,
        failed=0,
        open_incidents=0,
        fixing=0,
        queued=0,
        loop_lag_ms=0.0,
        cpu_percent=0.0,
        rss_bytes=0,
        uptime=0.0,
        bus_rate=0.0,
    )
