"""The heals that changed a tree: written before a file is touched, so that one that was killed is told of and undone.

The texts themselves are in the journal, under the same id.
"""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.healing.repair.apply import Entry, Journal, Recovered, UnknownEntry
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spelling import plural

State = Literal["trying", "healed", "kept", "undone"]
KEPT = 100


class NothingToUndo(GraceError):
    def __init__(self, root: Path, wanted: str) -> None:
        super().__init__(
            f"no heal {wanted} of {root} is known" if wanted else f"no heal of {root} is there to be undone"
        )


@dataclass(frozen=True, slots=True)
class Heal:
    id: str
    at: float
    command: tuple[str, ...]
    files: tuple[str, ...]
    state: State = "trying"
    """trying until its last run of the command has ended."""


class Ledger:
    def __init__(self, home: Home, journal: Journal | None = None) -> None:
        self.home = home
        self.journal = journal or Journal(home.root, home.journal)

    def begin(self, command: tuple[str, ...], edits: tuple[FileEdit, ...]) -> Heal:
        """Write the edits into the real files, all or none. Raises as `Journal.apply`."""
        now = time.time()
        heal = Heal(
            f"H{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{int(now % 1 * 1000):03d}",
            now,
            command,
            _files(edits),
        )
        self._write(heal)
        try:
            self.journal.apply(heal.id, edits)
        except BaseException:
            self._write(replace(heal, state="undone"))
            raise
        return heal

    def end(self, heal: Heal, state: State) -> None:
        self._write(replace(heal, state=state))

    def take_back(self, heal: Heal) -> Entry:
        """Put every file back as it was. Raises UndoRefused where one changed since."""
        entry = self.journal.undo(heal.id)
        self.end(heal, "undone")
        return entry

    def recover(self) -> tuple[str, ...]:
        """End what a killed heal left half done, and say so, a line each."""
        said = [_told(entry) for entry in self.journal.recover()]
        said += [self._settle(heal) for heal in self.all() if heal.state == "trying"]
        return tuple(line for line in said if line)

    def last(self, wanted: str = "") -> Heal:
        """The heal of this id; else the last one that still stands.

        Raises:
            NothingToUndo: there is none.
        """
        for heal in self.all():
            if heal.id == wanted or (not wanted and heal.state in ("healed", "kept")):
                return heal
        raise NothingToUndo(self.home.root, wanted)

    def all(self) -> list[Heal]:
        """Newest first."""
        found = []
        for path in sorted(self.home.heals.glob("*.json"), reverse=True):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Heal))
            except msgspec.DecodeError:
                continue  # the journal has what matters
        return found

    def _settle(self, heal: Heal) -> str:
        """A heal that was killed while the command ran for the last time: the files stand, nobody saw how it ended."""
        try:
            state = self.journal.get(heal.id).state
        except UnknownEntry:  # killed before the journal knew of it: no file was touched
            state = "undone"
        self.end(heal, "kept" if state == "applied" else "undone")
        if state != "applied":
            return ""
        changed = f"{plural(len(heal.files), 'changed file')} stayed"
        return f"heal {heal.id} was killed while the command ran; {changed}: `grace-tui heal undo` takes it back"

    def _write(self, heal: Heal) -> None:
        self.home.heals.mkdir(mode=0o700, parents=True, exist_ok=True)
        atomic_write(self.home.heals / f"{heal.id}.json", msgspec.json.encode(heal), mode=0o600)
        for old in sorted(self.home.heals.glob("*.json"))[:-KEPT]:
            old.unlink()


def _told(entry: Recovered) -> str:
    detail = f": {entry.detail}" if entry.detail else ""
    return f"a heal was killed while it wrote {', '.join(entry.files) or 'its journal'}: {entry.outcome}{detail}"


def _files(edits: tuple[FileEdit, ...]) -> tuple[str, ...]:
    return tuple(edit.path for edit in edits)
