"""Reaches an open room. Stdlib only: the verbs that use it must start fast."""

import socket
from pathlib import Path
from typing import Final

from grace_tui.faces.remote.address import short_name
from grace_tui.kernel.errors import GraceError

CONNECT_SECONDS: Final = 5.0


class NoRoom(GraceError):
    """No room is open there; the command line exits with 3."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no room is open at {path}; `grace-tui up` opens one")
        self.path = path


class Refused(GraceError):
    """The room did not let this client in, or broke off with it; the text is the room's."""


class ConnectionLost(GraceError):
    """The room vanished without a word."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"the connection to the room at {path} was lost")
        self.path = path


def dial(path: Path, timeout: float = CONNECT_SECONDS) -> socket.socket:
    """A connected socket.

    Raises:
        NoRoom: there is no socket, or nobody listens at it.
    """
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(timeout)
    try:
        with short_name(path) as name:
            line.connect(name)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
        line.close()
        raise NoRoom(path) from error
    except PermissionError as error:
        line.close()
        raise Refused(f"{path} belongs to another user") from error
    except (TimeoutError, BlockingIOError) as error:
        line.close()
        raise Refused(f"the room at {path} is too busy to answer") from error
    except BaseException:
        line.close()
        raise
    return line
