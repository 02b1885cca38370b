"""Values as bytes between the room and a kernel's process: msgpack with tags, and nothing that runs code on arrival.

Never pickle: a kernel's process is not trusted with the room's. A record or an exception arrives as its own class only
where that class is loaded already; nothing is ever imported for a message. Called by both ends of a process host.

What arrives is what was sent, except: a subclass of a builtin (Counter, defaultdict, a `str` with a name) arrives as
the builtin, any other mapping as a dict, and an enum whose class is not loaded as its value.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.hosts.wire_classes import (
    Name,
    fields_of,
    find,
    is_record,
    make_record,
    name_of,
    names_of,
    properties_of,
)
from grace_tui.runtime.hosts.wire_errors import describe_error, rebuild_error

DEPTH = 100
"""Levels of nesting that travel; deeper is a circle, or meant to hurt."""

LIST, TUPLE, SET, FROZENSET, DICT, DEQUE, INT, STR, RECORD, ENUM, ERROR = range(11)
DATETIME, DATE, TIME, TIMEDELTA, PATH, DECIMAL, IDENTIFIER = range(11, 18)

Substitute = Callable[[object], str]
"""Words in place of what cannot travel: for logs, where the line matters more than the object."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder()


class CannotTravel(GraceError):
    """A value has no form outside its own process."""

    def __init__(self, path: str, value: object) -> None:
        kind = type(value).__qualname__
        article = "an" if kind[:1].lower() in "aeiou" else "a"
        super().__init__(f"{path}: {article} {kind} cannot leave the process")
        self.path, self.kind = path, kind


class BadFrame(GraceError):
    """Bytes from another process are no message of ours."""


def encode(value: object, path: str = "value", substitute: Substitute | None = None) -> bytes:
    """Return `value` as bytes.

    Raises:
        CannotTravel: some part of it has no form outside this process; the text says which, beginning with `path`.
    """
    return _encoder.encode(_Packer(substitute).pack(value, path, DEPTH))


def encode_words(words: Iterable[object], path: str, substitute: Substitute | None = None) -> bytes:
    """Return a list of values as bytes; `path` names any of them."""
    packer = _Packer(substitute)
    return _encoder.encode([LIST, *(packer.pack(word, path, DEPTH) for word in words)])


def decode(data: bytes | bytearray | memoryview) -> Any:
    """Return the value that `encode` made the bytes from.

    Raises:
        BadFrame: they were not made by `encode`.
    """
    try:
        return _unpack(_decoder.decode(data))
    except Exception as error:  # the bytes may be hostile: whatever they upset, they are not one of ours
        raise BadFrame(f"not a message: {type(error).__name__}: {error}") from error


class _Packer:
    """One pass over one value, to what msgpack itself can say."""

    def __init__(self, substitute: Substitute | None) -> None:
        self.substitute = substitute

    def pack(self, value: Any, path: str, depth: int) -> Any:
        kind = type(value)
        if kind in _PLAIN:
            return value
        if depth <= 0:
            raise CannotTravel(path, value)
        if kind is str:
            return _text(value)
        if kind is int:
            return value if -(2**63) <= value < 2**63 else [INT, str(value)]
        if kind is list:
            return [LIST, *self._items(value, path, depth)]
        if kind is tuple:
            return [TUPLE, *self._items(value, path, depth)]
        if kind is dict:
            return self._mapping(value, path, depth)
        return self._other(value, kind, path, depth)

    def _items(self, values: Any, path: str, depth: int) -> list[Any]:
        return [self.pack(item, f"{path}[{number}]", depth - 1) for number, item in enumerate(values)]

    def _mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> Any:
        if all(type(key) is str and key.isascii() for key in value):
            return {key: self.pack(item, f"{path}[{key!r}]", depth - 1) for key, item in value.items()}
        packed: list[Any] = [DICT]
        for key, item in value.items():
            packed.append(self.pack(key, f"{path}.keys()", depth - 1))
            packed.append(self.pack(item, f"{path}[{key!r}]", depth - 1))
        return packed

    def _other(self, value: Any, kind: type, path: str, depth: int) -> Any:
        if isinstance(value, Enum):
            return [ENUM, *name_of(kind), value.name, self.pack(value.value, f"{path}.value", depth - 1)]
        if is_record(kind):
            return self._record(value, kind, path, depth)
        if isinstance(value, BaseException):
            said = describe_error(value)
            # What an error carries along is worth less than the error: what cannot travel goes as words.
            return [ERROR, *(_Packer(_words).pack(part, path, depth - 1) for part in said)]
        for base, tag, plain in _SIMPLE:
            if isinstance(value, base):
                return [tag, plain(value)]
        if isinstance(value, set | frozenset):
            tag = SET if isinstance(value, set) else FROZENSET
            return [tag, *self._items(value, path, depth)]
        if isinstance(value, deque):
            return [DEQUE, value.maxlen, *self._items(value, path, depth)]
        return self._as_builtin(value, path, depth)

    def _as_builtin(self, value: Any, path: str, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value, path, depth)
        for base in _BUILTINS:
            if isinstance(value, base):
                return self.pack(base(value), path, depth)
        if isinstance(value, bytearray):
            return bytes(value)
        if self.substitute is None:
            raise CannotTravel(path, value)
        return _text(self.substitute(value))

    def _record(self, value: Any, kind: type, path: str, depth: int) -> Any:
        names = fields_of(kind)
        values = [self.pack(getattr(value, name, None), f"{path}.{name}", depth - 1) for name in names]
        bases = [list(name) for name in names_of(kind)[1:]] if is_dataclass(kind) else []
        return [RECORD, *name_of(kind), bases, list(names), self._derived(value, kind, depth), *values]

    def _derived(self, value: Any, kind: type, depth: int) -> dict[str, Any]:
        """What a record's properties say, for where its class is not loaded; one that fails is left out."""
        derived = {}
        for name in properties_of(kind):
            try:
                derived[name] = self.pack(getattr(value, name), name, depth - 1)
            except Exception:  # the kernel's code, or nothing that travels
                continue
        return derived


