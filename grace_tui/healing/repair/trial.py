"""A copy of the workspace in a temporary folder, where a patch is tried before a single real file changes.

Plain copies of the sources and of the small files they read; never `.grace/`, `.git/`, logs or a virtual environment.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.tree import SKIPPED_FOLDERS, walk

PREFIX = "grace-trial-"
LARGEST_FILE = 1 << 20
LARGEST_TREE = 256 << 20
CHECKER_SETTINGS = ("pyproject.toml", "ruff.toml", ".ruff.toml")
NOT_COPIED = SKIPPED_FOLDERS - {"policies"}
"""Policies are never patched, but kernels read them at start."""


class TooLarge(Exception):
    """The workspace holds more than a trial may copy."""

    def __init__(self, root: Path, size: int) -> None:
        super().__init__(f"{root} holds {size >> 20} MB of small files; a trial copies {LARGEST_TREE >> 20} MB at most")
        self.root, self.size = root, size


class Trial:
    """One temporary folder with a copy per name; gone after `close`, whatever happened."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")).resolve()

    def copy(self, name: str, edits: Sequence[FileEdit] = ()) -> Path:
        """Copy the workspace to a folder of that name and write the edits into it."""
        target = self.folder / name
        copy_tree(self.root, target)
        return self._edited(target, edits)

    def copy_only(self, name: str, files: Sequence[str], edits: Sequence[FileEdit] = ()) -> Path:
        """Copy just these files and the checkers' settings: enough to look at a file, not to run it."""
        target = self.folder / name
        for path in (*files, *CHECKER_SETTINGS):
            source, copy = self.root / path, target / path
            if source.is_file():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)
        return self._edited(target, edits)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _edited(target: Path, edits: Sequence[FileEdit]) -> Path:
        for edit in edits:
            file = target / edit.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(edit.after.encode())
        return target


def sweep_trials() -> int:
    """Remove the trials of rooms that were killed, and return how many there were."""
    swept = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)) and folder.stat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def copy_tree(root: Path, target: Path) -> None:
    """Copy every small regular file that is not in a skipped folder.

    Raises:
        TooLarge: they add up to more than a trial may copy.
    """
    root = root.resolve()
    total = 0
    target.mkdir(parents=True)
    for path in walk(root, NOT_COPIED):
        size = path.stat().st_size
        if size > LARGEST_FILE:
            continue
        total += size
        if total > LARGEST_TREE:
            raise TooLarge(root, total)
        copy = target / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
