"""How every part of the project writes a file: whole or not at all. Standard library only; below every layer."""

import hashlib
import os
import tempfile
from pathlib import Path


class FileMoved(Exception):
    """A file was not what the writer expected, so nothing was written."""

    def __init__(self, path: Path, expected: str, found: str) -> None:
        super().__init__(
            f"{path} changed meanwhile: expected {expected[:12] or 'no file'}, found {found[:12] or 'no file'}"
        )
        self.path, self.expected, self.found = path, expected, found


def digest(data: bytes) -> str:
    """SHA-256 as hex."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file as hex; empty where there is no file."""
    try:
        return digest(path.read_bytes())
    except FileNotFoundError:
        return ""


def atomic_write(path: Path, data: bytes, *, mode: int | None = None, durable: bool = True) -> None:
    """Replace `path` by `data` in one step, keeping its permissions and owner; `durable` waits for the disk.

    A reader sees the old file or the new one; a crash leaves one of the two, and perhaps a `.grace-*` file beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode is None:
        mode = _mode_of(path)
    handle, name = tempfile.mkstemp(prefix=".grace-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            _keep_owner(path, file.fileno())
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def swap_file(path: Path, expected: str, data: bytes) -> None:
    """Replace `path` by `data` if its content still has the digest `expected` (empty: no file).

    Raises:
        FileMoved: it has another; nothing was written.
    """
    found = file_digest(path)
    if found != expected:
        raise FileMoved(path, expected, found)
    atomic_write(path, data)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _keep_owner(path: Path, handle: int) -> None:
    """Only root may give files away; anyone else's new files are their own."""
    if os.geteuid() == 0 and path.exists():
        owner = path.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
