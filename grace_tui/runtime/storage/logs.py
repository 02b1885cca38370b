"""A kernel's log: JSON lines in a rotated file, redacted, with the newest lines in memory for evidence and screens.

What a kernel says of itself is written line by line; what its program prints comes in batches, one write each.
"""

import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from grace_tui.kernel.redact import LineRedactor, redact, redact_value

TAIL_LINES = 400
TAIL_WIDTH = 4_000
"""Characters that the tail keeps of a printed line; on disk it is whole."""
ROTATE_BYTES = 5_000_000
FILES_KEPT = 3

_encoder = msgspec.json.Encoder(enc_hook=str)


class _OutputLine(msgspec.Struct, frozen=True):
    """A printed line on disk, with the fields of every other line."""

    at: float
    level: str
    kernel: str
    message: str
    fields: dict[str, object]


class KernelLog:
    """LogPort on one file. A disk that refuses costs lines on disk, never the kernel: `lost` counts them."""

    def __init__(self, path: Path, kernel: str) -> None:
        self.path, self.kernel = path, kernel
        self.lines: deque[str] = deque(maxlen=TAIL_LINES)
        self.told = 0
        """Lines that the tail has had, in all."""
        self.lost = 0
        self._redactors: defaultdict[str, LineRedactor] = defaultdict(LineRedactor)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._closed = False
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def info(self, message: str, **fields: object) -> None:
        self._write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        self._write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        self._write("error", message, fields)

    def output(self, stream: str, lines: Sequence[str]) -> None:
        """Keep what a program printed, as one batch. Control characters stay: whoever shows a line escapes them."""
        at = time.time()
        clean = self._redactors[stream].clean(lines)
        try:
            data = _encode_output(at, stream, self.kernel, clean)
        except UnicodeEncodeError:  # lone surrogates
            clean = [_printable(line) for line in clean]
            data = _encode_output(at, stream, self.kernel, clean)
        head = for_people(at, stream, "", {})
        self.lines += [head + _shortened(line) for line in clean[-TAIL_LINES:]]
        self.told += len(clean)
        self._append(data, len(clean))

    def tail(self, lines: int = 200) -> list[str]:
        """The newest lines as text for people, oldest first."""
        return list(self.lines)[-lines:]

    def close(self) -> None:
        self._closed = True
        self._file.close()

    def _write(self, level: str, message: str, fields: Mapping[str, object]) -> None:
        at = time.time()
        clean = redact_value(dict(fields))
        message = _printable(redact(message))
        self.lines.append(_printable(for_people(at, level, message, clean)))
        self.told += 1
        line = _encode({"at": at, "level": level, "kernel": self.kernel, "message": message}, clean)
        self._append(line + b"\n", 1)

    def _append(self, data: bytes, lines: int) -> None:
        try:
            if self._file.closed and not self._closed:  # the last rotation failed halfway
                self._file = self.path.open("ab", buffering=0)
            self._file.write(data)
            self._size += len(data)
            if self._size > ROTATE_BYTES:
                self._rotate()
        except (OSError, ValueError):
            self.lost += lines

    def _rotate(self) -> None:
        self._file.close()
        for number in range(FILES_KEPT - 1, 0, -1):
            older = self.path.with_suffix(f".{number}.jsonl")
            if older.exists():
                older.replace(self.path.with_suffix(f".{number + 1}.jsonl"))
        self.path.replace(self.path.with_suffix(".1.jsonl"))
        self._file = self.path.open("ab", buffering=0)
        self._size = 0


def _encode(line: dict[str, object], fields: object) -> bytes:
    try:
        return _encoder.encode({**line, "fields": fields})
    except (TypeError, ValueError, OverflowError):  # fields no JSON can say, or text no UTF-8 can: said in words
        return _encoder.encode({**line, "fields": _printable(redact(repr(fields)))})


def _encode_output(at: float, stream: str, kernel: str, lines: Sequence[str]) -> bytes:
    return _encoder.encode_lines([_OutputLine(at, stream, kernel, line, {}) for line in lines])


def _shortened(line: str) -> str:
    more = len(line) - TAIL_WIDTH
    return line if more <= 0 else f"{line[:TAIL_WIDTH]}… {more} more characters"


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def for_people(at: float, level: str, message: str, fields: object) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(at))
    words = " ".join(f"{key}={value}" for key, value in fields.items()) if isinstance(fields, Mapping) else ""
    return f"{clock} {level:<7} {message}{'  ' if words else ''}{words}"
