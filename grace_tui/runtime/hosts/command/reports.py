"""Tracebacks on a program's stderr: which of them the program survived, and which was its end."""

import asyncio
from collections.abc import Callable

from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.ports import LogPort
from grace_tui.kernel.tracebacks import Printed, TracebackFinder

QUIET = 1.0
"""Seconds without a line after which a traceback counts as whole."""
ALIKE, WINDOW = 3, 1.0
"""So many of the same kind and place are reported within so many seconds; the rest is counted."""
KEYS = 256
"""Kinds of traceback that are told apart."""


class Tracebacks:
    """Fed with every line of stderr; `report` takes the failures that the program survived."""

    def __init__(self, report: Callable[[RemoteFailure], None], log: LogPort, now: Callable[[], float]) -> None:
        self.report, self.log, self.now = report, log, now
        self.left_out = 0
        """Tracebacks that were not reported, because the same ones were."""
        self._finder = TracebackFinder()
        self._reported: dict[tuple[str, ...], tuple[float, int]] = {}
        """Kind and place -> (beginning of the window, tracebacks in it)."""
        self._timer: asyncio.TimerHandle | None = None
        self._fed = False

    def line(self, text: str) -> None:
        self._fed = True
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(QUIET, self._look)
        found = self._finder.feed(text)
        if found is not None:
            self._survived(found)

    def last(self) -> RemoteFailure | None:
        """The program has ended: the traceback that was the last thing it said, if there was one."""
        self.close()
        found = self._finder.finish()
        return _failure(found) if found else None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Once a period: what was fed since the last look may go on, what was not is whole."""
        self._timer = None
        if self._fed:
            self._fed = False
            self._timer = asyncio.get_running_loop().call_later(QUIET, self._look)
        elif found := self._finder.settle():
            self._survived(found)

    def _survived(self, found: Printed) -> None:
        places = tuple(line for line in found.text.splitlines() if line.lstrip(" |+").startswith("File "))
        key, now = (found.kind, *places), self.now()
        begin, count = self._reported.pop(key, (now, 0))
        if now - begin >= WINDOW:
            begin, count = now, 0
        self._reported[key] = begin, count + 1  # the newest stands last
        if len(self._reported) > KEYS:
            del self._reported[next(iter(self._reported))]
        if count < ALIKE:
            self.report(_failure(found))
        else:
            self.left_out += 1
            if count == ALIKE:
                self.log.warning("the same traceback comes too often to report each", kind=found.kind)


def _failure(found: Printed) -> RemoteFailure:
    return RemoteFailure(found.kind, found.message, printed=found.text)
