"""Puts a patch into the real files, all of it or nothing, and takes exactly that back.

Every act is written to a journal before it touches a file, so that a room killed at any moment finishes or rolls back
when it starts again. A file that somebody changed meanwhile is never overwritten.
"""

import glob
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from grace_tui.disk import FileMoved, atomic_write, digest, file_digest, swap_file, sync_folder
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.sources import encode
from grace_tui.kernel.errors import GraceError

JournalState = Literal["applying", "applied", "undoing", "undone"]

KEPT_ENTRIES = 200
_LEFTOVER = re.compile(r"\.grace-[a-z0-9_]{8}")
"""What `atomic_write` leaves beside a file when it is killed before the rename."""


class UndoRefused(GraceError):
    """A file changed after the patch was applied; it and the text before the patch are both kept."""

    def __init__(self, entry_id: str, files: Sequence[str], journal: Path) -> None:
        super().__init__(f"{', '.join(files)} changed since; left as is, the text before the patch is in {journal}")
        self.entry_id, self.files, self.journal = entry_id, tuple(files), journal


class UnknownEntry(GraceError):
    def __init__(self, entry_id: str) -> None:
        super().__init__(f"the journal has no entry {entry_id}")
        self.entry_id = entry_id


@dataclass(frozen=True, slots=True)
class Entry:
    """One application of one patch."""

    id: str
    at: float
    state: JournalState
    edits: tuple[FileEdit, ...]
    digests: tuple[tuple[str, str], ...]
    """(before, after) of each edit; before is empty for a file that the patch makes."""
    times: tuple[int, ...] = ()
    """When each file had been changed last, in nanoseconds; 0 for one that the patch makes."""
    folders: tuple[str, ...] = ()
    """Folders that the patch makes, the deepest first."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found half done."""

    id: str
    outcome: Literal["finished", "rolled back", "conflict", "unreadable"]
    files: tuple[str, ...]
    detail: str = ""


Step = Callable[[str], None]


