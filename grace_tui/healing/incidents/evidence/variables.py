"""The local variables of the project's frames, innermost first, as notes. Taken on the loop; keeps no live object."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any, cast

from grace_tui.healing.incidents.capture import chain_of, leaf_of, trace_of
from grace_tui.healing.incidents.evidence.storage import NAME_LIMIT, type_name
from grace_tui.healing.incidents.evidence.values import Note, Walker
from grace_tui.healing.incidents.places import place
from grace_tui.kernel.redact import SHOWN, is_secret_name

FRAMES = 12
"""Frames whose variables are kept."""
NAMES = 40
"""Variables of one frame."""

_DEFINED = (type, FunctionType, ModuleType)


def _of_this_python() -> type:
    """The type that holds the names of a function's frame: from Python 3.13 on it is no dict."""
    return type(sys._getframe().f_locals)


_NAMES_OF_A_FUNCTION: Any = _of_this_python()


@dataclass(frozen=True, slots=True)
class Variables:
    """One frame's, as they were when the failure was recorded."""

    file: str
    function: str
    line: int
    error: str
    """Type of the exception whose traceback has the frame."""
    values: tuple[tuple[str, Note], ...]
    note: str = ""
    """What is not shown, and why."""


def take_variables(error: BaseException, root: Path) -> tuple[Variables, ...]:
    """Those of the failure itself first, then those of what came before it and of the groups around it."""
    walker = Walker()
    found = _own_frames(error, root)
    return tuple(_variables(walker, *frame) for frame in islice(found, FRAMES))


def _own_frames(error: BaseException, root: Path) -> Iterator[tuple[FrameType, int, str, str]]:
    leaf, groups = leaf_of(error)
    seen: set[int] = set()
    for link in (leaf, *reversed(chain_of(leaf)), *reversed(groups)):
        for frame, line in reversed(trace_of(link)):
            file, own = place(frame.f_code.co_filename, root)
            if own and id(frame) not in seen:
                seen.add(id(frame))
                yield frame, line, file, type_name(type(link))


def _variables(walker: Walker, frame: FrameType, line: int, file: str, error: str) -> Variables:
    function = frame.f_code.co_qualname
    names = _names(frame)
    if names is None:
        return Variables(file, function, line, error, (), "its names live in an object of its own, which is not read")
    if is_secret_name(Path(file).stem) or is_secret_name(function):
        values = [(name, cast(Note, SHOWN)) for name, value in names]
        return Variables(file, function, line, error, tuple(values[:NAMES]), "its own name says that it keeps secrets")
    values = [(name[:NAME_LIMIT], walker.note(value, name)) for name, value in names[:NAMES]]
    note = f"{len(names) - NAMES} more" if len(names) > NAMES else ""
    return Variables(file, function, line, error, tuple(values), note)


def _names(frame: FrameType) -> list[tuple[str, object]] | None:
    """A frame's names; of a module those that are neither imported nor defined in it."""
    names: Any = frame.f_locals
    if type(names) is dict:
        pairs: Iterable[tuple[object, object]] = islice(dict.items(names), 10 * NAMES)
    elif type(names) is _NAMES_OF_A_FUNCTION:
        pairs = names.items()
    else:
        return None
    found = [(name, value) for name, value in pairs if type(name) is str]
    if frame.f_code.co_name != "<module>":
        return found
    return [(name, value) for name, value in found if name[:2] != "__" and not issubclass(type(value), _DEFINED)]
