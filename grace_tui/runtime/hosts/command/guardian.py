"""No orphans: one small process beside the room that ends the programs once the room is gone, even by SIGKILL.

The kernel's own way (PDEATHSIG) is tied to the thread that started a program and does not reach its children; this one
finds every process that descends from one of ours by the mark in its environment, and every group it was told of.
"""

import atexit
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from grace_tui.runtime.hosts.command.environ import ROOM
from grace_tui.runtime.hosts.command.guard import began_at

GUARD = Path(__file__).with_name("guard.py")


class Guardian:
    """One a process; called from worker threads and from the loop."""

    def __init__(self) -> None:
        self.mark = f"{os.getpid()}-{secrets.token_hex(8)}"
        self.process: subprocess.Popen[bytes] | None = None
        self._groups: dict[int, str] = {}
        """Process group -> when its leader started."""
        self._pipe = -1
        self._lock = threading.Lock()

    def ready(self) -> None:
        """Have the guard there before a program is started."""
        with self._lock:
            if self.process is None or self.process.poll() is not None:
                self._start()

    def note(self, group: int) -> None:
        with self._lock:
            self._groups[group] = began_at(group).decode() or "0"
            self._tell(f"+ {group} {self._groups[group]}\n")

    def forget(self, group: int) -> None:
        with self._lock:
            self._groups.pop(group, None)
            self._tell(f"- {group}\n")

    def close(self) -> None:
        """Let the guard do its work now, as if the room had ended."""
        with self._lock:
            if self._pipe >= 0:
                os.close(self._pipe)
                self._pipe = -1

    def _tell(self, line: str) -> None:
        if self._pipe < 0:
            return
        try:
            os.write(self._pipe, line.encode())
        except (BrokenPipeError, BlockingIOError):
            # It was killed, and the next start makes another that is told everything; or it was stopped, and finds
            # the programs by their mark once it goes on.
            return

    def _start(self) -> None:
        if self._pipe >= 0:
            os.close(self._pipe)
        reading, self._pipe = os.pipe()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), self.mark],
                cwd="/",
                # A room inside another room's program: its guard outlives that room's guard's search.
                env={name: value for name, value in os.environ.items() if name != ROOM},
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            os.close(reading)
        os.set_blocking(self._pipe, False)
        for group, began in self._groups.items():
            self._tell(f"+ {group} {began}\n")


guardian = Guardian()
"""The process's own."""
atexit.register(guardian.close)