class Journal:
    """The write-ahead journal of one workspace, in `.grace/journal/`."""

    def __init__(self, root: Path, folder: Path, step: Step = lambda name: None) -> None:
        self.root, self.folder = root.resolve(), folder
        self.step = step
        """Called after each durable step, by its name; where a crash can fall."""

    def apply(self, entry_id: str, edits: Sequence[FileEdit]) -> Entry:
        """Write all edits, or none.

        Raises:
            FileMoved: a file is not what the patch was made for; nothing is changed.
        """
        digests = tuple((_digest(edit.before), _digest(edit.after)) for edit in edits)
        for edit, (before, _) in zip(edits, digests, strict=True):
            found = file_digest(self._file(edit))
            if found != before:
                raise FileMoved(self.root / edit.path, before, found)
        times = tuple(0 if edit.before is None else self._file(edit).stat().st_mtime_ns for edit in edits)
        entry = Entry(entry_id, time.time(), "applying", tuple(edits), digests, times, self._new_folders(edits))
        self._write(entry, "journal")
        try:
            for number, (edit, (before, _)) in enumerate(zip(edits, digests, strict=True)):
                swap_file(self._file(edit), before, encode(edit.after))
                _drop_bytecode(self._file(edit))
                self.step(f"file {number}")
        except (OSError, FileMoved):
            self._roll_back(entry)
            raise
        return self._write(replace(entry, state="applied"), "applied")

    def undo(self, entry_id: str) -> Entry:
        """Put back the text before the patch, of exactly its files.

        Raises:
            UndoRefused: a file changed since; nothing is changed.
            UnknownEntry: there is no such application.
        """
        entry = self.get(entry_id)
        if entry.state == "undone":
            return entry
        if changed := [path for path, state in self._states(entry) if state == "other"]:
            raise UndoRefused(entry_id, changed, self._path(entry_id))
        return self._roll_back(entry)

    def recover(self) -> tuple[Recovered, ...]:
        """Finish or roll back what a killed process left half done. Called once, before the room opens."""
        outcomes = [self._recover_one(path) for path in self._files()]
        self._trim()
        return tuple(outcome for outcome in outcomes if outcome is not None)

    def get(self, entry_id: str) -> Entry:
        try:
            return _read(self._path(entry_id))
        except FileNotFoundError:
            raise UnknownEntry(entry_id) from None

    def since(self, at: float) -> tuple[Entry, ...]:
        """Every application from `at` on that can be read, oldest first. Reads files: not for the loop."""
        entries = []
        for path in self._files():
            try:
                entry = _read(path)
            except (ValueError, FileNotFoundError):
                continue  # `recover` told of the one; the other was trimmed meanwhile
            if entry.at >= at:
                entries.append(entry)
        return tuple(sorted(entries, key=lambda entry: entry.at))

    # ---- recovery

    def _recover_one(self, path: Path) -> Recovered | None:
        try:
            entry = _read(path)
        except ValueError as error:
            return Recovered(path.stem, "unreadable", (), f"{path}: {error}")
        if entry.state in ("applied", "undone"):
            return None
        self._sweep(entry)
        files = tuple(edit.path for edit in entry.edits)
        states = dict(self._states(entry))
        if entry.state == "applying" and set(states.values()) == {"after"}:
            self._write(replace(entry, state="applied"), "applied")
            return Recovered(entry.id, "finished", files)
        if others := [name for name, state in states.items() if state == "other"]:
            return Recovered(entry.id, "conflict", tuple(others), "changed by somebody else; left as is")
        self._roll_back(entry)
        return Recovered(entry.id, "rolled back", files)

    def _roll_back(self, entry: Entry) -> Entry:
        """Put back every file that holds the patched text; one that somebody else changed stays."""
        self._write(replace(entry, state="undoing"), "undoing")
        for number, edit in reversed(list(enumerate(entry.edits))):
            _, after = entry.digests[number]
            file = self._file(edit)
            if file_digest(file) != after:
                continue
            if edit.before is None:
                file.unlink()
                sync_folder(file.parent)
            else:
                swap_file(file, after, encode(edit.before))
                if entry.times:
                    os.utime(file, ns=(time.time_ns(), entry.times[number]))
            _drop_bytecode(file)
            self.step(f"undone {number}")
        for folder in entry.folders:
            _remove_empty(self.root / folder)
        return self._write(replace(entry, state="undone"), "undone")

    def _states(self, entry: Entry) -> Iterator[tuple[str, Literal["before", "after", "other"]]]:
        for edit, (before, after) in zip(entry.edits, entry.digests, strict=True):
            found = file_digest(self._file(edit))
            yield edit.path, "after" if found == after else "before" if found == before else "other"

    def _sweep(self, entry: Entry) -> None:
        for folder in {self._file(edit).parent for edit in entry.edits}:
            for path in folder.glob(".grace-*"):
                if path.is_file() and _LEFTOVER.fullmatch(path.name):
                    path.unlink()

    def _file(self, edit: FileEdit) -> Path:
        """Where an edit is written: a link stays one, and what it leads to is changed."""
        return (self.root / edit.path).resolve()

    def _new_folders(self, edits: Sequence[FileEdit]) -> tuple[str, ...]:
        parents = {parent for edit in edits for parent in Path(edit.path).parents[:-1]}
        missing = [parent.as_posix() for parent in parents if not (self.root / parent).exists()]
        return tuple(sorted(missing, key=lambda folder: -folder.count("/")))

    # ---- the files of the journal

    def _write(self, entry: Entry, step: str) -> Entry:
        text = json.dumps(asdict(entry), indent=1)  # bytes of no encoding stand in it as escapes
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_write(self._path(entry.id), text.encode(), mode=0o600)
        self.step(step)
        return entry

    def _path(self, entry_id: str) -> Path:
        return self.folder / f"{entry_id}.json"

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime)

    def _trim(self) -> None:
        for path in self._files()[:-KEPT_ENTRIES]:
            path.unlink()


def digests_of(edits: Sequence[FileEdit]) -> Mapping[str, tuple[str, str]]:
    """File -> (digest before, digest after)."""
    return {edit.path: (_digest(edit.before), _digest(edit.after)) for edit in edits}


def _digest(text: str | None) -> str:
    return "" if text is None else digest(encode(text))


def _read(path: Path) -> Entry:
    """An entry of the journal. Raises ValueError where the file holds none."""
    return msgspec.convert(json.loads(path.read_bytes()), Entry)


def _drop_bytecode(file: Path) -> None:
    """Python takes compiled code for current by size and whole seconds; two changes within one would deceive it."""
    for compiled in (file.parent / "__pycache__").glob(f"{glob.escape(file.stem)}.*.pyc"):
        compiled.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    """Remove a folder that a patch made, unless somebody put something there."""
    with suppress(OSError):
        (folder / "__pycache__").rmdir()
    with suppress(OSError):
        folder.rmdir()
