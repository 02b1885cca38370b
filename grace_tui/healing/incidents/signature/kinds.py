"""One name for each type of exception, however the host or the Python version calls it. Pure."""

import re

_FINAL = re.compile(r"(?:^|[.:])([^.:<>]*)$")
_BY_MESSAGE = (
    ("error", re.compile(r" at position \d+(?: \(line|$)"), "PatternError"),
    ("AttributeError", re.compile(r"^Can't (?:get|pickle) local object "), "PicklingError"),
    ("ValueError", re.compile(r"^Got unexpected field names: "), "TypeError"),
)
"""(type in an earlier Python, what it says, type since): known by their text, as their names are common."""
_SINCE = {"PythonFinalizationError": "RuntimeError"}
"""Subtypes that a later Python raises where an earlier one raised the type itself."""


def kind_of(kind: str, message: str) -> str:
    """The last part of the type's name, as a traceback prints modules before it and `type(error)` does not."""
    found = _FINAL.search(kind)
    name = found[1] if found and found[1] else kind
    for before, said, since in _BY_MESSAGE:
        if name == before and said.search(message):
            return since
    return _SINCE.get(name, name)
