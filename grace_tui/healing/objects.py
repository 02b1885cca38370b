"""Content by its SHA-256, compressed, each kept once: what snapshots are made of. Called in worker threads."""

import zlib
from pathlib import Path

from grace_tui.disk import atomic_write, digest
from grace_tui.kernel.errors import GraceError


class SnapshotDamaged(GraceError):
    """What a snapshot needs is gone, or is not what its name says."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} is damaged: {problem}")
        self.path = path


class Objects:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, data: bytes) -> int:
        """Store content that is not kept yet; returns the bytes that took. A damaged object is written anew."""
        name = digest(data)
        try:
            if self.read(name) == data:
                return 0
        except SnapshotDamaged:
            pass
        packed = zlib.compress(data)
        atomic_write(self.file(name), packed, mode=0o600)
        return len(packed)

    def read(self, name: str) -> bytes:
        """
        Raises:
            SnapshotDamaged: there is no such object, or its content is another.
        """
        file = self.file(name)
        try:
            data = zlib.decompress(file.read_bytes())
        except (OSError, zlib.error) as error:
            raise SnapshotDamaged(file, str(error)) from error
        if digest(data) != name:
            raise SnapshotDamaged(file, "its content is not what its name says")
        return data

    def delete_all_but(self, needed: set[str]) -> None:
        for file in self.folder.glob("??/*"):
            if file.parent.name + file.name not in needed:
                file.unlink()

    def file(self, name: str) -> Path:
        return self.folder / name[:2] / name[2:]
