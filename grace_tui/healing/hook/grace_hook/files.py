"""Writes one file of evidence, whole or not at all. Imported when a program fails or ends: it needs little."""

from __future__ import annotations

import itertools
import os

TYPE_CHECKING = False  # `typing` is not imported here: that alone would take most of the time that an end may cost
if TYPE_CHECKING:
    from typing import Any


def put(folder: str, name: str, plain: Any) -> str:
    """Write a file under a name that is not there yet (a process number may come again); return the name it got."""
    draft = os.path.join(folder, f".{name}.draft")
    _write(draft, (_texts(plain) if type(plain) is list else _json(plain)).encode("ascii"))
    stem, _, ending = name.rpartition(".")
    for attempt in itertools.count():
        final = f"{stem}-{attempt}.{ending}" if attempt else name
        try:
            os.link(draft, os.path.join(folder, final))
        except FileExistsError:
            continue
        except OSError:  # a file system without links
            os.replace(draft, os.path.join(folder, final))
            return final
        os.unlink(draft)
        return final
    return ""


def _json(plain: Any) -> str:
    import json

    return json.dumps(plain, default=str)


def _texts(texts: list[str]) -> str:
    """A list of texts as JSON, which every program writes at its end: `json` takes longer to import than that."""
    return "[" + ",\n".join(f'"{"".join(map(_escaped, text))}"' for text in texts) + "]"


def _escaped(letter: str) -> str:
    if " " <= letter <= "~" and letter not in '"\\':
        return letter
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    finally:
        os.close(descriptor)
