"""Objects that note every line of theirs that is run, and fail at it: what a walk over them must never do."""

from typing import Any

RUN: list[str] = []
"""What was run of them."""

_METHODS = (
    *("__repr__", "__str__", "__format__", "__bytes__", "__hash__", "__eq__", "__ne__", "__lt__", "__bool__"),
    *("__len__", "__length_hint__", "__iter__", "__next__", "__getitem__", "__contains__", "__call__", "__index__"),
    *("__int__", "__float__", "__getattr__", "__getattribute__", "__dir__", "__sizeof__", "__reduce__", "__enter__"),
    *("__fspath__", "__instancecheck__", "__subclasscheck__", "__get__", "__missing__", "items", "keys", "values"),
)
_PROPERTIES = ("__class__", "__dict__", "__doc__", "args", "name", "tzinfo", "_name_")


def _noted(name: str) -> Any:
    def run(*arguments: object, **named: object) -> object:
        RUN.append(name)
        raise RuntimeError(f"{name} was run")

    return run


def _namespace(*without: str) -> dict[str, Any]:
    methods = {name: _noted(name) for name in _METHODS if name not in without}
    return methods | {name: property(_noted(name)) for name in _PROPERTIES if name not in without}


def _meta() -> type:
    own = _namespace("__call__", "__dict__", "__class__", "__doc__", "__get__", "__getattribute__", "__getattr__")
    own |= {"__getattribute__": _noted("meta.__getattribute__"), "__name__": property(_noted("meta.__name__"))}
    return type("Meta", (type,), own)


def hostile_class(base: type = object) -> type:
    """A class below `base` whose every method notes that it was run."""
    return type(f"Hostile{base.__name__.title()}", (base,), _namespace())


def hostile_objects() -> list[object]:
    """One of each kind of trouble; nothing of theirs has been run when they are returned."""
    make: Any = object.__new__
    objects: list[object] = [make(hostile_class())]
    objects.append(make(type.__call__(_meta(), "OfMeta", (), {})))
    kinds: tuple[tuple[Any, Any], ...] = (
        (str, "text"),
        (bytes, b"bytes"),
        (int, 7),
        (float, 1.5),
        (list, None),
        (dict, None),
        (set, None),
        (tuple, (1, 2)),
        (Exception, None),
    )
    for base, content in kinds:
        kind = hostile_class(base)
        objects.append(base.__new__(kind) if content is None else base.__new__(kind, content))
    holder = make(type("Holder", (), {}))
    object.__setattr__(holder, "inner", objects[0])
    objects.append(holder)
    objects.append(make(type("Slotted", (), {"__slots__": ("filled", "empty")})))
    RUN.clear()
    return objects
