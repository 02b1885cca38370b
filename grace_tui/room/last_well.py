"""When each kernel was last seen running, over restarts of the room: what its evidence compares files with."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write


class LastWell:
    """Noted once a second, saved now and then; a room that is killed loses what came since. Read from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._times = self._read()
        self._saved = dict(self._times)

    def note(self, kernels: Iterable[str], at: float) -> None:
        """These run at this wall-clock time."""
        self._times.update(dict.fromkeys(kernels, at))

    def at(self, kernel: str) -> float | None:
        return self._times.get(kernel)

    def save(self) -> None:
        if self._times != self._saved:
            atomic_write(self.path, msgspec.json.encode(self._times), mode=0o600, durable=False)
            self._saved = dict(self._times)

    def _read(self) -> dict[str, float]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.DecodeError):
            return {}
