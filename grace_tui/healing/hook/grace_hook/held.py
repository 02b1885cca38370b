"""Errors that a failing test holds in its hands: some runners catch what a program raises, and give it as a result.

A test then fails for what the program did not print; the error that it came to is an attribute of the result.
"""

from __future__ import annotations

from types import TracebackType
from typing import Iterator

from . import names
from .calls import Own

MOST, FRAMES = 3, 2
_ORDERLY = (SystemExit, KeyboardInterrupt, GeneratorExit)


def held_by(error: BaseException, own: Own) -> list[BaseException]:
    """The errors in variables of the innermost frames of the program's own, or kept by what these hold."""
    entries: list[TracebackType] = []
    trace = error.__traceback__
    while trace is not None:
        if own(trace.tb_frame.f_code.co_filename):
            entries.append(trace)
        trace = trace.tb_next
    found: dict[int, BaseException] = {}
    for entry in reversed(entries[-FRAMES:]):
        for value in list(entry.tb_frame.f_locals.values()):
            for each in _errors(value):
                if each is not error and _passed(each, own):
                    found.setdefault(id(each), each)
    return list(found.values())[:MOST]


def _errors(value: object) -> Iterator[BaseException]:
    nothing: dict[str, object] = {}
    kept = names.seen(lambda: object.__getattribute__(value, "__dict__"), nothing)
    for each in (value, *(kept.values() if isinstance(kept, dict) else ())):
        if names.is_a(each, BaseException) and not names.is_a(each, *_ORDERLY):
            yield each  # type: ignore[misc]


def _passed(error: BaseException, own: Own) -> bool:
    """Whether it went through the program's own code."""
    trace = names.stored(error, "__traceback__")
    while trace is not None:
        if own(trace.tb_frame.f_code.co_filename):
            return True
        trace = trace.tb_next
    return False
