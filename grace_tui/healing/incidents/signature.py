"""What makes two failures the same: a strict signature to replay a fix by, a coarse one for budgets and grouping.

Pure. The same failure has the same signature in every run, checkout, machine and Python version: no line numbers, no
ids, no times, no paths outside the project. `parts` is what a person is shown when they ask why.
"""

import hashlib
import re
from dataclasses import dataclass

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.wording import pattern, without_values

VERSION = "1"
"""Grows when the same failure would get another signature than before."""

_INLINED = ("<listcomp>", "<dictcomp>", "<setcomp>")
"""Frames of their own in Python 3.11, part of their function since 3.12."""


@dataclass(frozen=True, slots=True)
class Signature:
    strict: str
    """Fit for a file name: `typeerror-coding_agent-3f2a9c01b7de`."""
    coarse: str
    parts: tuple[str, ...]
    """What the strict one is made of, for people."""


def sign(failure: Failure) -> Signature:
    places = _places(failure)
    message = pattern(failure.kind, failure.message)
    # Without a frame of the project only the kernel's name tells one failure from another's.
    where = [f"at {file} {function}" for file, function in places] or [f"kernel {failure.kernel}"]
    parts = (f"type {failure.kind}", f"message {message}", *where)
    stem = _stem(places[-1][0]) if places else failure.kernel
    coarse = (f"type {failure.kind}", f"message {without_values(message)}", where[-1])
    return Signature(
        strict=f"{_plain(failure.kind)}-{_plain(stem)}-{_digest(parts)}",
        coarse=f"{_plain(failure.kind)}-{_digest(coarse)}",
        parts=parts,
    )


def _places(failure: Failure) -> list[tuple[str, str]]:
    """(file, function) of the project's own frames, outermost first, each once however deep it recursed."""
    own = [
        (frame.file, frame.function)
        for frame in failure.frames
        if frame.in_project and not frame.file.startswith("grace_tui/") and not frame.function.endswith(_INLINED)
    ]
    if failure.kind == "RecursionError":
        # Where in the cycle the stack ran out is chance; that the cycle was entered twice is not.
        own = [found for found in own if own.count(found) > 1] or own
    return list(dict.fromkeys(own))


def _stem(file: str) -> str:
    folder, _, name = file.rpartition("/")
    return folder.rpartition("/")[2] if name == "__init__.py" and folder else name.removesuffix(".py")


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9_.]+", "_", text.lower())[:40].strip("_.") or "unknown"


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join((VERSION, *parts)).encode("utf-8", "backslashreplace")).hexdigest()[:12]
