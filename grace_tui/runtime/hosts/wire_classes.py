"""Classes by name on the way between processes: found where they are loaded, stood in for where they are not."""

import dataclasses
import sys
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard

import msgspec

STAND_INS = 1024
"""Classes made for records whose own class is not loaded here."""


CORE = "grace_tui"
TOLD = "__told_properties__"
"""On a class made here: the properties whose values its records brought along."""


class Name(NamedTuple):
    module: str
    qualname: str


def name_of(kind: type) -> Name:
    return Name(kind.__module__, kind.__qualname__)


def names_of(kind: type) -> list[Name]:
    """A class and its bases by name, nearest first, without `object`."""
    return [name_of(base) for base in kind.__mro__[:-1]]


def find(name: Name) -> object:
    """The object of that name in a module that is loaded; None where there is none. Never imports."""
    found: object = sys.modules.get(name.module)
    for part in name.qualname.split("."):
        # From the namespace itself: a module's `__getattr__` could import.
        found = getattr(found, "__dict__", {}).get(part)
    return found


def is_record(kind: type) -> bool:
    """Whether values of a class are fields and nothing else."""
    return (
        dataclasses.is_dataclass(kind)
        or issubclass(kind, msgspec.Struct)
        or (issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple))
    )


def fields_of(kind: type) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]  # a named tuple
    return names


def properties_of(kind: type) -> tuple[str, ...]:
    """Public properties of a record's class that may not be loaded elsewhere; every process has the core's own."""
    if kind.__module__.partition(".")[0] == CORE:
        return ()
    told: tuple[str, ...] = vars(kind).get(TOLD, ())
    own = (name for base in kind.__mro__ for name, member in vars(base).items() if isinstance(member, property))
    return told or tuple(name for name in own if not name.startswith("_"))


def make_record(
    name: Name, bases: tuple[Name, ...], names: tuple[str, ...], values: list[Any], derived: dict[str, Any]
) -> Any:
    """A record with these fields: of its own class where that is loaded and has them, else of one made alike.

    The one made alike says what the properties said when it left; equality and text go by the fields alone.
    """
    kind = find(name)
    if not isinstance(kind, type) or not is_record(kind) or fields_of(kind) != names:
        kind = _stand_in(name, bases, names, tuple(derived))
        more = {field: value for field, value in derived.items() if not hasattr(kind, field)}
        names, values = (*names, *more), [*values, *more.values()]
    if issubclass(kind, tuple):
        return kind(*values)
    if issubclass(kind, msgspec.Struct):
        return kind(**dict(zip(names, values, strict=True)))
    # Not through `__init__`, whose code is the kernel's and may compute, refuse or wait.
    record = object.__new__(kind)
    for field, value in zip(names, values, strict=True):
        object.__setattr__(record, field, value)
    return record


@lru_cache(STAND_INS)
def _stand_in(name: Name, bases: tuple[Name, ...], names: tuple[str, ...], derived: tuple[str, ...]) -> type:
    base: type = next((found for found in map(find, bases) if _can_be_base(found, names)), object)
    made = dataclasses.make_dataclass(
        name.qualname.rpartition(".")[2],
        [(field, Any) for field in names],
        bases=(base,),
        frozen=True,
        namespace={"__module__": name.module, TOLD: derived},
    )
    made.__module__, made.__qualname__ = name
    return made


def _can_be_base(kind: object, names: tuple[str, ...]) -> TypeGuard[type]:
    return (
        isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        and set(fields_of(kind)) <= set(names)
        and all(field.default is field.default_factory is dataclasses.MISSING for field in dataclasses.fields(kind))
    )
