"""The history of a workspace's own files by the room's snapshots."""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path

from grace_tui.disk import digest
from grace_tui.healing.manifests import Manifest, Manifests
from grace_tui.healing.objects import Objects, SnapshotDamaged
from grace_tui.healing.repair.history.history import Change, Changed, Version
from grace_tui.healing.repair.history.kinship import pair_moved
from grace_tui.healing.repair.history.recent import Recent
from grace_tui.healing.repair.sources import decode

SNAPSHOTS = 30
"""How many snapshots back the changes go."""


class SnapshotHistory(Recent):
    """Of the snapshots in `folder`; `files` are the sources as they are."""

    def __init__(self, root: Path, folder: Path, files: Sequence[str]) -> None:
        self.root, self.files = root, files
        self._manifests = Manifests(folder / "manifests")
        self._objects = Objects(folder / "objects")

    @cached_property
    def changes(self) -> Sequence[Change]:
        kept = list(self._manifests.newest_first()[:SNAPSHOTS])
        if not kept:
            return ()
        states = [self._now(kept), *(self._state(manifest) for manifest in kept)]
        found = []
        for (after, before), manifest in zip(pairwise(states), kept, strict=True):
            if files := _changed(before, after):
                found.append(Change(manifest.id, manifest.at, f"what changed since snapshot {manifest.id}", files))
        return found

    def _state(self, manifest: Manifest) -> dict[str, tuple[str, Version]]:
        return {
            path: (entry.digest, Version(manifest.id, manifest.at, path, partial(self._read, entry.digest)))
            for path, entry in manifest.files.items()
            if path.endswith(".py")
        }

    def _now(self, kept: Sequence[Manifest]) -> dict[str, tuple[str, Version]]:
        """The sources as they are, of the folders that snapshots keep."""
        folders = {path.partition("/")[0] for manifest in kept for path in manifest.files}
        data = {path: (self.root / path).read_bytes() for path in self.files if path.partition("/")[0] in folders}
        return {path: (digest(found), Version("", 0.0, path, partial(decode, found))) for path, found in data.items()}

    def _read(self, name: str) -> str:
        try:
            return decode(self._objects.read(name))
        except SnapshotDamaged:  # a copy that cannot be read tells nothing
            return ""


def _changed(
    before: Mapping[str, tuple[str, Version]], after: Mapping[str, tuple[str, Version]]
) -> tuple[Changed, ...]:
    gone = {path: version for path, (_, version) in before.items() if path not in after}
    made = {path: version for path, (_, version) in after.items() if path not in before}
    moved = pair_moved(
        {path: version.text for path, version in gone.items()}, {path: version.text for path, version in made.items()}
    )
    stayed = [path for path in before if path in after]
    both = [Changed(before[path][1], after[path][1]) for path in stayed if before[path][0] != after[path][0]]
    both += [Changed(gone[moved[path]] if path in moved else None, version) for path, version in made.items()]
    return (*both, *(Changed(version, None) for path, version in gone.items() if path not in moved.values()))
