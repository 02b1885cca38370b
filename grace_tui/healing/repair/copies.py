"""Copies of a tree, where the system shows no other view of it: reflinks where the file system has them, else plain.

Used by `trial`. A copy that was used is brought back to what the tree is now before it is used again, so that no run
sees what another one left.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

LARGEST_TREE = 1 << 30
"""Bytes of a plain copy; reflinks cost nothing."""
FICLONE = 0x40049409
NOT_COPIED = frozenset({"__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".tox", ".nox"})
"""Folders that programs make anew."""


class TooLarge(Exception):
    """The tree holds more than a trial may copy."""

    def __init__(self, root: Path) -> None:
        super().__init__(f"{root} holds more than the {LARGEST_TREE >> 20} MB that a trial may copy")
        self.root = root


class Copies:
    """Copies of one tree, each for one run at a time; they lie in `folder`, which the owner removes."""

    def __init__(self, root: Path, folder: Path, hidden: tuple[str, ...]) -> None:
        self.root, self.folder, self.hidden = root, folder, hidden
        self._free: list[Path] = []
        self._marks: dict[Path, int] = {}
        """What was written into a copy after this time of its file system was not written by us."""
        self._reflinks = True

    def take(self) -> Path:
        """A copy that is as the tree is now.

        Raises:
            TooLarge: the tree holds more than a trial may copy.
            OSError: it cannot be read, or the copy not be written.
        """
        copy = self._free.pop() if self._free else self._new()
        _Mirror(self, copy).folder("")
        self._marks[copy] = _now(copy.parent)
        return copy

    def give_back(self, copy: Path) -> None:
        self._free.append(copy)

    def clone(self, source: str, target: str) -> bool:
        """Copy one file; True where it shares its blocks with the first until either changes."""
        shared = self._reflinks and _reflink(source, target)
        if not shared:
            self._reflinks = False
            shutil.copyfile(source, target)
        shutil.copystat(source, target)
        return shared

    def mark(self, copy: Path) -> int:
        return self._marks.get(copy, 0)

    def skips(self, path: str, name: str) -> bool:
        """Say whether a folder stays out: what is hidden, caches, and environments, which are used where they are."""
        return path in self.hidden or name in NOT_COPIED or (self.root / path / "pyvenv.cfg").exists()

    def _new(self) -> Path:
        copy = Path(tempfile.mkdtemp(prefix="copy-", dir=self.folder)) / (self.root.name or "root")
        copy.mkdir()
        return copy


class _Mirror:
    """One pass that makes a copy equal to the tree."""

    def __init__(self, copies: Copies, copy: Path) -> None:
        self.copies, self.root, self.copy, self.mark = copies, copies.root, copy, copies.mark(copy)
        self.written = 0

    def folder(self, below: str) -> None:
        there = {entry.name: entry for entry in os.scandir(self.copy / below)}
        for entry in os.scandir(self.root / below):
            path = f"{below}{entry.name}"
            kept = there.get(entry.name)
            if entry.is_dir(follow_symlinks=False):
                if self.copies.skips(path, entry.name):
                    continue
                there.pop(entry.name, None)
                if kept is None or not kept.is_dir(follow_symlinks=False):
                    _remove(kept)
                    os.mkdir(self.copy / path)
                os.chmod(self.copy / path, stat.S_IMODE(entry.stat().st_mode) | stat.S_IRWXU)
                self.folder(f"{path}/")
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                there.pop(entry.name, None)
                if kept is None or not self._same(entry, kept):
                    _remove(kept)
                    self._write(entry, str(self.copy / path))
        for left in there.values():
            _remove(left)

    def _same(self, real: os.DirEntry[str], copy: os.DirEntry[str]) -> bool:
        ours, theirs = real.stat(follow_symlinks=False), copy.stat(follow_symlinks=False)
        if theirs.st_ctime_ns >= self.mark:
            return False
        return (ours.st_mode, ours.st_size, ours.st_mtime_ns) == (theirs.st_mode, theirs.st_size, theirs.st_mtime_ns)

    def _write(self, entry: os.DirEntry[str], target: str) -> None:
        if entry.is_symlink():
            leads = os.readlink(entry.path)
            inside = os.path.isabs(leads) and Path(leads).is_relative_to(self.root)
            os.symlink(str(self.copy / Path(leads).relative_to(self.root)) if inside else leads, target)
            return
        if not self.copies.clone(entry.path, target):
            self.written += entry.stat().st_size
            if self.written > LARGEST_TREE:
                raise TooLarge(self.root)


def _reflink(source: str, target: str) -> bool:
    with open(source, "rb") as real, open(target, "wb") as copy:
        try:
            fcntl.ioctl(copy, FICLONE, real.fileno())
        except OSError:  # another file system, or one without them
            return False
    return True


def _remove(entry: os.DirEntry[str] | None) -> None:
    if entry is None:
        return
    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(entry.path)


def _now(folder: Path) -> int:
    """The time as the file system counts it."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        return os.stat(file.name).st_ctime_ns
