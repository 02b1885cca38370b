"""What the readers of TOML files of healing share: the text, and the line of a key.

Pure but for `read_toml`. Every refusal names the file, the line, the key, the value and what would be right.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace_tui.kernel.errors import GraceError

LARGEST = 256 * 1024
"""Bytes; a file that people write by hand is far smaller."""

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_HEADER = re.compile(r"^\s*(?P<open>\[\[?)\s*(?P<key>[^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(r"""^\s*(?P<key>(?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")
Way = tuple[str | int, ...]
"""Where a value stands: keys, and numbers (from 0) of the tables of a list."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a file may not say."""

    text: str
    line: int = 0
    """Counted from 1; 0 where it is of the whole file."""
    key: str = ""


class FileRefused(GraceError):
    """A file cannot be used; `problems` are all that were found."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__(
            "\n".join(f"{path}{f':{found.line}' if found.line else ''}: {found.text}" for found in problems)
        )
        self.path, self.problems = path, tuple(problems)


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file, and what it says.

    Raises:
        FileRefused: it cannot be read, is too large, or is not TOML.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise FileRefused(path, [Problem(f"has {path.stat().st_size} bytes; at most {LARGEST} are read")])
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(path, [Problem(f"is not UTF-8 text (byte {error.start})")]) from error
    except OSError as error:
        raise FileRefused(path, [Problem(f"cannot be read: {(error.strerror or str(error)).lower()}")]) from error
    try:
        return text, tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        raise FileRefused(path, [Problem(f"not TOML: {_PLACE.sub('', str(error))}", line)]) from error


class Lines:
    """Finds the line of a key in a text that parsed as TOML."""

    def __init__(self, text: str) -> None:
        self._found: dict[Way, int] = {}
        counts: dict[tuple[str, ...], int] = {}
        table: Way = ()
        quote = ""
        for number, line in enumerate(text.splitlines(), start=1):
            if quote:  # within a text of several lines
                quote = "" if quote in line else quote
                continue
            if header := _HEADER.match(line):
                parts = _parts(header["key"])
                if header["open"] == "[[":
                    counts[parts] = counts.get(parts, -1) + 1
                table = _numbered(parts, counts)
                self._found.setdefault(parts, number)
                self._found.setdefault(table, number)
            elif pair := _PAIR.match(line):
                self._found.setdefault((*table, *_parts(pair["key"])), number)
            quote = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")

    def of(self, way: Way) -> int:
        """The line of a key, else of the nearest table around it; 0 where none is found."""
        for length in range(len(way), 0, -1):
            if line := self._found.get(way[:length]):
                return line
        return 0


def _parts(key: str) -> tuple[str, ...]:
    return tuple(next(filter(None, found.groups()), "") for found in _PART.finditer(key))


def _numbered(parts: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Way:
    """The way of a table, with the number that each list on it has reached."""
    way: list[str | int] = []
    for length, part in enumerate(parts, start=1):
        way.append(part)
        if (count := counts.get(parts[:length])) is not None:
            way.append(count)
    return tuple(way)
