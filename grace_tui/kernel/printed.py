"""Python's printed tracebacks as data: what CPython 3.11 to 3.14 print, chains, groups and syntax errors among them.

Pure, and of any text: what is no traceback reads as None. The finder of a program's output uses it, and the healing
library, which makes a failure of it.
"""

import re
from dataclasses import dataclass, field

CAUSE = "The above exception was the direct cause of the following exception:"
CONTEXT = "During handling of the above exception, another exception occurred:"
HEADER = "Traceback (most recent call last):"
GROUP_HEADER = "  + Exception Group Traceback (most recent call last):"

FRAME = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_REPEATED = re.compile(r"  \[Previous line repeated (\d+) more times?\]")
_MARGIN = re.compile(r"  (?:\||\+(?= Exception Group Traceback)) ?")
_FIRST_INNER = re.compile(r"  \+-\+-{4,} 1 -{4,}$")
_NEXT_INNER = re.compile(r"    \+-{4,} (?:\d+|\.\.\.) -{4,}$")
_LAST_INNER = re.compile(r"    \+-{4,}$")
_SUGGESTED = re.compile(r"[.;,]? Did you (?:mean:|mean '|forget to import).*\?$")
_NAME = re.compile(r"(?:(?:\w+|<locals>)\.)*\w+")
_MOST_REPEATED = 200
_DEEPEST = 12
_CANCELLED = "CancelledError"


@dataclass(frozen=True, slots=True)
class PrintedFrame:
    file: str
    line: int
    function: str
    """As printed: the bare name, not the qualified one; empty for the place of a syntax error."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PrintedError:
    name: str
    """As printed, with its module."""
    message: str
    """Notes are part of it: nothing in the print tells them from further lines."""
    frames: tuple[PrintedFrame, ...] = ()
    before: "PrintedError | None" = None
    """Its cause or its context."""
    inner: "tuple[PrintedError, ...]" = ()
    """The exceptions of a group."""

    @property
    def kind(self) -> str:
        return self.name.rpartition(".")[2]

    def leaf(self) -> "tuple[PrintedError, tuple[PrintedError, ...]]":
        """The exception that matters, and the groups around it: the first that is not a cancellation."""
        leaves = _leaves(self, ())
        return next((found for found in leaves if found[0].kind != _CANCELLED), leaves[0])

    def chain(self) -> "tuple[PrintedError, ...]":
        """What came before it, the first of all first."""
        links: list[PrintedError] = []
        link = self.before
        while link is not None:
            links.append(link)
            link = link.before
        return tuple(reversed(links))


def read(text: str) -> PrintedError | None:
    """The exception that `text`, one whole printed traceback, tells of; None where it tells of none."""
    return _chain(text.split("\n"), 0)


@dataclass(slots=True)
class _Link:
    text: list[str] = field(default_factory=list)
    inner: list[list[str]] = field(default_factory=list)


def _leaves(
    error: PrintedError, groups: tuple[PrintedError, ...]
) -> list[tuple[PrintedError, tuple[PrintedError, ...]]]:
    if not error.inner:
        return [(error, groups)]
    return [leaf for inner in error.inner for leaf in _leaves(inner, (*groups, error))]


def _chain(lines: list[str], depth: int) -> PrintedError | None:
    error: PrintedError | None = None
    for link in _links(lines):
        error = _error(link, error, depth) or error
    return error


def _links(lines: list[str]) -> list[_Link]:
    links = [_Link()]
    for line in lines:
        if _FIRST_INNER.match(line):
            links[-1].inner.append([])
        elif links[-1].inner and line.startswith("    "):
            _add_inner(links[-1].inner, line)
        else:
            margin = _MARGIN.match(line)
            text = line[margin.end() :] if margin else line
            if text in (CAUSE, CONTEXT):
                links.append(_Link())
            else:
                links[-1].text.append(text)
    return links


def _add_inner(inner: list[list[str]], line: str) -> None:
    if _NEXT_INNER.match(line):
        inner.append([])
    elif not _LAST_INNER.match(line):
        inner[-1].append(line[2:])


def _error(link: _Link, before: PrintedError | None, depth: int) -> PrintedError | None:
    lines = "\n".join(link.text).strip("\n").split("\n")
    if lines[0].endswith(HEADER):
        del lines[0]
    end = next((at for at, line in enumerate(lines) if line[:1] != " "), len(lines))
    name, _, first = lines[end].partition(":") if end < len(lines) else ("", "", "")
    if not _NAME.fullmatch(name):
        return None
    message = "\n".join([_SUGGESTED.sub("", first.removeprefix(" ")), *lines[end + 1 :]])
    inner = [_chain(block, depth + 1) for block in link.inner] if depth < _DEEPEST else []
    return PrintedError(name, message, _frames(lines[:end]), before, tuple(found for found in inner if found))


def _frames(lines: list[str]) -> tuple[PrintedFrame, ...]:
    frames: list[PrintedFrame] = []
    for at, line in enumerate(lines):
        if found := FRAME.match(line):
            following = lines[at + 1] if at + 1 < len(lines) else ""
            source = following.strip() if following.startswith("    ") else ""
            frames.append(PrintedFrame(found["file"], int(found["line"]), found["function"] or "", source))
        elif frames and (repeated := _REPEATED.match(line)):
            frames += frames[-1:] * min(int(repeated[1]), _MOST_REPEATED)
    return tuple(frames)
