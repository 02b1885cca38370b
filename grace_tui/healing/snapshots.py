"""Content-addressed copies of the workspace's own files, in `.grace/snapshots/`: what restore and diffs go by.

Made by the room and the scheduler before risks and at intervals. A snapshot is a manifest, written last and in one
step, over objects named by their SHA-256, so that equal content is stored once. Every method that touches the disk
runs in a worker thread; the `..._now` twins are for verbs that have no loop. Nothing is overwritten that was not kept
first, and files that a snapshot does not know are left alone.
"""

import fcntl
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
import msgspec

from grace_tui.disk import FileMoved, atomic_write, digest, file_digest
from grace_tui.healing.ids import Ids
from grace_tui.healing.kept_files import Found, is_kept, scan
from grace_tui.healing.objects import Objects, SnapshotDamaged
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import SnapshotRecord
from grace_tui.kernel.redact import redact

T = TypeVar("T")
_AFTER_NEWLINE = re.compile(r"(?<=\n)")


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


class Snapshots:
    def __init__(self, root: Path, folder: Path, clock: Clock) -> None:
        self.root, self.folder, self.clock = root, folder, clock
        self.problems: tuple[str, ...] = ()
        """Manifests that could not be read, and why; they are left where they are."""
        self._objects = Objects(folder / "objects")
        self._writing = threading.Lock()
        # Held for moments only: `all` takes it on the loop while a thread is writing.
        self._lock = threading.Lock()
        self._manifests: dict[str, Manifest] = {}
        self._seen: tuple[int, int] = (-1, -1)
        self._ids = Ids("S")

    # ---- on the loop

    async def take(self, reason: str) -> SnapshotRecord:
        return await _in_thread(lambda: self.take_now(reason))

    async def changed_since(self, snapshot_id: str) -> tuple[str, ...]:
        return await _in_thread(lambda: self.changed_since_now(snapshot_id))

    async def restore(
        self, snapshot_id: str, paths: Sequence[str] = (), *, expected: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        return await _in_thread(lambda: self.restore_now(snapshot_id, paths, expected=expected))

    async def newest_other(self, path: str, found: str, before: float) -> str:
        """The newest snapshot from before a moment in which a file is there and has another digest than `found`.

        Empty where there is none.
        """
        return await _in_thread(lambda: self._newest_other(path, found, before))

    async def digest_in(self, snapshot_id: str, path: str) -> str:
        """What a file was in a snapshot; empty where it was not there."""
        return await _in_thread(lambda: _digest_in(self._manifest(snapshot_id), path))

    async def prune(self, keep: int) -> tuple[str, ...]:
        return await _in_thread(lambda: self.prune_now(keep))

    def all(self) -> tuple[SnapshotRecord, ...]:
        """Newest first."""
        self._refresh()
        return tuple(manifest.record for manifest in self._newest_first())

    # ---- the same, where there is no loop

    def take_now(self, reason: str) -> SnapshotRecord:
        """Keep every file of the workspace's own as it is."""
        with self._exclusive():
            return self._take(reason).record

    def changed_since_now(self, snapshot_id: str) -> tuple[str, ...]:
        """Files that differ from that snapshot, relative to the root: changed, new and gone."""
        manifest = self._manifest(snapshot_id)
        now, _ = scan(self.root)
        names = sorted(manifest.files.keys() | now.keys())
        return tuple(name for name in names if _digest_in(manifest, name) != _digest_of(now.get(name)))

    def diff(self, snapshot_id: str) -> str:
        """The unified diff from that snapshot to the files as they are; for people, so redacted.

        It reads every file: not for the loop.
        """
        manifest = self._manifest(snapshot_id)
        now, _ = scan(self.root)
        parts = []
        for name in sorted(manifest.files.keys() | now.keys()):
            entry, found = manifest.files.get(name), now.get(name)
            if _digest_in(manifest, name) != _digest_of(found):
                before = self._objects.read(entry.digest) if entry else None
                parts.append(_diff(name, before, found.data if found else None))
        return redact("".join(parts))

    def restore_now(
        self, snapshot_id: str, paths: Sequence[str] = (), *, expected: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        """Bring back the files named (all of the snapshot's, where none is), and return those that changed.

        What is there is kept in a snapshot first. All or nothing: a file that changes meanwhile undoes the rest, and
        one that has not the digest that is `expected` of it keeps anything from being changed.

        Raises:
            SnapshotMissing: no such snapshot, or a path is not in it.
            SnapshotDamaged: an object cannot be read; nothing was changed.
            FileMoved: a file changed meanwhile.
        """
        with self._exclusive():
            manifest = self._manifest(snapshot_id)
            for path in paths:
                if path not in manifest.files:
                    raise SnapshotMissing(snapshot_id, path)
            before = self._take(f"before restoring {snapshot_id}")
            for name, digest_ in (expected or {}).items():
                if (found := _digest_in(before, name)) != digest_:
                    raise FileMoved(self.root / name, digest_, found)
            wanted = {
                name: manifest.files[name]
                for name in (paths or manifest.files)
                if manifest.files[name] != before.files.get(name)
            }
            contents = {name: self._objects.read(entry.digest) for name, entry in wanted.items()}
            self._swap_all(wanted, contents, before)
            return tuple(wanted)

    def prune_now(self, keep: int) -> tuple[str, ...]:
        """Forget all but the newest `keep` snapshots, and what only they held; returns the ids that went."""
        with self._exclusive():
            manifests = self._newest_first()
            gone, kept = manifests[keep:], manifests[:keep]
            for manifest in gone:
                self._manifest_file(manifest.id).unlink(missing_ok=True)
            self._refresh(surely=True)
            # A manifest that cannot be read today may be mended tomorrow: its objects are not known to be garbage.
            if not self.problems:
                needed = {entry.digest for manifest in kept for entry in manifest.files.values()}
                self._objects.delete_all_but(needed)
            return tuple(manifest.id for manifest in gone)

    # ---- manifests

    def _take(self, reason: str) -> Manifest:
        found, skipped = scan(self.root)
        added = sum(self._objects.keep(file.data) for file in found.values())
        at = self.clock.time()
        manifest = Manifest(
            id=self._ids.new(at),
            at=at,
            reason=reason,
            files={name: FileEntry(digest(file.data), len(file.data), file.mode) for name, file in found.items()},
            bytes=added,
            skipped=skipped,
        )
        atomic_write(self._manifest_file(manifest.id), msgspec.json.encode(manifest), mode=0o600)
        with self._lock:
            self._manifests = {**self._manifests, manifest.id: manifest}
        return manifest

    def _newest_other(self, path: str, found: str, before: float) -> str:
        self._refresh()
        for manifest in self._newest_first():
            if manifest.at < before and _digest_in(manifest, path) not in ("", found):
                return manifest.id
        return ""

    def _manifest(self, snapshot_id: str) -> Manifest:
        self._refresh()
        manifest = self._manifests.get(snapshot_id)
        if manifest is None:
            raise SnapshotMissing(snapshot_id)
        return manifest

    def _newest_first(self) -> list[Manifest]:
        return sorted(self._manifests.values(), key=lambda manifest: (manifest.at, manifest.id), reverse=True)

    def _refresh(self, *, surely: bool = False) -> None:
        """Read the manifests again when their folder changed: the command line makes snapshots too."""
        with self._lock:
            self._refresh_held(self.folder / "manifests", surely)

    def _refresh_held(self, folder: Path, surely: bool) -> None:
        try:
            status = folder.stat()
        except FileNotFoundError:
            return
        seen = (status.st_mtime_ns, status.st_ino)
        if seen == self._seen and not surely:
            return
        manifests: dict[str, Manifest] = {}
        problems: list[str] = []
        for file in sorted(folder.glob("*.json")):
            known = self._manifests.get(file.stem)
            try:
                manifests[file.stem] = known or _read_manifest(file)
            except (OSError, msgspec.DecodeError, ValueError) as error:
                problems.append(f"{file} is not a manifest: {error}")
            self._ids.seen(file.stem)
        self._manifests, self.problems, self._seen = manifests, tuple(problems), seen

    def _manifest_file(self, snapshot_id: str) -> Path:
        return self.folder / "manifests" / f"{snapshot_id}.json"

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One writer at a time, other processes included."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._writing, (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The folder's time is too coarse to tell a manifest that another process has just written.
            self._refresh(surely=True)
            yield

    # ---- putting files back

    def _swap_all(self, wanted: dict[str, FileEntry], contents: dict[str, bytes], before: Manifest) -> None:
        done: list[str] = []
        try:
            for name, entry in wanted.items():
                self._swap(name, _digest_in(before, name), contents[name], entry.mode)
                done.append(name)
        except (OSError, FileMoved):
            self._undo(done, wanted, before)
            raise

    def _swap(self, name: str, expected: str, data: bytes, mode: int) -> None:
        path = self._inside(name)
        found = file_digest(path)
        if found != expected:
            raise FileMoved(path, expected, found)
        atomic_write(path, data, mode=mode)

    def _undo(self, done: list[str], wanted: dict[str, FileEntry], before: Manifest) -> None:
        """Put back what was there, but only where it is still what the restore wrote."""
        for name in done:
            path, old = self._inside(name), before.files.get(name)
            if file_digest(path) != wanted[name].digest:
                continue
            if old is None:
                path.unlink()
            else:
                atomic_write(path, self._objects.read(old.digest), mode=old.mode)

    def _inside(self, name: str) -> Path:
        """The path of a name in a manifest; a manifest is a file, so it is not trusted to stay inside."""
        path = self.root / name
        if not is_kept(name) or not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise SnapshotDamaged(self.folder, f"it names {name}, which is not a file that snapshots keep")
        return path


def _read_manifest(file: Path) -> Manifest:
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    if manifest.id != file.stem:
        raise ValueError(f"it says that it is {manifest.id}")
    return manifest


def _digest_in(manifest: Manifest, name: str) -> str:
    entry = manifest.files.get(name)
    return entry.digest if entry else ""


def _digest_of(found: Found | None) -> str:
    return digest(found.data) if found else ""


def _diff(name: str, before: bytes | None, after: bytes | None) -> str:
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return f"Binary file {name} differs\n"
    first = "/dev/null" if before is None else f"a/{name}"
    last = "/dev/null" if after is None else f"b/{name}"
    lines = unified_diff(old, new, first, last)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes | None) -> list[str] | None:
    try:
        return [line for line in _AFTER_NEWLINE.split((data or b"").decode()) if line]
    except UnicodeDecodeError:
        return None


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work)
