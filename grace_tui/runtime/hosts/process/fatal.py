"""The stack that the interpreter prints when a signal kills it, turned into a traceback like any other.

Listens to the lines of a process's stderr, keeps the last fatal error's, and nothing else.
"""

import re
import signal

SHOW_STACK = signal.SIGUSR2
"""What makes a kernel's process print where it is, however busy it is."""
FRAMES = 100
_HEAD = re.compile(r"Fatal Python error: |Windows fatal exception: ")
_STACK = re.compile(r"(Current thread|Stack) .*most recent call first")
_FRAME = re.compile(r'  File "(.+)", line (\d+) in (.+)')


class FatalError:
    """Filled line by line; `printed` gives what was found."""

    def __init__(self) -> None:
        self._frames: list[tuple[str, str, str]] = []
        self._in_stack = False

    def line(self, line: str) -> None:
        if _HEAD.match(line):
            self._frames.clear()
        elif _STACK.match(line):
            self._in_stack = True
        elif self._in_stack:
            self._frame(line)

    def printed(self, kind: str, message: str) -> str:
        """The stack as a printed traceback of an exception; empty where none was printed."""
        if not self._frames:
            return ""
        lines = [f'  File "{file}", line {number}, in {name}' for file, number, name in reversed(self._frames)]
        return "\n".join(["Traceback (most recent call last):", *lines, f"{kind}: {message}"]) + "\n"

    def _frame(self, line: str) -> None:
        found = _FRAME.match(line)
        if found is None:
            self._in_stack = False
        elif len(self._frames) < FRAMES:
            self._frames.append((found[1], found[2], found[3]))
