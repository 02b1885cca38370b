"""Puts the watchers in place: at the end of the program and of its threads, and in modules when they are imported."""

from __future__ import annotations

import atexit
import sys

from . import catching
from .passing import look_first

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that a start may cost
if TYPE_CHECKING:
    from typing import Any

_original_excepthook = sys.__excepthook__
_original_unraisablehook = sys.__unraisablehook__


def install() -> None:
    # Both are replaced, so that a program which asks whether its hook is the default one is told that it is.
    sys.__excepthook__ = _uncaught
    if sys.excepthook is _original_excepthook:
        sys.excepthook = _uncaught
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = sys.__unraisablehook__ = _unraisable
    sys.exit = look_first(sys.exit, _look_at_exit)
    atexit.register(_at_exit)
    from .importing import when_imported

    when_imported()


def _uncaught(kind: Any, error: Any, trace: Any) -> None:
    try:
        catching.failed(error, fatal=True)
    finally:
        _original_excepthook(kind, error, trace)


def _unraisable(told: Any) -> None:
    """An error that nobody could be told of, such as one of a `__del__`."""
    try:
        catching.failed(told.exc_value)
    finally:
        _original_unraisablehook(told)


def _at_exit() -> None:
    """A program with an excepthook of its own is seen here: Python keeps what ended it."""
    state = catching.state()
    if state is None:
        return
    try:
        last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
        if isinstance(last, KeyboardInterrupt):
            return  # anything imported from now on would change the exit code from that of an interrupted program
        if last is not None and not state.tests:  # test runners keep failed tests there for debuggers
            catching.failed(last, fatal=True)
        catching.put("tests", state.tests)
        catching.put("modules", _modules())
    except BaseException as own:
        catching.trouble("at exit", own)


def _modules() -> list[str]:
    import os

    root = os.environ.get("GRACE_ROOT", "")
    if not root:
        return []
    root = os.path.join(os.path.abspath(root), "")
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    if sys.argv and os.path.isfile(sys.argv[0]):
        files.add(os.path.abspath(sys.argv[0]))  # the main module has forgotten its file by now
    return sorted(file for file in files if isinstance(file, str) and file.startswith(root))


def _look_at_exit(status: object = None, *more: object) -> None:
    if status not in (None, 0):
        catching.ended(sys.exc_info()[1])
