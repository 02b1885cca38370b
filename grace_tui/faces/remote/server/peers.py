"""Who is at the other end of a Unix socket. Asked once by each new connection."""

import os
import socket
import struct
from dataclasses import dataclass
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Peer:
    uid: int
    pid: int

    def __str__(self) -> str:
        return f"uid {self.uid}, pid {self.pid}"


def peer_of(connection: socket.socket) -> Peer:
    """The process that connected, by the word of the kernel.

    Where the system does not tell, only this user could enter the socket's folder.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return Peer(os.geteuid(), 0)
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size))
    return Peer(uid, pid)