def _text(value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:
        return [STR, value.encode("utf-8", "surrogatepass")]
    return value


def _words(value: object) -> str:
    try:
        return str(value)
    except Exception:  # an object of a crash may fail even at that
        return f"<{type(value).__qualname__} without a readable text>"


def _moment(value: datetime) -> list[Any]:
    zone = value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else ""
    plain = value.replace(tzinfo=None) if zone else value
    return [plain.isoformat(), zone, value.fold]


_BUILTINS: tuple[Any, ...] = (str, int, float, bytes, tuple, list)
_PLAIN = frozenset({type(None), bool, float, bytes})
_SIMPLE: tuple[tuple[Any, int, Callable[[Any], Any]], ...] = (
    (PurePath, PATH, lambda value: _text(str(value))),
    (datetime, DATETIME, _moment),  # before date, which it is one of
    (date, DATE, date.isoformat),
    (time, TIME, time.isoformat),
    (timedelta, TIMEDELTA, lambda value: [value.days, value.seconds, value.microseconds]),
    (Decimal, DECIMAL, str),
    (UUID, IDENTIFIER, str),
)


def _unpack(packed: Any) -> Any:
    if type(packed) is dict:
        return {key: _unpack(item) for key, item in packed.items()}
    if type(packed) is not list:
        return packed
    return _READERS[packed[0]](packed)


def _rest(packed: list[Any], start: int = 1) -> list[Any]:
    return [_unpack(item) for item in packed[start:]]


def _dict(packed: list[Any]) -> dict[Any, Any]:
    found = _rest(packed)
    return dict(zip(found[::2], found[1::2], strict=True))


def _record(packed: list[Any]) -> Any:
    _, module, qualname, bases, names, derived, *values = packed
    name, found = Name(module, qualname), [_unpack(value) for value in values]
    return make_record(name, tuple(Name(*base) for base in bases), tuple(names), found, _unpack(derived))


def _enum(packed: list[Any]) -> Any:
    _, module, qualname, member, value = packed
    kind = find(Name(module, qualname))
    if isinstance(kind, type) and issubclass(kind, Enum) and member in kind.__members__:
        return kind[member]
    return _unpack(value)


def _datetime(packed: list[Any]) -> datetime:
    text, zone, fold = packed[1]
    found = datetime.fromisoformat(text).replace(fold=fold)
    return found.replace(tzinfo=ZoneInfo(zone)) if zone else found


_READERS: dict[int, Callable[[list[Any]], Any]] = {
    LIST: _rest,
    TUPLE: lambda packed: tuple(_rest(packed)),
    SET: lambda packed: set(_rest(packed)),
    FROZENSET: lambda packed: frozenset(_rest(packed)),
    DICT: _dict,
    DEQUE: lambda packed: deque(_rest(packed, 2), packed[1]),
    INT: lambda packed: int(packed[1]),
    STR: lambda packed: packed[1].decode("utf-8", "surrogatepass"),
    RECORD: _record,
    ENUM: _enum,
    ERROR: lambda packed: rebuild_error(*_rest(packed)),
    DATETIME: _datetime,
    DATE: lambda packed: date.fromisoformat(packed[1]),
    TIME: lambda packed: time.fromisoformat(packed[1]),
    TIMEDELTA: lambda packed: timedelta(*packed[1]),
    PATH: lambda packed: Path(_unpack(packed[1])),
    DECIMAL: lambda packed: Decimal(packed[1]),
    IDENTIFIER: lambda packed: UUID(packed[1]),
}
