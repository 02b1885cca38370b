"""Finds the Python tracebacks in what a program prints, line by line, whatever else is printed before, between, after.

The hosts feed it the lines of stderr, a repair those of what it reproduced. It holds one traceback at most, without
its middle where that is very long. Where a message of several lines ends cannot be seen: `feed` ends it at what looks
like another record, `settle` when the program has been quiet, `finish` with the stream, where all that followed is
taken for the message.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

from grace_tui.kernel.printed import CAUSE, CONTEXT, FRAME, GROUP_HEADER, HEADER, read

HEAD_SIZE, TAIL_SIZE = 64 * 1024, 128 * 1024
"""Characters that are kept of the beginning and of the end of a traceback."""
LONGEST_LINE = 8_000
MESSAGE_LINES = 40
"""Lines after which what follows an exception is no message any more."""
STRANGERS = 20
"""Lines of others that may stand between the lines of one traceback."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LEVELS = "DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL|NOTICE|TRACE"
_NAME = r"(?:[^\W\d]\w*|<locals>)"
_ERROR = re.compile(rf"(?!(?:{_LEVELS})\b)(?:(?:{_NAME}\.)+{_NAME}|[A-Z_]\w*)(?:: |:?$)")
_RECORD = re.compile(
    rf"""(?x) \W{{0,2}} (?: \d{{4}}[-/]\d\d[-/]\d\d | \d\d:\d\d:\d\d | [A-Z][a-z]{{2}}\ +\d+\ \d\d:\d\d
    | (?:{_LEVELS})\b | \d+\.\d+\.\d+\.\d+\ ) | Exception\ (?:ignored|in)\  | sys:1:\  | [{{]\" """
)
"""Beginnings of a line that say: something else is told now."""
_GROUPED = re.compile(r"\s*[|+]")
_CLOSED = re.compile(r"\s+\+-{4,}$")


@dataclass(frozen=True, slots=True)
class Printed:
    kind: str
    """Type name of the exception that matters: the leaf of a group, the last of a chain."""
    message: str
    text: str
    """The traceback as it was printed, without the lines of others."""


