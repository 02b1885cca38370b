"""Where a file of a traceback lies: inside the project or not, and under which name. Used by capture and evidence."""

import os
from functools import lru_cache
from pathlib import Path

import grace_tui

OUTSIDE = frozenset({".venv", "venv", ".grace", ".git", "site-packages", "dist-packages", "node_modules"})
"""Folders below the root whose files are not the project's own."""

_GRACE = os.path.dirname(os.path.realpath(grace_tui.__file__)) + os.sep


@lru_cache(maxsize=4096)
def place(file: str, root: Path) -> tuple[str, bool]:
    """Return the file's name as `Frame.file` shows it, and whether it is the project's own."""
    if not file or file.startswith("<"):
        return file, False
    absolute = os.path.abspath(file)
    relative = _below(absolute, str(root)) or _below(os.path.realpath(absolute), os.path.realpath(root))
    if not relative:
        return absolute, False
    own = OUTSIDE.isdisjoint(relative.split("/")) and not os.path.realpath(absolute).startswith(_GRACE)
    return relative, own


def is_own(file: str) -> bool:
    """Whether a name that `place` gave is a file of the project's own."""
    parts = file.split("/")
    return (
        bool(file)
        and not os.path.isabs(file)
        and parts[0] not in ("grace_tui", "")
        and file[0] != "<"
        and (OUTSIDE.isdisjoint(parts))
    )


def without_root(text: str, root: Path) -> str:
    """Make paths below the root relative in a message."""
    for prefix in {os.path.join(root, ""), os.path.join(os.path.realpath(root), "")}:
        if prefix in text and len(prefix) > 1:
            text = text.replace(prefix, "")
    return text


def _below(path: str, root: str) -> str:
    prefix = root.rstrip(os.sep) + os.sep
    return path[len(prefix) :].replace(os.sep, "/") if path.startswith(prefix) else ""
