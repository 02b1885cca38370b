"""Reads a kernel's log files onwards from a place, across rotations: no line twice, none left out unsaid.

Called by the room, in a worker thread, while the log is written and rotated. A place is text, so that it can travel.
"""

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.storage.logs import FILES_KEPT, for_people

PART_BYTES = 448 * 1024
"""Most that is read at once: an answer of the room holds a mebibyte, and its JSON may need two bytes for one."""
MARK_BYTES = 128
CHUNK = 64 * 1024
LEFT_OUT = b'{"at":0,"level":"warning","kernel":"","message":"a line of %d bytes is left out","fields":{}}'
"""Stands for a line that no answer can hold."""


@dataclass(frozen=True, slots=True)
class Part:
    lines: Sequence[bytes]
    """As they stand in the file, without their ends."""
    place: str
    """Where to read on."""
    missed: bool = False
    """Lines after the place that was asked for are gone with a file that was rotated away."""


def place_before(path: Path, lines: int) -> str:
    """The place from which the last `lines` lines follow."""
    with ExitStack() as stack:
        files = _opened(path, stack)
        for file in reversed(files):
            offset, lines = _back(file, lines)
            if lines == 0 or file is files[0]:
                return _place(file, offset)
    return ""


def read_on(path: Path, place: str) -> Part:
    """What follows a place, as far as one part holds; whole lines only.

    Raises:
        GraceError: `place` is not one.
    """
    with ExitStack() as stack:
        files = _opened(path, stack)
        if not files:
            return Part([], place)
        index, offset = _find(files, place) if place else (0, 0)
        missed = index < 0
        index, offset = max(index, 0), max(offset, 0)
        lines: list[bytes] = []
        left = PART_BYTES
        while True:
            newest = index == len(files) - 1
            found, offset, left = _read(files[index], offset, left, newest)
            lines += found
            if newest or left <= 0:
                return Part(lines, _place(files[index], offset), missed)
            index, offset = index + 1, 0


def readable(line: bytes) -> str:
    """A line of the file as text for people."""
    try:
        found = msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:  # cut by a full disk or a kill
        return line.decode("utf-8", "replace")
    return for_people(found.at, found.level, found.message, found.fields)


class _Line(msgspec.Struct, frozen=True):
    at: float
    level: str
    message: str
    fields: object = None


def _opened(path: Path, stack: ExitStack) -> list[BinaryIO]:
    """The files there are, oldest first.

    Opened from the newest on: a rotation meanwhile moves a file towards those still to be opened, so that one may be
    seen twice, but none is passed over.
    """
    files: list[BinaryIO] = []
    seen = set()
    for name in (path, *(path.with_suffix(f".{number}.jsonl") for number in range(1, FILES_KEPT + 1))):
        try:
            file = stack.enter_context(name.open("rb", buffering=0))
        except FileNotFoundError:
            continue
        if (inode := os.fstat(file.fileno()).st_ino) not in seen:
            seen.add(inode)
            files.append(file)
    return files[::-1]


def _find(files: Sequence[BinaryIO], place: str) -> tuple[int, int]:
    """Which file a place is in, and where; (-1, 0) where that file is gone."""
    try:
        inode, offset, mark = map(int, place.split(":"))
    except ValueError as error:
        raise GraceError(f"place is {place!r}; expected one that an earlier answer gave") from error
    for index, file in enumerate(files):
        # An inode is used again once its file is gone: the first bytes tell the two apart.
        if os.fstat(file.fileno()).st_ino == inode and _mark(file, offset) == mark:
            return index, offset
    return -1, 0


def _place(file: BinaryIO, offset: int) -> str:
    return f"{os.fstat(file.fileno()).st_ino}:{offset}:{_mark(file, offset)}"


def _mark(file: BinaryIO, offset: int) -> int:
    return zlib.crc32(os.pread(file.fileno(), min(offset, MARK_BYTES), 0))


def _read(file: BinaryIO, offset: int, left: int, newest: bool) -> tuple[list[bytes], int, int]:
    """Whole lines from `offset`; the new offset; what is left to be read, 0 where the file has more than that."""
    data = os.pread(file.fileno(), left, offset)
    end = data.rfind(b"\n") + 1
    full = len(data) == left
    if end == 0 and full:
        if left < PART_BYTES:  # it may fit a part of its own
            return [], offset, 0
        skipped = _line_end(file, offset + len(data)) - offset
        said = (
            b'{"at":0,"level":"warning","kernel":"","message":"a line of %d bytes is left out","fields":{}}' % skipped
        )
        return [said], offset + skipped, 0
    if not newest and not full and end < len(data):  # a rotated file gets no more: its last line is what it is
        end = len(data)
    return data[:end].splitlines(), offset + end, 0 if full else left - end


def _line_end(file: BinaryIO, offset: int) -> int:
    while data := os.pread(file.fileno(), CHUNK, offset):
        if (found := data.find(b"\n")) >= 0:
            return offset + found + 1
        offset += len(data)
    return offset


def _back(file: BinaryIO, lines: int) -> tuple[int, int]:
    """Where the last `lines` whole lines of a file begin, and how many it lacks."""
    ends = 0
    for start, data in _chunks_backwards(file):
        at = len(data)
        while (at := data.rfind(b"\n", 0, at)) >= 0:
            if ends == lines:
                return start + at + 1, 0
            ends += 1
    return 0, lines - ends


def _chunks_backwards(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    start = os.fstat(file.fileno()).st_size
    while start > 0:
        size = min(CHUNK, start)
        start -= size
        yield start, os.pread(file.fileno(), size, start)
