"""A failure of a kernel's process as the room will hear of it: the error itself, and where it came from."""

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from grace_tui.kernel.errors import RemoteFailure
from grace_tui.runtime.hosts.wire_errors import REMOTE

PRINTED_LIMIT = 64 * 1024
"""Characters of a traceback that travel."""

Describe = Callable[[BaseException, str, str, Path], Mapping[str, object] | None]
"""Error, kernel, phase, root of the workspace -> the failure as plain data, as the healing library tells it."""


def told(error: BaseException, kernel: str, phase: str, root: Path, describe: Describe) -> BaseException:
    """The error with what is known here of where it came from."""
    kind, described = type(error).__name__, _described(error, kernel, phase, root, describe)
    vars(error)[REMOTE] = RemoteFailure(kind, _text(error), described=described, printed=_printed(error))
    return error


def _described(
    error: BaseException, kernel: str, phase: str, root: Path, describe: Describe
) -> Mapping[str, object] | None:
    try:
        return describe(error, kernel, phase, root)
    except Exception as defect:  # the printed traceback tells it too, if less well
        print(f"{type(error).__name__} could not be described: {defect!r}", file=sys.stderr)
        return None


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a kernel's error class may fail even at that
        return "(its text cannot be read)"


def _printed(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(error))
    except Exception as defect:  # an error that cannot be printed is still told by its type
        return f"(its traceback cannot be printed: {type(defect).__name__})"
    if len(text) > PRINTED_LIMIT:
        text = text[: PRINTED_LIMIT // 2] + "\n[...]\n" + text[-PRINTED_LIMIT // 2 :]
    return text
