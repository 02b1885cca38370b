"""Screens over byte channels: the local terminal, the room's Unix socket, and the clients at its other end."""
