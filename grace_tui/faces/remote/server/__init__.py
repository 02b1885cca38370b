"""The room's Unix socket: remote screens, commands and watchers. Opened by the room."""

from grace_tui.faces.remote.server.claim import RoomIsOpen
from grace_tui.faces.remote.server.listener import RoomServer, open_server
from grace_tui.faces.remote.server.peers import Peer
from grace_tui.faces.remote.server.wire import Answer, Commands

__all__ = ["Answer", "Commands", "Peer", "RoomIsOpen", "RoomServer", "open_server"]
