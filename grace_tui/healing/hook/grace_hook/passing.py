"""Puts something in the place of a function that is called with the same arguments, and looks at them on the way.

Called by `surfaces` and `reports` for the places where failures pass by.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any


def look_first(original: Any, look: Any) -> Any:
    """For a function that returns nothing: `look` has returned when `original` is called, by nobody's frame.

    It is a class whose initialiser is the function, so that no frame of ours is in a traceback, or between a warning
    and the line that it is about.
    """

    def new(cls: Any, *args: Any) -> Any:
        look(*args)
        return object.__new__(cls)

    passing = type("passing", (), {"__new__": new, "__init__": staticmethod(original)})
    _resemble(passing, original)
    return passing


def replace(owner: Any, name: str, make: Any) -> None:
    """Put what `make` makes of a function in its place; nothing, where this version of the owner has none."""
    original = getattr(owner, name, None)
    if original is None:
        return
    replacement = make(original)
    _resemble(replacement, original)
    replacement.__wrapped__ = original
    setattr(owner, name, replacement)


def _resemble(replacement: Any, original: Any) -> None:
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(replacement, name, getattr(original, name, None))
