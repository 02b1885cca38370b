"""What an import finds: processes as tables of grace.toml, and remarks about all that is not as it was."""

import os
import re
import shlex
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.cli.exits import WRONG, Ended

LARGEST = 1 << 20
"""Bytes of a file that is read."""
_SHELL = re.compile(r"[$`|&;<>()*?\[\]~{}!\n]|^\s*\w+=|(?:^|\s)#")
_BUILTINS = {"cd", "exec", "export", "source", ".", "eval", "set", "ulimit", "umask", "unset", "trap", "if", "while"}
_BUILTINS |= {"for", "until", "case", "test", ":"}


class ImportRefused(Ended):
    """A file cannot be read as what it should be (exit code 2); nothing was written."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}", WRONG)


@dataclass
class Process:
    """One process, as a table of grace.toml."""

    name: str
    """As its file names it."""
    keys: dict[str, object] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    """What was not carried over, or means something else here."""
    notes: list[str] = field(default_factory=list)
    """Comments that say nothing is missing."""


@dataclass
class Found:
    source: Path
    processes: list[Process]
    remarks: list[str] = field(default_factory=list)
    """About the whole file."""


@dataclass(frozen=True, slots=True)
class Imported:
    text: str
    """The grace.toml."""
    remarks: tuple[str, ...]
    """For the person who imports: each stands in the text, too."""


def read_text(path: Path) -> str:
    """The text of a file to import."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImportRefused(path, 0, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    if len(data) > LARGEST:
        raise ImportRefused(path, 0, f"has {len(data)} bytes; expected at most {LARGEST}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(path, data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text") from error


def command_of(line: str, shell: tuple[str, ...] = ("sh", "-c")) -> tuple[list[str], bool]:
    """The words of a command line, and whether it takes a shell to understand it."""
    try:
        words = shlex.split(line)
    except ValueError:  # quotes that do not close: a shell will say so itself
        words = []
    if _SHELL.search(_unquoted(line)) or not words or words[0] in _BUILTINS:
        return [*shell, line], True
    return words, False


def relative(path: Path, root: Path) -> str:
    """A place as seen from the workspace; absolute where it lies outside of it."""
    path, root = Path(os.path.abspath(path)), Path(os.path.abspath(root))
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def kernel_name(name: str, taken: Collection[str]) -> str:
    """A name that a kernel may have, near to the one it had."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:48]
    plain = plain if plain[:1].isalpha() else f"p-{plain}".rstrip("-")
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-app" if number == 2 else f"{plain}-app{number}"
    return found


def _unquoted(line: str) -> str:
    """The line without what stands in single quotes, where a shell understands nothing."""
    return re.sub(r"'[^']*'", "''", line)
