"""One stand-in for stdout and stderr while screens are open: what is printed goes to a log, not across a screen."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

PrintSink = Callable[[str, str], None]
"""Told (stream, line): stream is stdout or stderr. Called on the thread that prints."""

_LONGEST_LINE: Final = 8192


class LineSink(io.TextIOBase):
    """Gathers each thread's prints into lines and hands them on."""

    def __init__(self, stream: str, sink: PrintSink) -> None:
        self._stream, self._sink = stream, sink
        self._own = threading.local()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def write(self, text: str, /) -> int:
        if getattr(self._own, "busy", False):
            return len(text)  # the sink itself prints: passing that on would never end
        *lines, rest = (getattr(self._own, "rest", "") + text).split("\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], ""
        self._own.rest = rest
        self._own.busy = True
        try:
            for line in lines:
                self._sink(self._stream, line)
        finally:
            self._own.busy = False
        return len(text)


@contextmanager
def printing_to(sink: PrintSink) -> Iterator[None]:
    """Send this process's prints to `sink` while the context lasts.

    The streams are put back only where they are still the stand-ins: somebody may have replaced them since.
    """
    before = sys.stdout, sys.stderr
    stand_ins = LineSink("stdout", sink), LineSink("stderr", sink)
    sys.stdout, sys.stderr = stand_ins
    try:
        yield
    finally:
        if sys.stdout is stand_ins[0]:
            sys.stdout = before[0]
        if sys.stderr is stand_ins[1]:
            sys.stderr = before[1]
