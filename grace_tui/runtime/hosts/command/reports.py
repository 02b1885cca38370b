"""Tracebacks on a program's stderr: which of them the program survived, and which was its end.

Of the same one again and again the first few are told each, and the others of their second together, with their number.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.ports import LogPort
from grace_tui.kernel.tracebacks import Printed, TracebackFinder

QUIET = 1.0
"""Seconds without a line after which a traceback counts as whole."""
ALIKE, WINDOW = 3, 1.0
"""So many of the same kind and place are told each within so many seconds; the rest is told as one."""
KEYS = 256
"""Kinds of traceback that are told apart."""


@dataclass(slots=True)
class _Window:
    """What came of one kind and place since `began`."""

    began: float
    count: int = 0
    untold: int = 0
    last: Printed | None = None
    """The newest that was not told."""


class Tracebacks:
    """Fed with every line of stderr; `report` takes the failures that the program survived."""

    def __init__(self, report: Callable[[RemoteFailure], None], log: LogPort, now: Callable[[], float]) -> None:
        self.report, self.log, self.now = report, log, now
        self._finder = TracebackFinder()
        self._windows: dict[tuple[str, ...], _Window] = {}
        """By kind and place; the newest stands last."""
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
        """Tell what is left to tell, and look no more."""
        for window in self._windows.values():
            self._settle(window)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Once a period: what was fed since the last look may go on, what was not is whole."""
        self._timer = None
        for window in self._windows.values():
            self._settle(window)
        if self._fed:
            self._fed = False
            self._timer = asyncio.get_running_loop().call_later(QUIET, self._look)
        elif found := self._finder.settle():
            self._survived(found)

    def _survived(self, found: Printed) -> None:
        places = tuple(line for line in found.text.splitlines() if line.lstrip(" |+").startswith("File "))
        key, now = (found.kind, *places), self.now()
        window = self._windows.pop(key, None) or _Window(now)
        if now - window.began >= WINDOW:
            self._settle(window)
            window = _Window(now)
        self._windows[key] = window
        if len(self._windows) > KEYS:
            self._settle(self._windows.pop(next(iter(self._windows))))
        window.count += 1
        if window.count <= ALIKE:
            self.report(_failure(found))
            return
        window.untold, window.last = window.untold + 1, found
        if window.count == ALIKE + 1:
            self.log.warning("the same traceback comes too often to report each", kind=found.kind)

    def _settle(self, window: _Window) -> None:
        """Tell what was not told of a window, as one."""
        if window.last is not None:
            self.report(_failure(window.last, window.untold))
            window.untold, window.last = 0, None


def _failure(found: Printed, times: int = 1) -> RemoteFailure:
    return RemoteFailure(found.kind, found.message, printed=found.text, times=times)
