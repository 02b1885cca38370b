"""Who runs on this machine, for those who stop a program: one look serves all who asked before it began."""

import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from grace_tui.runtime.hosts.command.guard import marks
from grace_tui.runtime.hosts.meter import Processes, all_processes


class Seen(NamedTuple):
    processes: Processes
    marked: Mapping[bytes, list[int]]
    """Mark -> who carries it."""


class Census:
    """Looks for many askers at once: a look that began after a question answers it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = float("-inf")
        self._last = Seen({}, {})

    def since(self, moment: float) -> Seen:
        """Every process, seen after `moment` (monotonic seconds). Blocks: for worker threads."""
        with self._lock:
            if self._began < moment:
                self._began = time.monotonic()
                marked: dict[bytes, list[int]] = {}
                for pid, mark in marks():
                    marked.setdefault(mark, []).append(pid)
                self._last = Seen(all_processes(), marked)
            return self._last


census = Census()
"""The process's own."""
