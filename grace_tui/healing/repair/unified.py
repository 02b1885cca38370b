"""A unified diff, as a person may have edited it, applied to the files as they are. Pure.

The counts in `@@` lines are not believed: whoever edits a diff by hand rarely mends them. What a hunk takes away and
keeps must stand in the file exactly; where it stands at another line, the nearest place is taken.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from grace_tui.healing.repair.diffs import NO_NEWLINE, NOWHERE, lines_of, unquoted
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.kernel.errors import GraceError

Read = Callable[[str], str | None]
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


class DiffRefused(GraceError):
    """The diff does not apply; `line` is where in the diff."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line} of the diff: {why}")
        self.line, self.why = line, why


@dataclass
class _Hunk:
    at: int
    """Its line in the diff."""
    start: int
    """Where it stands in the file, from 0."""
    old: list[tuple[int, str]] = field(default_factory=list)
    """(line in the diff, text) of what must be there."""
    new: list[str] = field(default_factory=list)
    last: str = " "
    """How its last line began."""


@dataclass
class _File:
    at: int
    path: str
    made: bool
    hunks: list[_Hunk] = field(default_factory=list)


def edits_of(diff: str, read: Read) -> tuple[FileEdit, ...]:
    """What the diff makes of each file that it names.

    Raises:
        DiffRefused: it is no such diff, or a hunk does not fit.
    """
    files = list(_files(diff.replace("\r\n", "\n").split("\n")))
    if not files:
        raise DiffRefused(1, "there is no `--- a/FILE` with `+++ b/FILE` in it: nothing would change")
    edits = []
    for file in files:
        before = read(file.path)
        if before is None and not file.made:
            raise DiffRefused(file.at, f"there is no {file.path}")
        after = _applied(file, before or "")
        if after != before:
            edits.append(FileEdit(file.path, before, after))
    if not edits:
        raise DiffRefused(files[0].at, "nothing would change")
    return tuple(edits)


def _files(lines: Sequence[str]) -> Iterator[_File]:
    file: _File | None = None
    hunk: _Hunk | None = None
    for number, line in enumerate(lines, 1):
        follows, then = (*lines[number : number + 2], "", "")[:2]
        # A line `-- a` that is taken away looks like a header, too; no hunk follows on it.
        if line.startswith("--- ") and follows.startswith("+++ ") and then.startswith("@@ "):
            if file is not None:
                yield file
            file, hunk = _named(number, line, follows), None
        elif line.startswith("+++ ") and hunk is None:
            continue
        elif found := _HUNK.match(line):
            if file is None:
                raise DiffRefused(number, "a hunk before any `--- a/FILE`")
            hunk = _Hunk(number, max(int(found[1]) - 1, 0))
            file.hunks.append(hunk)
        elif hunk is not None:
            _take(hunk, number, line, last=number == len(lines))
        elif line.strip() and file is not None:
            raise DiffRefused(number, f"{line[:60]!r} stands in no hunk")
    if file is not None:
        yield file


def _named(number: int, old: str, new: str) -> _File:
    before, after = (text[4:].split("\t")[0].strip() for text in (old, new))
    if after == NOWHERE:
        raise DiffRefused(number + 1, "a repair removes no file")
    made = before == NOWHERE
    return _File(number, unquoted(after).removeprefix("b/"), made)


def _take(hunk: _Hunk, number: int, line: str, *, last: bool) -> None:
    if line == NO_NEWLINE:
        _unended(hunk)
        return
    mark, text = line[:1] or " ", line[1:]
    hunk.last = mark
    if mark == "+":
        hunk.new.append(f"{text}\n")
    elif mark == "-":
        hunk.old.append((number, f"{text}\n"))
    elif mark == " ":
        if not line and last:
            return
        # An editor that strips blanks leaves an empty line where a blank and nothing stood.
        hunk.old.append((number, f"{text}\n"))
        hunk.new.append(f"{text}\n")
    else:
        raise DiffRefused(number, f"{line[:60]!r} begins with none of blank, + and -")


def _unended(hunk: _Hunk) -> None:
    """The line before has no newline."""
    if hunk.last in " -" and hunk.old:
        hunk.old[-1] = (hunk.old[-1][0], hunk.old[-1][1].removesuffix("\n"))
    if hunk.last in " +" and hunk.new:
        hunk.new[-1] = hunk.new[-1].removesuffix("\n")


def _applied(file: _File, text: str) -> str:
    crlf = "\r\n" in text
    lines = lines_of(text.replace("\r\n", "\n"))
    shift = done = 0
    for hunk in file.hunks:
        at = _place(hunk, lines, hunk.start + shift, done, file.path)
        lines[at : at + len(hunk.old)] = hunk.new
        done = at + len(hunk.new)
        shift = done - (hunk.start + len(hunk.old))
    result = "".join(lines)
    return result.replace("\n", "\r\n") if crlf else result


def _place(hunk: _Hunk, lines: Sequence[str], wanted: int, least: int, path: str) -> int:
    """Where the hunk fits, the nearest to where it says; never above what an earlier one changed."""
    old = [text for _, text in hunk.old]
    if not old:
        return max(min(wanted + 1, len(lines)), least)  # `-5,0` is after line 5
    places = sorted(range(least, len(lines) - len(old) + 1), key=lambda at: abs(at - wanted))
    for at in places:
        if list(lines[at : at + len(old)]) == old:
            return at
    for offset, (number, text) in enumerate(hunk.old):
        at = max(wanted, least) + offset
        if at >= len(lines):
            raise DiffRefused(number, f"{path} ends before {text.rstrip()[:60]!r}")
        if lines[at] != text:
            raise DiffRefused(
                number, f"{text.rstrip()[:60]!r} is not line {at + 1} of {path}: {lines[at].rstrip()[:60]!r}"
            )
    raise DiffRefused(hunk.at, f"the hunk overlaps the one before it in {path}")
