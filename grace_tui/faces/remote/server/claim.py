"""Makes a socket this room's own: one room a workspace, nobody else's eyes. Called when the server opens."""

import fcntl
import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grace_tui.faces.remote.address import short_name
from grace_tui.kernel.errors import GraceError


class RoomIsOpen(GraceError):
    """Another process serves this workspace."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"a room is already open at {path}; `grace-tui attach` joins it")
        self.path = path


@dataclass(frozen=True, slots=True)
class Claim:
    path: Path
    listener: socket.socket
    lock: int
    """Descriptor of a locked file. The lock dies with the process, however it dies; the socket's file does not."""

    def release(self) -> None:
        self.path.unlink(missing_ok=True)
        self.listener.close()
        os.close(self.lock)


def claim(path: Path) -> Claim:
    """Bind the socket at `path`, in a folder that only this user may enter. What a dead room left is replaced.

    Raises:
        RoomIsOpen: a living room has it.
        GraceError: the folder belongs to somebody else, or the path is too long for this system.
    """
    _own_folder(path.parent)
    lock = _lock(path)
    try:
        return Claim(path, _bind(path), lock)
    except BaseException:
        os.close(lock)
        raise


def _own_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise GraceError(f"{folder} belongs to uid {found.st_uid}; this room is uid {os.geteuid()}'s")
    if found.st_mode & stat.S_ISVTX:
        raise GraceError(f"{folder} is shared; a room's socket needs a folder of its own")
    folder.chmod(0o700)


def _lock(path: Path) -> int:
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise RoomIsOpen(path) from error
    except OSError:
        os.close(lock)
        raise
    return lock


def _bind(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        with short_name(path) as name:
            _remove_stale(path, name)
            listener.bind(name)
        path.chmod(0o600)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path, name: str) -> None:
    """Remove the socket of a dead room. One that answers is left alone even without a lock: it may be inherited."""
    if path.exists() and not path.is_socket():
        raise GraceError(f"{path} is no socket; move it away to open a room here")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            with suppress(FileNotFoundError):
                path.unlink()
            return
        except (TimeoutError, BlockingIOError):  # a full backlog: somebody listens, however slowly
            pass
    raise RoomIsOpen(path)
