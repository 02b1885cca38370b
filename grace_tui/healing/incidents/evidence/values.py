"""Values of a crash as plain notes, taken where it happened without running a line of their code.

Only what the interpreter itself stores is read (builtin containers, `__dict__`, slots), through the builtin types' own
methods and never through a name that a class could have replaced: no `__repr__`, `__len__`, `__class__`, property or
hash of a value's own is called. A budget bounds what is read; `wording` makes text of the notes later, elsewhere.
"""

import datetime
import decimal
import enum
import pathlib
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
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

from grace_tui.kernel.redact import SHOWN, is_secret_name

NODES = 300
"""Values that are looked at for one failure; what comes after shows its type only."""
ITEMS = 10
"""Of a container, and fields of an object."""
DEPTH = 3
TEXT_TAKEN = 2_000
"""Characters taken of a text: more than are shown, so that a secret is seen whole before the text is cut."""
NAME_LIMIT = 80
KEY_MATERIAL = 16
"""Characters from which what is called a key is taken for one, rather than for the name of an entry."""
LARGEST_NUMBER = 512
"""Bits."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text that is to be redacted, cut and quoted."""

    text: str
    more: int
    """Characters that were not taken."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Several values between brackets, each with what it is called where it has a name."""

    before: str
    items: "tuple[tuple[Note | None, Note], ...]"
    joint: str
    """Between a name and its value."""
    after: str
    more: bool


Note = str | Quoted | Group
"""A value as it was: finished text, text that is not yet safe to show, or several of them."""

_QUALNAME, _MRO, _DICT, _MODULE = (
    type.__dict__[name] for name in ("__qualname__", "__mro__", "__dict__", "__module__")
)
_MODULE_DICT: Any = vars(ModuleType)["__dict__"]
_ARGS: Any = vars(BaseException)["args"]
_HEAD = slice(TEXT_TAKEN)
_SILENT = (CodeType, FrameType, TracebackType, GetSetDescriptorType, MemberDescriptorType)


class Walker:
    """Looks at values until its budget is spent; made anew for every failure."""

    def __init__(self, nodes: int = NODES) -> None:
        self.left = nodes
        self._around: set[int] = set()
        """Containers that the value being looked at lies in."""
        self._known: dict[int, tuple[object, int, Note]] = {}
        """What was looked at already, at which depth: a method's frames share what they work on."""

    def note(self, value: object, name: str = "", depth: int = 0) -> Note:
        """What `value` is; `name` decides whether it may be shown."""
        kind = type(value)
        if value is None or value is True or value is False:
            return str(value)
        if name and hides(name, value, kind):
            return SHOWN
        self.left -= 1
        plain = _plain(value, kind)
        if plain is not None:
            return plain
        if id(value) in self._around:
            return f"<the {type_name(kind)} around this>"
        known = self._known.get(id(value))
        if known is not None and known[1] <= depth:
            return known[2]
        if self.left <= 0 or depth >= DEPTH:
            return f"<{type_name(kind)}>"
        self._around.add(id(value))
        try:
            note = self._several(value, kind, depth)
        except (RuntimeError, AttributeError, TypeError) as error:  # another thread changes it at this moment
            return f"<{type_name(kind)}, which could not be read: {type(error).__name__}>"
        finally:
            self._around.discard(id(value))
        self._known[id(value)] = (value, depth, note)  # with the value, so that no other gets its id
        return note

    def _several(self, value: object, kind: type, depth: int) -> Note:
        for base, walk in (
            (list, self._sequence),
            (tuple, self._sequence),
            (dict, self._mapping),
            (set, self._sequence),
            (frozenset, self._sequence),
            (deque, self._sequence),
        ):
            if issubclass(kind, base):
                before, after = _BRACKETS[base]
                if kind is not base:
                    before, after = f"{type_name(kind)}({before}", f"{after})"
                return walk(value, base, before, after, depth)
        return self._object(value, kind, depth)

    def _sequence(self, value: Any, base: Any, before: str, after: str, depth: int) -> Note:
        found: list[object] = list(islice(base.__iter__(value), ITEMS + 1))
        items: list[tuple[Note | None, Note]] = []
        name = ""
        for item in found[:ITEMS]:
            items.append((None, self.note(item, name, depth + 1)))
            name = _flag(item)  # `--token`, `abc`: also a header and its value
        if base is set and not found:
            before, after = "set(", ")"
        if base is tuple and len(items) == 1 and after == ")":
            after = ",)"
        return Group(before, tuple(items), "", after, len(found) > ITEMS)

    def _mapping(self, value: Any, base: Any, before: str, after: str, depth: int) -> Note:
        found: list[tuple[object, object]] = list(islice(base.items(value), ITEMS + 1))
        items = tuple(
            (self.note(key, "", depth + 1), self.note(item, _flag(key), depth + 1)) for key, item in found[:ITEMS]
        )
        return Group(before, items, ": ", after, len(found) > ITEMS)

    def _object(self, value: object, kind: type, depth: int) -> Note:
        # What a kernel was given (its context, its ports) is the same for all, and would crowd out what is its own.
        of_ours = depth > 0 and module_of(kind).startswith("grace_tui.")
        fields = [] if of_ours else list(islice(_fields(value, kind), ITEMS + 1))
        if not fields:
            return f"<{type_name(kind)}>"
        items = tuple((name[:NAME_LIMIT], self.note(item, name, depth + 1)) for name, item in fields[:ITEMS])
        return Group(f"{type_name(kind)}(", items, "=", ")", len(fields) > ITEMS)


