"""The kernels that ever ran in a workspace: what lets a missing file be noticed."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write


class KnownKernels:
    """Names on disk, grown as kernels reach RUNNING. One that cannot be read is started afresh."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = self._read()

    def note(self, names: Iterable[str]) -> None:
        """Remember these names."""
        grown = self.names | set(names)
        if grown != self.names:
            self.names = grown
            atomic_write(self.path, msgspec.json.encode(sorted(grown)), mode=0o600, durable=False)

    def forget(self, name: str) -> None:
        """A kernel was taken out on purpose."""
        if name in self.names:
            self.names = self.names - {name}
            atomic_write(self.path, msgspec.json.encode(sorted(self.names)), mode=0o600, durable=False)

    def _read(self) -> frozenset[str]:
        try:
            return frozenset(msgspec.json.decode(self.path.read_bytes(), type=list[str]))
        except (OSError, msgspec.DecodeError):
            return frozenset()
