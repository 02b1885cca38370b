"""Puts a patch into the real files, all of it or nothing, and takes exactly that back.

Every act is written to a journal before it touches a file, so that a room killed at any moment finishes or rolls back
when it starts again. A file that somebody changed meanwhile is never overwritten.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from grace_tui.disk import FileMoved, atomic_write, digest, file_digest, swap_file, sync_folder
from grace_tui.healing.repair.patch import FileEdit
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
            found = file_digest(self.root / edit.path)
            if found != before:
                raise FileMoved(self.root / edit.path, before, found)
        entry = Entry(entry_id, time.time(), "applying", tuple(edits), digests)
        self._write(entry, "journal")
        try:
            for number, (edit, (before, _)) in enumerate(zip(edits, digests, strict=True)):
                swap_file(self.root / edit.path, before, edit.after.encode())
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
            return msgspec.json.decode(self._path(entry_id).read_bytes(), type=Entry)
        except FileNotFoundError:
            raise UnknownEntry(entry_id) from None

    def since(self, at: float) -> tuple[Entry, ...]:
        """Every application from `at` on that can be read, oldest first. Reads files: not for the loop."""
        entries = []
        for path in self._files():
            try:
                entry = msgspec.json.decode(path.read_bytes(), type=Entry)
            except (msgspec.DecodeError, FileNotFoundError):
                continue  # `recover` told of the one; the other was trimmed meanwhile
            if entry.at >= at:
                entries.append(entry)
        return tuple(sorted(entries, key=lambda entry: entry.at))

    # ---- recovery

    def _recover_one(self, path: Path) -> Recovered | None:
        try:
            entry = msgspec.json.decode(path.read_bytes(), type=Entry)
        except msgspec.DecodeError as error:
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
            file = self.root / edit.path
            if file_digest(file) != after:
                continue
            if edit.before is None:
                file.unlink()
                sync_folder(file.parent)
            else:
                swap_file(file, after, edit.before.encode())
            self.step(f"undone {number}")
        return self._write(replace(entry, state="undone"), "undone")

    def _states(self, entry: Entry) -> Iterator[tuple[str, Literal["before", "after", "other"]]]:
        for edit, (before, after) in zip(entry.edits, entry.digests, strict=True):
            found = file_digest(self.root / edit.path)
            yield edit.path, "after" if found == after else "before" if found == before else "other"

    def _sweep(self, entry: Entry) -> None:
        for folder in {(self.root / edit.path).parent for edit in entry.edits}:
            for path in folder.glob(".grace-*"):
                if path.is_file() and _LEFTOVER.fullmatch(path.name):
                    path.unlink()

    # ---- the files of the journal

    def _write(self, entry: Entry, step: str) -> Entry:
        text = json.dumps(asdict(entry), indent=1, ensure_ascii=False)
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
    return "" if text is None else digest(text.encode())