class TracebackFinder:
    def __init__(self) -> None:
        self._state: Literal["none", "frames", "group", "link", "message"] = "none"
        self._block = _Block()
        self._message: list[str] = []
        """Lines after an exception: its message, or what the program printed next."""
        self._strangers = 0
        self._before = ""

    def feed(self, line: str) -> Printed | None:
        """Take the next line; return a traceback once it is known to be whole."""
        if "\x1b" in line:
            line = _COLOUR.sub("", line)
        if self._state == "none":
            self._look(line)
            return None
        line = line[:LONGEST_LINE]
        match self._state:
            case "frames":
                return self._frames(line)
            case "group":
                return self._group(line)
            case "link":
                return self._link(line)
        return self._after(line)

    def settle(self) -> Printed | None:
        """The program has been quiet for a while: return the traceback that ended, without doubtful lines."""
        return self._whole(_certain(self._message)) if self._is_whole() else None

    def finish(self) -> Printed | None:
        """The stream has ended: whatever followed the exception belongs to its message."""
        found = self._whole(self._message) if self._is_whole() else None
        self._forget()
        return found

    # ---- the states: what a line means

    def _look(self, line: str) -> None:
        if "(most recent call last):" in line:
            if line.endswith(HEADER):
                self._begin("group" if line == GROUP_HEADER else "frames", line)
        elif line.startswith('  File "'):
            if (found := FRAME.match(line)) and not found["function"]:
                self._begin("frames", line)  # a syntax error of the program's own file has no header
        elif line.startswith("  | ") and line.endswith((" sub-exception)", " sub-exceptions)")):
            self._begin("group", line)  # a group that was never raised has no header
        elif line in (CAUSE, CONTEXT):
            if _ERROR.match(self._before):  # an exception that was never raised has no header
                self._begin("link", self._before, "", line)
        elif line:
            self._before = line

    def _frames(self, line: str) -> Printed | None:
        if line.startswith("  "):
            self._block.add(line)
        elif _ERROR.match(line):
            self._block.add(line)
            self._state = "message"
        else:
            self._strange(line)
        return None

    def _group(self, line: str) -> Printed | None:
        if _GROUPED.match(line):
            self._block.add(line)
        elif _CLOSED.match(self._block.last):
            self._state = "message"
            return self._after(line)
        elif self._strangers == STRANGERS:
            return self._ended([], line)
        else:
            self._strange(line)
        return None

    def _link(self, line: str) -> Printed | None:
        """Between the links of a chain: a header, or the bare line of an exception that was never raised."""
        if not line:
            self._block.add(line)
        elif line.endswith(HEADER):
            self._block.add(line)
            self._state = "group" if line == GROUP_HEADER else "frames"
        elif line.startswith("  | "):
            self._block.add(line)
            self._state = "group"
        else:
            return self._frames(line)
        return None

    def _after(self, line: str) -> Printed | None:
        if line in (CAUSE, CONTEXT):
            self._block.add(*self._message, line)
            self._message.clear()
            self._state = "link"
            return None
        if FRAME.match(line) and not any(self._message) and not _CLOSED.match(self._block.last):
            self._block.drop_last()  # what looked like the exception was a stranger's line
            self._block.add(line)
            self._message.clear()
            self._state = "frames"
            return None
        if line.endswith(HEADER) or _RECORD.match(line):
            return self._ended(self._message, line)
        if len(self._message) == MESSAGE_LINES:
            return self._ended(_certain(self._message), line)
        self._message.append(line)
        return None

    # ---- what is held

    def _is_whole(self) -> bool:
        """A group may end without its closing line, where its last exception is a group with a cause."""
        return self._state in ("message", "group")

    def _begin(self, state: Literal["frames", "group", "link"], *lines: str) -> None:
        self._forget()
        self._state = state
        self._block.add(*(line[:LONGEST_LINE] for line in lines))

    def _strange(self, line: str) -> None:
        self._strangers += 1
        if self._strangers > STRANGERS or line.endswith(HEADER):
            self._forget()
            self._look(line)

    def _ended(self, message: list[str], line: str) -> Printed | None:
        found = self._whole(message)
        self._look(line)
        return found

    def _whole(self, message: list[str]) -> Printed | None:
        text = "\n".join([*self._block.lines(), *message]).rstrip("\n")
        self._forget()
        error = read(text)
        if error is None:
            return None
        leaf, _ = error.leaf()
        return Printed(leaf.kind, leaf.message, text)

    def _forget(self) -> None:
        self._state = "none"
        self._block = _Block()
        self._message = []
        self._strangers = 0


class _Block:
    """Lines of one traceback; of a very long one the beginning and the end."""

    def __init__(self) -> None:
        self.last = ""
        self._head: list[str] = []
        self._tail: deque[str] = deque()
        self._size = 0
        self._left_out = 0

    def add(self, *lines: str) -> None:
        for line in lines:
            self.last = line
            self._size += len(line) + 1
            if self._size <= HEAD_SIZE and not self._tail:
                self._head.append(line)
                continue
            self._tail.append(line)
            while self._size > HEAD_SIZE + TAIL_SIZE:
                self._size -= len(self._tail.popleft()) + 1
                self._left_out += 1

    def drop_last(self) -> None:
        """Only ever the line that was added last."""
        self._size -= len((self._tail or self._head).pop()) + 1

    def lines(self) -> list[str]:
        if not self._left_out:
            return [*self._head, *self._tail]
        return [*self._head, f"  [{self._left_out} lines left out]", *self._tail]


def _certain(message: list[str]) -> list[str]:
    """Of the lines after an exception those that are indented: the details of its message."""
    end = next((at for at, line in enumerate(message) if not line.startswith(" ")), len(message))
    return message[:end]
