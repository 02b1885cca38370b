"""Finds the line of a key in a TOML text that parsed. Pure; called when a message has to name a place."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<key>[^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_PAIR = re.compile(r"""^\s*(?P<key>(?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")


def line_of(text: str, at: Sequence[str]) -> int:
    """Return the line, counted from 1, where the key path `at` is set or its table begins; 0 if it is not found.

    Inline tables and multi-line strings are not followed: there the line of the enclosing key is the answer.
    """
    wanted = tuple(at)
    table: tuple[str, ...] = ()
    nearest = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            found = table = _parts(header["key"])
        elif pair := _PAIR.match(line):
            found = (*table, *_parts(pair["key"]))
        else:
            continue
        if found == wanted:
            return number
        if found[: len(wanted)] == wanted or wanted[: len(found)] == found:
            nearest = number
    return nearest


def _parts(key: str) -> tuple[str, ...]:
    return tuple(next(filter(None, found.groups()), "") for found in _PART.finditer(key))
