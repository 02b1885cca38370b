"""Moves bytes between a terminal and the room's socket, never blocking on either. Run by `attach`; stdlib only."""

import json
import os
import select
import signal
import socket
from dataclasses import dataclass
from typing import Final

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.client.detach import DetachKey
from grace_tui.faces.remote.terminal import ALTERNATE_OFF, ALTERNATE_ON, RawTerminal, color_of

_READ: Final = 64 * 1024
_BACKLOG: Final = 256 * 1024
"""Bytes one side may be owed before the other is not read any more."""

_IN_PEACE: Final = ("left", "closed")
"""Reasons of the room that are no failure."""


@dataclass(frozen=True, slots=True)
class End:
    code: int
    text: str


class Pump:
    def __init__(self, line: socket.socket, raw: RawTerminal) -> None:
        self._line, self._raw = line, raw
        self._line.setblocking(False)
        self._decoder = frames.FrameDecoder()
        self._detach = DetachKey()
        self._to_room = bytearray()
        self._to_terminal = bytearray()
        self._alternate = False

    @property
    def on_screen(self) -> bool:
        """Whether the terminal may still show the room, so that somebody must clear it."""
        return self._alternate or bool(self._to_terminal)

    def greet(self, read_only: bool) -> None:
        hello = {
            "term": os.environ.get("TERM", ""),
            "color": color_of(os.environ),
            "readonly": read_only,
            "program": os.environ.get("TERM_PROGRAM", ""),
        }
        self._say_size(frames.HELLO, **hello)

    def run(self, woken: int) -> End:
        """Pump until the end; `woken` delivers the numbers of signals."""
        while True:
            reading = [woken]
            if len(self._to_room) < _BACKLOG:
                reading.append(self._raw.fd)
            if len(self._to_terminal) < _BACKLOG:
                reading.append(self._line.fileno())
            writing = [self._raw.fd] if self._to_terminal else []
            if self._to_room:
                writing.append(self._line.fileno())
            readable, writable, _ = select.select(reading, writing, [])
            if end := self._turn(readable, writable, woken):
                return end

    def _turn(self, readable: list[int], writable: list[int], woken: int) -> End | None:
        if woken in readable and (end := self._obey(os.read(woken, 64))):
            return end
        if self._raw.fd in writable and not self._paint():
            return _TERMINAL_GONE
        if self._raw.fd in readable and (end := self._read_terminal()):
            return end
        try:
            if self._line.fileno() in writable:
                del self._to_room[: self._line.send(self._to_room)]
            return self._read_room() if self._line.fileno() in readable else None
        except BlockingIOError:
            return None
        except ConnectionError:
            # The room's last words may wait in the socket while it refuses ours.
            return self._last_words() or _CONNECTION_LOST
        except frames.FrameError as error:
            return End(1, f"the room sent nonsense: {error}")

    def _obey(self, numbers: bytes) -> End | None:
        for number in numbers:
            if number != signal.SIGWINCH:
                return End(1, f"stopped by {signal.Signals(number).name}")
        self._say_size(frames.RESIZE)
        return None

    def _read_terminal(self) -> End | None:
        try:
            typed = os.read(self._raw.fd, _READ)
        except BlockingIOError:
            return None
        except OSError:
            return _TERMINAL_GONE
        if not typed:
            return _TERMINAL_GONE
        before = self._detach.find(typed)
        if before != 0:
            self._to_room += frames.data_frames(typed[:before])
        return None if before is None else _DETACHED

    def _read_room(self) -> End | None:
        data = self._line.recv(_READ)
        if not data:
            return _CONNECTION_LOST
        for kind, body in self._decoder.feed(data):
            if kind == frames.DATA:
                self._show(body)
            elif kind == frames.END:
                return self._farewell(body)
        return None

    def _last_words(self) -> End | None:
        try:
            while True:
                if end := self._read_room():
                    return end
        except (OSError, frames.FrameError):
            return None

    def _show(self, paint: bytes) -> None:
        self._to_terminal += paint
        entered, left = paint.rfind(ALTERNATE_ON), paint.rfind(ALTERNATE_OFF)
        if entered != left:
            self._alternate = entered > left

    def _farewell(self, body: bytes) -> End:
        if self._raw.put(bytes(self._to_terminal)):
            self._to_terminal.clear()
        end = json.loads(body)
        return End(0 if end["reason"] in _IN_PEACE else 1, end["text"])

    def _paint(self) -> bool:
        try:
            del self._to_terminal[: os.write(self._raw.fd, self._to_terminal)]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def _say_size(self, kind: bytes, **more: object) -> None:
        try:
            columns, rows = self._raw.size
        except OSError:
            return  # the terminal is going; reading it will tell
        self._to_room += frames.json_frame(kind, {"w": columns, "h": rows, **more})


_DETACHED: Final = End(0, "detached; the room goes on")
_TERMINAL_GONE: Final = End(1, "the terminal is gone")
_CONNECTION_LOST: Final = End(1, "the connection to the room was lost")
