"""Verbs asked of an open room, and its views watched. Used by the command line; stdlib only."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.client.dial import ConnectionLost, Refused, dial
from grace_tui.kernel.errors import NoReply

_READ: Final = 64 * 1024


def request(path: Path, verb: str, args: Mapping[str, Any] | None = None, timeout: float = 30.0) -> dict[str, Any]:
    """Ask the room at `path` for `verb`; the answer has ok, text and data.

    Raises:
        NoRoom: no room is open there.
        NoReply: it did not answer within `timeout` seconds.
        Refused, ConnectionLost: it hung up instead.
    """
    deadline = time.monotonic() + timeout
    try:
        with dial(path, timeout) as line:
            line.sendall(frames.json_frame(frames.COMMAND, {"id": 1, "verb": verb, "args": dict(args or {})}))
            for kind, body in _frames(line, path, deadline):
                if kind == frames.ANSWER:
                    answer: dict[str, Any] = json.loads(body)
                    return answer
                if kind == frames.END:
                    raise Refused(json.loads(body)["text"])
    except TimeoutError as error:
        raise NoReply(verb, timeout) from error
    except (ConnectionError, frames.FrameError) as error:
        raise ConnectionLost(path) from error
    raise ConnectionLost(path)


def watch(path: Path) -> Iterator[dict[str, Any]]:
    """The room's views as they change, as dicts of RoomView; ends when the room closes.

    Raises:
        NoRoom: no room is open there.
        Refused, ConnectionLost: it broke off.
    """
    try:
        with dial(path) as line:
            line.sendall(frames.json_frame(frames.COMMAND, {"id": 1, "verb": "watch", "args": {}}))
            line.settimeout(None)
            for kind, body in _frames(line, path, None):
                if kind == frames.VIEW:
                    yield json.loads(body)
                elif kind == frames.END:
                    end = json.loads(body)
                    if end["reason"] == "closed":
                        return
                    raise Refused(end["text"])
    except (ConnectionError, frames.FrameError) as error:
        raise ConnectionLost(path) from error


def _frames(line: socket.socket, path: Path, deadline: float | None) -> Iterator[tuple[bytes, bytes]]:
    decoder = frames.FrameDecoder()
    while True:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            line.settimeout(left)
        data = line.recv(_READ)
        if not data:
            raise ConnectionLost(path)
        yield from decoder.feed(data)
