"""What a command to the room is, and how its arguments are read: for the table of commands and the modules it lists."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from grace_tui.kernel.errors import GraceError

if TYPE_CHECKING:
    from grace_tui.room.core import Room

Arguments = Mapping[str, object]
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    run: "Callable[[Room, Arguments, str], Awaitable[Answer]]"
    acts: bool = False
    """Whether it changes anything; such commands are written to the audit log."""


def answer(text: str, data: object = None, ok: bool = True) -> Answer:
    return {"ok": ok, "text": text, "data": {} if data is None else msgspec.to_builtins(data)}


def word(arguments: Arguments, key: str) -> str:
    """
    Raises:
        GraceError: there is no such argument, or it is no text.
    """
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise GraceError(f"{key} is {value!r}; expected a name")
    return value


def number(arguments: Arguments, key: str, default: int) -> int:
    """
    Raises:
        GraceError: the argument is no whole number, or out of range.
    """
    value = arguments.get(key, default)
    if not isinstance(value, int) or not 1 <= value <= 100_000:
        raise GraceError(f"{key} is {value!r}; expected a whole number from 1 to 100000")
    return value
