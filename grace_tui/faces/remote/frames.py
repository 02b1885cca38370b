"""The frames on the room's socket: one byte of kind, four bytes of length, a body. Used by both ends; stdlib only."""

import json
from collections.abc import Iterator
from typing import Any, Final

LIMIT: Final = 1 << 20
"""Largest body in bytes."""

HELLO: Final = b"H"
"""A screen introduces itself: JSON w, h, term, color, readonly, program."""
RESIZE: Final = b"R"
"""The screen's terminal has another size: JSON w, h."""
DATA: Final = b"D"
"""Bytes of a terminal: keys towards the room, paint towards the screen."""
COMMAND: Final = b"C"
"""A command client asks: JSON id, verb, args."""
ANSWER: Final = b"A"
"""The room answers: JSON id, ok, text, data."""
VIEW: Final = b"V"
"""The room shows itself to a watcher: JSON of a RoomView."""
END: Final = b"E"
"""The room says why it hangs up: JSON reason, text."""

KINDS: Final = HELLO + RESIZE + DATA + COMMAND + ANSWER + VIEW + END

_HEADER: Final = 5


class FrameError(Exception):
    """The peer sent something that is no frame; nothing after it can be trusted."""


def frame(kind: bytes, body: bytes) -> bytes:
    """One frame.

    Raises:
        FrameError: the body is larger than a frame may be.
    """
    if len(body) > LIMIT:
        raise FrameError(f"a frame holds {LIMIT} bytes; this body has {len(body)}")
    return kind + len(body).to_bytes(4, "big") + body


def json_frame(kind: bytes, value: Any) -> bytes:
    return frame(kind, json.dumps(value, separators=(",", ":")).encode())


def data_frames(data: bytes) -> bytes:
    """`data` as frames, as many as it takes."""
    if len(data) <= LIMIT:
        return frame(DATA, data)
    return b"".join(frame(DATA, data[start : start + LIMIT]) for start in range(0, len(data), LIMIT))


class FrameDecoder:
    """Cuts a byte stream into frames. Holds at most one frame and what arrived with its end."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The frames that `data` completes, as (kind, body).

        Raises:
            FrameError: an unknown kind or a length past the limit, as soon as its header is there.
        """
        self._buffer += data
        while len(self._buffer) >= _HEADER:
            kind, length = bytes(self._buffer[:1]), int.from_bytes(self._buffer[1:_HEADER], "big")
            if kind not in KINDS:
                raise FrameError(f"frame kind {kind!r} is unknown")
            if length > LIMIT:
                raise FrameError(f"a frame holds {LIMIT} bytes; {length} were announced")
            if len(self._buffer) < _HEADER + length:
                return
            body = bytes(self._buffer[_HEADER : _HEADER + length])
            del self._buffer[: _HEADER + length]
            yield kind, body
