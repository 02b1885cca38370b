"""A tree on trial: edits are written into it and commands run in it, while not one real file changes.

Where the system allows it, a command sees the tree at its own path, covered by the edits, and what it writes is gone
with it (see `confine`); elsewhere it runs in a copy, and paths are translated (see `copies`). Every run begins with the
tree as it is plus the edits. Used by `repair`, by the gates, by `heal` and by `preflight`.
"""

import asyncio
import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio.to_thread
import psutil

from grace_tui.healing.repair.copies import Copies, TooLarge
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.process import Command, Completed, Limits, Shut, Tree, run
from grace_tui.healing.repair.sources import encode
from grace_tui.healing.repair.translation import evidence_out_of_copy, in_copy, out_of_copy

__all__ = ["Ran", "TooLarge", "Trial", "open_trial", "sweep_trials"]

PREFIX = "grace-trial-"
HIDDEN = (".grace",)
"""A room's state and secrets are no part of what is tried."""
WRITABLE = (Path("/dev"), Path("/proc"))
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command in a trial; its output names the files of the tree by their real paths."""

    completed: Completed
    isolation: str
    root: Path
    """What files of the tree are named by, in its output and in the evidence it left."""


class Trial:
    """One tree with a stack of edits; several runs may be under way at once. Gone after `close`."""

    def __init__(self, root: Path, *, hidden: Sequence[str] = HIDDEN, copied: str = "") -> None:
        """`copied` says why this trial uses copies from the start; empty lets it find out."""
        self.root = root.resolve()
        self.named = root.absolute()
        """The root by the name it was given, which may be a link."""
        self.hidden = tuple(hidden)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_place(self.root))).resolve()
        self.shared = self.folder / "shared"
        """What runs write here stays, until the trial is closed: reports."""
        self.shared.mkdir()
        self.edits: Mapping[str, FileEdit] = {}
        """What is written into the tree, by path; read only."""
        self._layer: Path | None = None
        self._copies = Copies(self.root, self.folder, self.hidden)
        self._copied = copied or (
            "the root of the file system cannot be covered" if self.root.parent == self.root else ""
        )
        self._shut: Shut | None = None

    @property
    def isolation(self) -> str:
        """How far the last run was cut off, in words, as it was measured."""
        if self._shut is None:
            return "nothing has run"
        parts = [
            f"in a copy ({self._copied})" if self._copied else "a view of its own of the tree",
            f"other files {self._shut.outside}",
            "network shared" if self._shut.network else "no network",
        ]
        return ", ".join(parts)

    def write(self, edits: Iterable[FileEdit]) -> None:
        """Put edits on the stack; a later one of the same file takes the place of the earlier one.

        Raises:
            OSError: the text cannot be written.
            ValueError: its encoding has no such character, or the path leaves the root.
        """
        stack = {**self.edits, **{edit.path: edit for edit in edits}}
        layer = Path(tempfile.mkdtemp(prefix="layer-", dir=self.folder))
        _be_like(layer, self.root)
        for edit in stack.values():
            self._write(edit, layer)
        # A new folder, never the old one: a run may be looking at that.
        self.edits, self._layer = stack, layer

    def reset(self) -> None:
        """Take all edits off."""
        self.edits, self._layer = {}, None

    def read(self, path: str) -> bytes:
        """A file as it is in the trial.

        Raises:
            FileNotFoundError: there is none.
        """
        edit = self.edits.get(path)
        return (self.root / path).read_bytes() if edit is None else encode(edit.after)

    async def run(
        self,
        argv: Sequence[str],
        *,
        folder: str = ".",
        env: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        stdin: bytes = b"",
        clean: bool = False,
    ) -> Ran:
        """Run a command as if it were run in the tree; `clean` leaves it little of this process's environment.

        Raises:
            TooLarge: only a copy would do, and the tree is too large for one.
            OSError: the trial could not be set up.
        """
        private = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="run-", dir=self.shared))
        try:
            (private / "scratch").mkdir()
            (private / "tmp").mkdir()
            variables = {"TMPDIR": str(private / "tmp"), **(env or {})}
            command = Command(argv, self.root / folder, limits or Limits(), stdin, variables, inherit=not clean)
            if not self._copied:
                done = await self._run_covered(command, private)
                if done is not None:
                    return done
            return await self._run_copied(command)
        finally:
            await asyncio.to_thread(_discard, private)

    async def _run_covered(self, command: Command, private: Path) -> Ran | None:
        """None where this tree cannot be covered here; later runs do not try again."""
        layers = (self._layer,) if self._layer else ()
        tree = Tree(self.root, layers, private / "scratch", (self.shared,), _beside(self.root), self.hidden)
        completed = await run(replace(command, tree=tree))
        self._shut = completed.shut
        if completed.shut.error and not completed.timed_out:
            self._copied = self._copied or completed.shut.error
        elif completed.shut.user and not self._copied:
            self._copied = await asyncio.to_thread(foreign, self.root)
        return None if self._copied else Ran(completed, self.isolation, self.root)

    async def _run_copied(self, command: Command) -> Ran:
        copy = await asyncio.to_thread(self._copies.take)
        try:
            for edit in self.edits.values():
                await asyncio.to_thread(self._write, edit, copy)
            writable = (
                copy.parent,
                self.shared,
                *WRITABLE,
                *(path for path in TEMPORARY if not self.root.is_relative_to(path)),
            )
            names = (self.root, self.named)
            completed = await run(in_copy(replace(command, writable=writable), names, copy))
            if evidence := command.variables.get("GRACE_EVIDENCE"):
                await asyncio.to_thread(evidence_out_of_copy, Path(evidence), self.root, copy)
        finally:
            self._copies.give_back(copy)
        self._shut = completed.shut
        if completed.shut.error and not completed.timed_out:
            raise OSError(f"the trial could not be started: {completed.last_line}")
        return Ran(out_of_copy(completed, self.root, copy), self.isolation, self.root)

    def close(self) -> None:
        _discard(self.folder)

    def _write(self, edit: FileEdit, target: Path) -> None:
        file, real = target / edit.path, self.root / edit.path
        if not file.resolve().is_relative_to(target.resolve()) or not real.resolve().is_relative_to(self.root):
            raise ValueError(f"{edit.path} lies outside {self.root}")
        for parent in reversed(Path(edit.path).parents[:-1]):
            (target / parent).mkdir(exist_ok=True)
            _be_like(target / parent, self.root / parent)
        data = encode(edit.after)
        file.unlink(missing_ok=True)
        file.write_bytes(data)
        _be_like(file, real)
        if real.exists():
            # Compiled files are known by the second and the size of their source.
            later = max(time.time(), real.stat().st_mtime + 2)
            os.utime(file, (later, later))


@asynccontextmanager
async def open_trial(root: Path, *, hidden: Sequence[str] = HIDDEN) -> AsyncIterator[Trial]:
    """A trial for as long as the block lasts.

    Raises:
        OSError: there is no room for temporary files.
    """
    trial = await anyio.to_thread.run_sync(lambda: Trial(root, hidden=hidden))
    try:
        yield trial
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(trial.close)


def sweep_trials() -> int:
    """Remove the trials of rooms that were killed, and return how many there were."""
    swept = 0
    for place in _places():
        for folder in place.glob(f"{PREFIX}*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if owner.isdecimal() and not psutil.pid_exists(int(owner)) and folder.stat().st_uid == os.getuid():
                _discard(folder)
                swept += 1
    return swept


def foreign(root: Path) -> str:
    """Why a user namespace cannot write to all of the tree: the first file of somebody else; empty without any."""
    user, group = os.getuid(), os.getgid()
    waiting = [str(root)]
    while waiting:
        for entry in os.scandir(waiting.pop()):
            status = entry.stat(follow_symlinks=False)
            if (status.st_uid, status.st_gid) != (user, group):
                return f"{entry.path} belongs to another user or group"
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
    return ""


def _places() -> list[Path]:
    """Folders for temporary files, best first."""
    places = (Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/dev/shm"))
    return list(dict.fromkeys(place.resolve() for place in places if place.is_dir() and os.access(place, os.W_OK)))


def _place(root: Path) -> Path:
    """A folder for temporary files that the root does not hold: it could not cover itself.

    Raises:
        OSError: the root holds them all.
    """
    for place in _places():
        if not place.is_relative_to(root):
            return place
    raise OSError(f"{root} holds every folder for temporary files; set TMPDIR to one outside of it")


def _beside(root: Path) -> tuple[Path, ...]:
    """Folders that programs write to as a matter of course."""
    places = [Path(tempfile.gettempdir()), *TEMPORARY, Path(os.path.expanduser("~"))]
    found = dict.fromkeys(place.resolve() for place in places)
    return tuple(place for place in found if place.parent != place and not place.is_relative_to(root))


def _be_like(path: Path, real: Path) -> None:
    """Give a file or folder the mode of the real one, where there is one."""
    if real.exists():
        path.chmod(stat.S_IMODE(real.stat().st_mode))


def _discard(folder: Path) -> None:
    """Remove a folder of ours, also what a program took its own rights away from."""

    def again(remove: Callable[..., object], path: str, _: BaseException) -> None:
        for place in (os.path.dirname(path), path):
            with contextlib.suppress(OSError):
                os.chmod(place, stat.S_IRWXU)
        with contextlib.suppress(OSError):  # the next sweep finds it
            remove(path)

    shutil.rmtree(folder, onerror=lambda remove, path, error: again(remove, path, error[1]))
