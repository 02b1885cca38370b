"""Exceptions between processes: told by class, arguments and attributes, and built again without running their code."""

import builtins
from functools import lru_cache
from typing import Any, cast

from grace_tui.kernel.errors import RemoteFailure
from grace_tui.runtime.hosts.wire_classes import Name, find, names_of

REMOTE = "remote_failure"
"""Attribute of a rebuilt exception: the RemoteFailure that tells where in the other process it was raised."""
MADE = 1024
OWN_FIELDS: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (OSError, ("errno", "strerror", "filename", "filename2")),
    (ImportError, ("name", "path", "name_from")),
    (SyntaxError, ("msg", "filename", "lineno", "offset", "text", "end_lineno", "end_offset")),
    (AttributeError, ("name",)),
    (NameError, ("name",)),
    (StopIteration, ("value",)),
    (SystemExit, ("code",)),
)
"""What builtin exceptions keep outside their arguments and their `__dict__`."""

Said = tuple[list[Name], tuple[Any, ...], dict[str, Any], tuple[Any, ...] | None]


def describe_error(error: BaseException) -> Said:
    """The class and its bases, the arguments, the attributes, and what is known of where it came from."""
    attributes = {name: value for name, value in vars(error).items() if name != REMOTE}
    for kind, names in OWN_FIELDS:
        if isinstance(error, kind):
            attributes |= {name: value for name in names if (value := getattr(error, name, None)) is not None}
    if isinstance(error, RemoteFailure):
        attributes["described"] = dict(error.described) if error.described is not None else None
    remote = vars(error).get(REMOTE)
    told = (remote.kind, str(remote), remote.described, remote.printed) if isinstance(remote, RemoteFailure) else None
    return names_of(type(error)), error.args, attributes, told


def rebuild_error(
    names: list[list[str]], arguments: tuple[Any, ...], attributes: dict[str, Any], told: tuple[Any, ...] | None
) -> BaseException:
    """The same exception: of its own class where that is loaded, else of one made alike below its nearest base."""
    error: BaseException = _instance(_class_of(tuple(Name(*name) for name in names)), arguments)
    for name, value in attributes.items():
        try:
            setattr(error, name, value)
        except (AttributeError, TypeError):  # read-only in this version of Python
            continue
    if told is not None:
        kind, message, described, printed = told
        setattr(error, REMOTE, RemoteFailure(kind, message, described=described, printed=printed))
    return error


@lru_cache(MADE)
def _made(name: Name, base_name: Name) -> type[BaseException]:
    base = find(base_name)
    if not isinstance(base, type) or not issubclass(base, BaseException):
        base = Exception
    made = type(name.qualname.rpartition(".")[2], (base,), {"__module__": name.module})
    made.__qualname__ = name.qualname
    return made


def _class_of(names: tuple[Name, ...]) -> type[BaseException]:
    for place, name in enumerate(names):
        found = find(name)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found if place == 0 else _made(names[0], name)
    return _made(names[0], Name("builtins", "Exception"))


def _instance(kind: type[BaseException], arguments: tuple[Any, ...]) -> BaseException:
    make: Any = kind
    if vars(builtins).get(kind.__name__) is kind:  # keeps fields of its own that only its `__init__` fills
        try:
            return cast(BaseException, make(*arguments))
        except Exception:  # its arguments were changed after it was made
            return cast(BaseException, make.__new__(kind))
    if issubclass(kind, BaseExceptionGroup):
        return cast(BaseException, make(*arguments))
    # Not through `__init__`, which may want other arguments than those it kept.
    error = cast(BaseException, make.__new__(kind, *arguments))
    error.args = arguments
    return error
