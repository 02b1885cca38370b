"""The manifests of snapshots: a file each, written last and in one step, that names what every file was.

Owned by `Snapshots`, which says when one is made and forgotten; read again when their folder changed, for the command
line makes snapshots too.
"""

import threading
from collections.abc import Collection
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write
from grace_tui.healing.ids import Ids
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import SnapshotRecord


class SnapshotMissing(GraceError):
    def __init__(self, snapshot_id: str, what: str = "") -> None:
        super().__init__(f"{what} is not in snapshot {snapshot_id}" if what else f"there is no snapshot {snapshot_id}")
        self.snapshot_id, self.what = snapshot_id, what


class FileEntry(msgspec.Struct, frozen=True):
    digest: str
    size: int
    mode: int


class Manifest(msgspec.Struct, frozen=True):
    id: str
    at: float
    reason: str
    files: dict[str, FileEntry]
    bytes: int
    skipped: tuple[str, ...] = ()
    """Files that were too large or could not be read, each with the reason."""

    @property
    def record(self) -> SnapshotRecord:
        return SnapshotRecord(self.id, self.at, self.reason, len(self.files), self.bytes)

    def digest_of(self, name: str) -> str:
        """What a file was; empty where it was not there."""
        entry = self.files.get(name)
        return entry.digest if entry else ""


class Manifests:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: tuple[str, ...] = ()
        """Those that could not be read, and why; they are left where they are."""
        # Held for moments only: the loop reads while a thread is writing.
        self._lock = threading.Lock()
        self._kept: dict[str, Manifest] = {}
        self._seen: tuple[int, int] = (-1, -1)
        self._ids = Ids("S")

    def new_id(self, at: float) -> str:
        return self._ids.new(at)

    def get(self, snapshot_id: str) -> Manifest:
        self.refresh()
        manifest = self._kept.get(snapshot_id)
        if manifest is None:
            raise SnapshotMissing(snapshot_id)
        return manifest

    def newest_first(self) -> list[Manifest]:
        self.refresh()
        return sorted(self._kept.values(), key=lambda manifest: (manifest.at, manifest.id), reverse=True)

    def keep(self, manifest: Manifest) -> None:
        atomic_write(self._file(manifest.id), msgspec.json.encode(manifest), mode=0o600)
        with self._lock:
            self._kept = {**self._kept, manifest.id: manifest}

    def forget(self, manifests: Collection[Manifest]) -> None:
        for manifest in manifests:
            self._file(manifest.id).unlink(missing_ok=True)
        self.refresh(surely=True)

    def refresh(self, *, surely: bool = False) -> None:
        """Read those that are new, where the folder's time says so; `surely`, for that time is coarse."""
        with self._lock:
            try:
                status = self.folder.stat()
            except FileNotFoundError:
                return
            seen = (status.st_mtime_ns, status.st_ino)
            if seen != self._seen or surely:
                self._read()
                self._seen = seen

    def _read(self) -> None:
        manifests: dict[str, Manifest] = {}
        problems: list[str] = []
        for file in sorted(self.folder.glob("*.json")):
            known = self._kept.get(file.stem)
            try:
                manifests[file.stem] = known or _read_manifest(file)
            except (OSError, msgspec.DecodeError, ValueError) as error:
                problems.append(f"{file} is not a manifest: {error}")
            self._ids.seen(file.stem)
        self._kept, self.problems = manifests, tuple(problems)

    def _file(self, snapshot_id: str) -> Path:
        return self.folder / f"{snapshot_id}.json"


def _read_manifest(file: Path) -> Manifest:
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    if manifest.id != file.stem:
        raise ValueError(f"it says that it is {manifest.id}")
    return manifest
