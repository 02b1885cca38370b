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
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TypeVar

import anyio.to_thread

from grace_tui.disk import FileMoved, atomic_write, digest, file_digest
from grace_tui.healing.kept_files import Found, is_kept, scan
from grace_tui.healing.manifests import FileEntry, Manifest, Manifests, SnapshotMissing
from grace_tui.healing.objects import Objects, SnapshotDamaged
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import SnapshotRecord
from grace_tui.kernel.redact import redact

T = TypeVar("T")
Fits = Callable[[bytes], bool]
"""Whether the content of a copy is what somebody looks for."""
_AFTER_NEWLINE = re.compile(r"(?<=\n)")


@dataclass(frozen=True, slots=True)
class Older:
    """What came of a look for an older copy of a file."""

    snapshot: SnapshotRecord | None
    looked_at: int
    """Copies with another content that were looked at."""


class Snapshots:
    def __init__(self, root: Path, folder: Path, clock: Clock) -> None:
        self.root, self.folder, self.clock = root, folder, clock
        self.manifests = Manifests(folder / "manifests")
        self._objects = Objects(folder / "objects")
        self._writing = threading.Lock()

    @property
    def problems(self) -> tuple[str, ...]:
        """Manifests that could not be read, and why."""
        return self.manifests.problems

    # ---- on the loop

    async def take(self, reason: str) -> SnapshotRecord:
        return await _in_thread(lambda: self.take_now(reason))

    async def changed_since(self, snapshot_id: str) -> tuple[str, ...]:
        return await _in_thread(lambda: self.changed_since_now(snapshot_id))

    async def restore(
        self, snapshot_id: str, paths: Sequence[str] = (), *, expected: Mapping[str, str] | None = None
    ) -> tuple[str, ...]:
        return await _in_thread(lambda: self.restore_now(snapshot_id, paths, expected=expected))

    async def older(self, path: str, found: str, before: float, fits: Fits) -> Older:
        """Look for the newest snapshot from before a moment in which a file is there, differs from `found` and fits."""
        return await _in_thread(lambda: self._older(path, found, before, fits))

    async def digest_in(self, snapshot_id: str, path: str) -> str:
        """What a file was in a snapshot; empty where it was not there."""
        return await _in_thread(lambda: self.manifests.get(snapshot_id).digest_of(path))

    async def prune(self, keep: int) -> tuple[str, ...]:
        return await _in_thread(lambda: self.prune_now(keep))

    def all(self) -> tuple[SnapshotRecord, ...]:
        """Newest first."""
        return tuple(manifest.record for manifest in self.manifests.newest_first())

    # ---- the same, where there is no loop

    def take_now(self, reason: str) -> SnapshotRecord:
        """Keep every file of the workspace's own as it is."""
        with self._exclusive():
            return self._take(reason).record

    def changed_since_now(self, snapshot_id: str) -> tuple[str, ...]:
        """Files that differ from that snapshot, relative to the root: changed, new and gone."""
        manifest = self.manifests.get(snapshot_id)
        now, _ = scan(self.root)
        names = sorted(manifest.files.keys() | now.keys())
        return tuple(name for name in names if manifest.digest_of(name) != _digest_of(now.get(name)))

    def diff(self, snapshot_id: str) -> str:
        """The unified diff from that snapshot to the files as they are; for people, so redacted.

        It reads every file: not for the loop.
        """
        manifest = self.manifests.get(snapshot_id)
        now, _ = scan(self.root)
        parts = []
        for name in sorted(manifest.files.keys() | now.keys()):
            entry, found = manifest.files.get(name), now.get(name)
            if manifest.digest_of(name) != _digest_of(found):
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
            manifest = self.manifests.get(snapshot_id)
            for path in paths:
                if path not in manifest.files:
                    raise SnapshotMissing(snapshot_id, path)
            before = self._take(f"before restoring {snapshot_id}")
            for name, digest_ in (expected or {}).items():
                if (found := before.digest_of(name)) != digest_:
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
            manifests = self.manifests.newest_first()
            gone, kept = manifests[keep:], manifests[:keep]
            self.manifests.forget(gone)
            # A manifest that cannot be read today may be mended tomorrow: its objects are not known to be garbage.
            if not self.problems:
                needed = {entry.digest for manifest in kept for entry in manifest.files.values()}
                self._objects.delete_all_but(needed)
            return tuple(manifest.id for manifest in gone)

    def _take(self, reason: str) -> Manifest:
        found, skipped = scan(self.root)
        added = sum(self._objects.keep(file.data) for file in found.values())
        at = self.clock.time()
        manifest = Manifest(
            id=self.manifests.new_id(at),
            at=at,
            reason=reason,
            files={name: FileEntry(digest(file.data), len(file.data), file.mode) for name, file in found.items()},
            bytes=added,
            skipped=skipped,
        )
        self.manifests.keep(manifest)
        return manifest

    def _older(self, path: str, found: str, before: float, fits: Fits) -> Older:
        judged = {found: False}
        for manifest in self.manifests.newest_first():
            name = manifest.digest_of(path)
            if manifest.at >= before or not name:
                continue
            if name not in judged:
                judged[name] = self._fits(name, fits)
            if judged[name]:
                return Older(manifest.record, len(judged) - 1)
        return Older(None, len(judged) - 1)

    def _fits(self, name: str, fits: Fits) -> bool:
        try:
            return fits(self._objects.read(name))
        except SnapshotDamaged:  # a copy that cannot be read is none
            return False

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """One writer at a time, other processes included."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._writing, (self.folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # The folder's time is too coarse to tell a manifest that another process has just written.
            self.manifests.refresh(surely=True)
            yield

    # ---- putting files back

    def _swap_all(self, wanted: dict[str, FileEntry], contents: dict[str, bytes], before: Manifest) -> None:
        done: list[str] = []
        try:
            for name, entry in wanted.items():
                self._swap(name, before.digest_of(name), contents[name], entry.mode)
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