_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
}


def type_name(kind: type) -> str:
    """The qualified name of a type, past anything that its metaclass says."""
    found = _QUALNAME.__get__(kind)
    return found[:NAME_LIMIT] if type(found) is str else "object"


def module_of(kind: type) -> str:
    """The name of the module that a type says it is from; empty where it says nothing usable."""
    found = _MODULE.__get__(kind)
    return found if type(found) is str else ""


def hides(name: str, value: object, kind: type) -> bool:
    """Whether a value's name says that nobody else may see it."""
    if is_secret_name(name[:NAME_LIMIT]):
        return True
    if not name.lower().endswith("key"):
        return False
    return (issubclass(kind, str) and str.__len__(value) >= KEY_MATERIAL) or (  # type: ignore[arg-type]
        issubclass(kind, bytes) and bytes.__len__(value) >= KEY_MATERIAL  # type: ignore[arg-type]
    )


def stored(value: object, name: str) -> object:
    """One stored field of an object; None where it has none, or only one that its class would compute."""
    return next((found for field, found in _fields(value, type(value)) if field == name), None)


def _flag(item: object) -> str:
    """What an item of a sequence, or a key, says of the value after it."""
    if type(item) is bytes:
        item = item[:NAME_LIMIT].decode("latin-1")
    return item if type(item) is str and len(item) < NAME_LIMIT and " " not in item else ""


def _fields(value: object, kind: type) -> Iterator[tuple[str, object]]:
    """What is stored in an object: the arguments of an exception, its `__dict__`, its slots."""
    if issubclass(kind, BaseException):
        yield "args", _ARGS.__get__(value)
    slots: list[tuple[str, MemberDescriptorType]] = []
    for base in _MRO.__get__(kind):
        if base is object:
            continue
        for name, entry in _DICT.__get__(base).items():
            if type(name) is not str:
                continue
            if type(entry) is MemberDescriptorType and not name.startswith("__"):
                slots.append((name, entry))
            elif name == "__dict__" and type(entry) is GetSetDescriptorType:
                yield from _named(entry.__get__(value, kind))
    for name, slot in slots:
        try:
            yield name, slot.__get__(value, kind)
        except AttributeError:  # never filled
            continue


def _named(own: object) -> Iterator[tuple[str, object]]:
    if type(own) is not dict:
        return
    for name, item in list(islice(dict.items(own), ITEMS + 1)):
        if type(name) is str:
            yield name, item


def _plain(value: Any, kind: type) -> Note | None:
    """Notes of what holds nothing else; None for the rest."""
    if kind is str:
        return Quoted(value[:TEXT_TAKEN], max(len(value) - TEXT_TAKEN, 0))
    if kind is int:
        return _number(value)
    if kind is float or kind is complex:
        return repr(value)
    if issubclass(kind, enum.Enum):
        name = next((found for field, found in _fields(value, kind) if field == "_name_"), None)
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


def _text(value: Any, kind: type) -> Note:
    more = max(str.__len__(value) - TEXT_TAKEN, 0)
    return Quoted(str.__getitem__(value, _HEAD), more, f"{type_name(kind)}(", ")")


def _octets(value: Any, kind: type) -> Note:
    base = bytes if issubclass(kind, bytes) else bytearray
    data: bytes = bytes(base.__getitem__(value, _HEAD))
    more = max(base.__len__(value) - TEXT_TAKEN, 0)
    around = ("b", "") if kind is bytes else (f"{type_name(kind)}(b", ")")
    return Quoted(data.decode("latin-1"), more, *around)


def _function(value: Any, kind: type) -> Note:
    return f"<function {value.__qualname__[:NAME_LIMIT]}>"


def _method(value: Any, kind: type) -> Note:
    inner = value.__func__
    return f"<method {inner.__qualname__[:NAME_LIMIT]}>" if type(inner) is FunctionType else "<method>"


def _module(value: Any, kind: type) -> Note:
    names = islice(dict.items(_MODULE_DICT.__get__(value)), ITEMS)
    name = next((found for key, found in names if type(key) is str and key == "__name__"), "")
    return f"<module {name[:NAME_LIMIT]}>" if type(name) is str else "<module>"


def _path(value: Any, kind: type) -> Note | None:
    if kind is not pathlib.PosixPath:
        return None
    text = pathlib.PurePath.__str__(value)
    return Quoted(text[:TEXT_TAKEN], max(len(text) - TEXT_TAKEN, 0), "Path(", ")") if type(text) is str else None


def _moment(value: Any, kind: type) -> Note | None:
    if kind is not datetime.datetime and kind is not datetime.time:
        return None
    zone = value.tzinfo
    if zone is None or type(zone) is datetime.timezone:
        return f"<{kind.__name__} {value.isoformat()}>"
    return f"<{kind.__name__} {value.replace(tzinfo=None).isoformat()} of a {type_name(type(zone))}>"


def _day(value: Any, kind: type) -> Note | None:
    return f"<date {value.isoformat()}>" if kind is datetime.date else None


def _length(value: Any, kind: type) -> Note | None:
    return f"<timedelta {value}>" if kind is datetime.timedelta else None


def _decimal(value: Any, kind: type) -> Note | None:
    small = kind is decimal.Decimal and sys.getsizeof(value) < LARGEST_NUMBER
    return f"Decimal('{value}')" if small else f"<{type_name(kind)}>"


_TELLERS: Iterable[tuple[type, Callable[[Any, type], Note | None]]] = (
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
