"""Writes unified diffs that `git apply` and `patch` take: odd names, any encoding, with a last newline or without.

Lines end at a newline only, as they do for those programs: a form feed or a lone carriage return stays inside a line.
"""

import io
import os
import re
from collections.abc import Iterable
from difflib import unified_diff
from typing import Protocol

from grace_tui.healing.repair.sources import encode

NOWHERE = "/dev/null"
"""The name of what is not there."""
NO_NEWLINE = "\\ No newline at end of file"
_ESCAPES = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}
_ESCAPED, _MEANT = re.compile(rb"\\([0-7]{3}|.)"), {b"t": b"\t", b"n": b"\n", b"r": b"\r"}


class Edit(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def before(self) -> str | None: ...
    @property
    def after(self) -> str: ...


def diff(edits: Iterable[Edit]) -> str:
    """All edits as text, to be read."""
    return "".join(_diff(edit.path, edit.before, edit.after) for edit in edits)


def diff_bytes(edits: Iterable[Edit]) -> bytes:
    """All edits as they are to be applied, each file in its own encoding."""
    texts = (_diff(edit.path, _raw(edit.before), _raw(edit.after)) for edit in edits)
    return "".join(texts).encode("utf-8", "surrogateescape")


def lines_of(text: str) -> list[str]:
    """The lines with their newlines."""
    return list(io.StringIO(text, newline="\n"))


def quoted(name: str) -> str:
    """A name as git writes it: in quotes where it holds what would end it."""
    if name.isprintable() and not {'"', "\\"} & set(name):
        return name
    return '"' + "".join(_escaped(char) for char in name) + '"'


def unquoted(name: str) -> str:
    """A name as it is, from how git writes it."""
    if not (len(name) > 1 and name[0] == name[-1] == '"'):
        return name
    return os.fsdecode(_ESCAPED.sub(_meant, os.fsencode(name[1:-1])))


def _meant(escaped: re.Match[bytes]) -> bytes:
    code = escaped[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _MEANT.get(code, code)


def _escaped(char: str) -> str:
    if char.isprintable() or ord(char) in _ESCAPES:
        return char.translate(_ESCAPES)
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(char))


def _diff(path: str, before: str | None, after: str | None) -> str:
    old = NOWHERE if before is None else quoted(f"a/{path}")
    lines = unified_diff(lines_of(before or ""), lines_of(after or ""), old, quoted(f"b/{path}"))
    return "".join(line if line.endswith("\n") else f"{line}\n{NO_NEWLINE}\n" for line in lines)


def _raw(text: str | None) -> str | None:
    """The bytes of a file as text that becomes the same bytes again."""
    return None if text is None else encode(text).decode("utf-8", "surrogateescape")
