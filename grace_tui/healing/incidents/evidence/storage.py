"""What the interpreter itself stores of a value: the name of its type, its fields. Runs not a line of the value's code.

Only the builtin types' own descriptors are used, never a name that a class could have replaced. `values` and the finder
of providers read by this.
"""

from collections.abc import Iterator
from itertools import islice
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

ITEMS = 10
"""Of a container, and fields of an object."""
NAME_LIMIT = 80

_QUALNAME, _MRO, _DICT, _MODULE = (
    type.__dict__[name] for name in ("__qualname__", "__mro__", "__dict__", "__module__")
)
_ARGS: Any = vars(BaseException)["args"]


def type_name(kind: type) -> str:
    """The qualified name of a type, past anything that its metaclass says."""
    found = _QUALNAME.__get__(kind)
    return found[:NAME_LIMIT] if type(found) is str else "object"


def module_of(kind: type) -> str:
    """The name of the module that a type says it is from; empty where it says nothing usable."""
    found = _MODULE.__get__(kind)
    return found if type(found) is str else ""


def stored(value: object, name: str) -> object:
    """One stored field of an object; None where it has none, or only one that its class would compute."""
    return next((found for field, found in fields(value, type(value)) if field == name), None)


def fields(value: object, kind: type) -> Iterator[tuple[str, object]]:
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
