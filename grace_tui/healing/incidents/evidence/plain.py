"""Notes of values that hold no others: texts, numbers, functions, paths, moments. Runs not a line of their code.

Called by `values` for each value that it looks at; a text is noted as one that is not yet safe to show.
"""

import datetime
import decimal
import enum
import pathlib
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from types import (
    BuiltinFunctionType,
    CodeType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)
from typing import Any

from grace_tui.healing.incidents.evidence.storage import ITEMS, NAME_LIMIT, fields, type_name

TEXT_TAKEN = 2_000
"""Characters taken of a text: more than are shown, so that a secret is seen whole before the text is cut."""
LARGEST_NUMBER = 512
"""Bits."""

_MODULE_DICT: Any = vars(ModuleType)["__dict__"]
_HEAD = slice(TEXT_TAKEN)
_SILENT = (CodeType, FrameType, TracebackType, GetSetDescriptorType, MemberDescriptorType)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text that is to be redacted, cut and quoted."""

    text: str
    more: int
    """Characters that were not taken."""
    before: str = ""
    after: str = ""


def plain(value: Any, kind: type) -> str | Quoted | None:
    """Notes of what holds nothing else; None for the rest."""
    if kind is str:
        return Quoted(value[:TEXT_TAKEN], max(len(value) - TEXT_TAKEN, 0))
    if kind is int:
        return _number(value)
    if kind is float or kind is complex:
        return repr(value)
    if issubclass(kind, enum.Enum):
        name = next((found for field, found in fields(value, kind) if field == "_name_"), None)
        return f"{type_name(kind)}.{name[:NAME_LIMIT]}" if type(name) is str else None
    for base, tell in _TELLERS:
        if issubclass(kind, base):
            told = tell(value, kind)
            if told is not None:
                return told
    return None


def _number(value: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= LARGEST_NUMBER else f"<int of {bits} bits>"


def _text(value: Any, kind: type) -> str | Quoted:
    more = max(str.__len__(value) - TEXT_TAKEN, 0)
    return Quoted(str.__getitem__(value, _HEAD), more, f"{type_name(kind)}(", ")")


def _octets(value: Any, kind: type) -> str | Quoted:
    base = bytes if issubclass(kind, bytes) else bytearray
    data: bytes = bytes(base.__getitem__(value, _HEAD))
    more = max(base.__len__(value) - TEXT_TAKEN, 0)
    around = ("b", "") if kind is bytes else (f"{type_name(kind)}(b", ")")
    return Quoted(data.decode("latin-1"), more, *around)


def _function(value: Any, kind: type) -> str | Quoted:
    return f"<function {value.__qualname__[:NAME_LIMIT]}>"


def _method(value: Any, kind: type) -> str | Quoted:
    inner = value.__func__
    return f"<method {inner.__qualname__[:NAME_LIMIT]}>" if type(inner) is FunctionType else "<method>"


def _module(value: Any, kind: type) -> str | Quoted:
    names = islice(dict.items(_MODULE_DICT.__get__(value)), ITEMS)
    name = next((found for key, found in names if type(key) is str and key == "__name__"), "")
    return f"<module {name[:NAME_LIMIT]}>" if type(name) is str else "<module>"


def _path(value: Any, kind: type) -> str | Quoted | None:
    if kind is not pathlib.PosixPath:
        return None
    text = pathlib.PurePath.__str__(value)
    return Quoted(text[:TEXT_TAKEN], max(len(text) - TEXT_TAKEN, 0), "Path(", ")") if type(text) is str else None


def _moment(value: Any, kind: type) -> str | Quoted | None:
    if kind is not datetime.datetime and kind is not datetime.time:
        return None
    zone = value.tzinfo
    if zone is None or type(zone) is datetime.timezone:
        return f"<{kind.__name__} {value.isoformat()}>"
    return f"<{kind.__name__} {value.replace(tzinfo=None).isoformat()} of a {type_name(type(zone))}>"


def _day(value: Any, kind: type) -> str | Quoted | None:
    return f"<date {value.isoformat()}>" if kind is datetime.date else None


def _length(value: Any, kind: type) -> str | Quoted | None:
    return f"<timedelta {value}>" if kind is datetime.timedelta else None


def _decimal(value: Any, kind: type) -> str | Quoted | None:
    small = kind is decimal.Decimal and sys.getsizeof(value) < LARGEST_NUMBER
    return f"Decimal('{value}')" if small else f"<{type_name(kind)}>"


_TELLERS: Iterable[tuple[type, Callable[[Any, type], str | Quoted | None]]] = (
    (type, lambda value, kind: f"<class {type_name(value)}>"),
    (FunctionType, _function),
    (BuiltinFunctionType, _function),
    (MethodType, _method),
    (CoroutineType, lambda value, kind: f"<coroutine {value.__qualname__[:NAME_LIMIT]}>"),
    (GeneratorType, lambda value, kind: f"<generator {value.__qualname__[:NAME_LIMIT]}>"),
    (ModuleType, _module),
    (str, _text),
    (bytes, _octets),
    (bytearray, _octets),
    (int, lambda value, kind: f"{type_name(kind)}({_number(value)})"),
    (float, lambda value, kind: f"{type_name(kind)}({float.__repr__(value)})"),
    (pathlib.PurePath, _path),
    (datetime.datetime, _moment),
    (datetime.time, _moment),
    (datetime.date, _day),
    (datetime.timedelta, _length),
    (decimal.Decimal, _decimal),
    *((kind, lambda value, kind: f"<{type_name(kind)}>") for kind in _SILENT),
)
