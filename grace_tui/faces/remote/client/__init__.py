"""The other end of the room's socket: attach a terminal, ask for verbs, watch. Used by the CLI; stdlib only."""

from grace_tui.faces.remote.client.attach import attach
from grace_tui.faces.remote.client.dial import ConnectionLost, NoRoom, Refused
from grace_tui.faces.remote.client.requests import request, watch

__all__ = ["ConnectionLost", "NoRoom", "Refused", "attach", "request", "watch"]
