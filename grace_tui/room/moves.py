"""Which kernels were moved to a process of their own for holding the loop: kept in `.grace/`, over loops and rooms.

A move is forgotten when the kernel's file changes: another version deserves another chance.
"""

import time
from pathlib import Path

import msgspec

from grace_tui.disk import atomic_write, file_digest


class Move(msgspec.Struct, frozen=True):
    reason: str
    digest: str
    """Of the kernel's file when it was moved."""
    at: float
    """Wall-clock seconds since the epoch."""


class Moves:
    """One that cannot be read is started afresh."""

    def __init__(self, path: Path, kernels: Path) -> None:
        self.path, self.kernels = path, kernels
        self._moves = self._read()

    def add(self, name: str, reason: str) -> None:
        """From its next start on, a kernel lives in a process."""
        self._moves[name] = Move(reason, self._digest(name), time.time())
        self._write()

    def remove(self, name: str) -> None:
        """From its next start on, a kernel lives where its spec says."""
        if self._moves.pop(name, None) is not None:
            self._write()

    def reason(self, name: str) -> str:
        """Why a kernel was moved; empty where it was not, or has changed since."""
        move = self._moves.get(name)
        if move is None:
            return ""
        if move.digest != self._digest(name):
            del self._moves[name]
            self._write()
            return ""
        return move.reason

    def _digest(self, name: str) -> str:
        """Empty where there is no file now."""
        for path in (self.kernels / f"{name}.py", self.kernels / name / "__init__.py"):
            if path.is_file():
                return file_digest(path)
        return ""

    def _write(self) -> None:
        atomic_write(self.path, msgspec.json.encode(self._moves), mode=0o600, durable=False)

    def _read(self) -> dict[str, Move]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Move])
        except (OSError, msgspec.DecodeError):
            return {}
