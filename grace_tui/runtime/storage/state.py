"""What a kernel resumes from: one JSON file a kernel, written whole; a damaged one is put aside, not lost."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.kernel.errors import GraceError, LoopAbandoned

Stamp = tuple[int, int, int]
"""Inode, time of change and size: what tells one content of a file from another without reading it."""


class StateStore:
    """Saved states under one folder; `notice` hears of files that could not be read."""

    def __init__(self, folder: Path, notice: Callable[[str], None]) -> None:
        self.folder, self.notice = folder, notice
        self._held: dict[str, tuple[Stamp, bytes]] = {}
        """What each file held when it was last written or read."""
        self._fenced = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self, kernel: str) -> Mapping[str, object]:
        """Return the last saved state; empty where there is none or it cannot be read."""
        path = self._path(kernel)
        try:
            stamp = _stamp(path)  # a person may have put another one there, or taken it away
            held = self._held.get(kernel)
            data = held[1] if held is not None and held[0] == stamp else path.read_bytes()
            state = msgspec.json.decode(data, type=dict[str, object])
        except FileNotFoundError:
            self._held.pop(kernel, None)
            return {}
        except (msgspec.DecodeError, OSError) as error:
            aside = path.with_suffix(".damaged.json")
            path.replace(aside)
            self._held.pop(kernel, None)
            self.notice(f"the saved state of {kernel} cannot be read ({error}); it starts afresh, the file is {aside}")
            return {}
        self._held[kernel] = stamp, data
        return state

    def save(self, kernel: str, state: Mapping[str, object]) -> None:
        """Write the state if it changed.

        Raises:
            GraceError: it is not made of plain JSON values.
            LoopAbandoned: another store has taken the folder over.
        """
        if self._fenced:
            raise LoopAbandoned(f"the state of {kernel}")
        try:
            data = msgspec.json.encode(dict(state))
        except (TypeError, ValueError) as error:
            raise GraceError(f"the saved state of {kernel} is not plain JSON: {error}") from error
        held = self._held.get(kernel)
        if held is None or held[1] != data:
            path = self._path(kernel)
            # Not durable: a power cut may lose the last seconds of a state; a kill of the process may not.
            atomic_write(path, data, mode=0o600, durable=False)
            self._held[kernel] = _stamp(path), data

    def fence(self) -> None:
        """Refuse every further state: another store takes the folder over. Any thread."""
        self._fenced = True

    def _path(self, kernel: str) -> Path:
        return self.folder / f"{kernel}.json"


def _stamp(path: Path) -> Stamp:
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns, found.st_size
