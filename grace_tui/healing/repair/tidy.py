"""Keeps a well-formatted file well-formatted: where ruff had nothing to change before a patch, it has nothing after.

A file that was not formatted so keeps its own layout, and the patch its smallest edit.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

from grace_tui.healing.repair.patch import FileEdit, Patch
from grace_tui.healing.repair.sources import MARK
from grace_tui.healing.repair.tools import find_tool

LINE_LENGTHS = ("", "88", "100", "120", "79")
"""Tried in this order; empty is what the workspace's own settings say."""


def tidy(patch: Patch, root: Path) -> Patch:
    return replace(patch, edits=tuple(_tidy(edit, root) for edit in patch.edits))


def _tidy(edit: FileEdit, root: Path) -> FileEdit:
    before = edit.before
    if before is None:
        return edit
    for length in LINE_LENGTHS:
        if _formatted(before, edit.path, root, length) == before:
            return replace(edit, after=_formatted(edit.after, edit.path, root, length) or edit.after)
    return edit


def _formatted(text: str, path: str, root: Path, length: str) -> str:
    """The text as ruff writes it; empty where ruff is missing or cannot read it."""
    ruff, mark = find_tool("ruff"), MARK if text.startswith(MARK) else ""
    try:
        data = text.removeprefix(MARK).encode()
    except UnicodeEncodeError:  # bytes of no encoding
        return ""
    if not ruff:
        return ""
    argv = [ruff, "format", "--no-cache", "--stdin-filename", path, *(["--line-length", length] if length else []), "-"]
    done = subprocess.run(argv, cwd=root, input=data, capture_output=True, timeout=10, check=False)
    return mark + done.stdout.decode() if done.returncode == 0 else ""
