"""What the peers of the room's socket may say, parsed strictly, and what the room answers."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.server.peers import Peer


class Size(msgspec.Struct, frozen=True):
    w: int
    h: int


class Hello(Size, frozen=True):
    term: str = ""
    color: Literal["truecolor", "256", "16", "none"] = "256"
    readonly: bool = False
    program: str = ""


class Request(msgspec.Struct, frozen=True):
    id: int | str
    verb: str
    args: dict[str, Any] = {}


class Answer(msgspec.Struct, frozen=True):
    """What a command came to: `text` for a person, `data` for a program."""

    ok: bool
    text: str = ""
    data: Any = {}


Commands = Callable[[str, dict[str, Any], Peer], Awaitable[Answer]]
"""Carries out a verb with its arguments for a peer. A GraceError becomes an answer that is not ok."""


def answer_frame(request: int | str, answer: Answer) -> bytes:
    body = msgspec.json.encode({"id": request, **msgspec.structs.asdict(answer)}, enc_hook=str)
    if len(body) > frames.LIMIT:
        text = f"the answer has {len(body)} bytes; {frames.LIMIT} fit into a frame"
        body = msgspec.json.encode({"id": request, **msgspec.structs.asdict(Answer(False, text))})
    return frames.frame(frames.ANSWER, body)


def end_frame(reason: str, text: str) -> bytes:
    return frames.frame(frames.END, msgspec.json.encode({"reason": reason, "text": text}))
