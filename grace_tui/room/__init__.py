"""The room: the composition root, and the ways to open one."""

from grace_tui.room.opening import open_in_terminal, serve_detached

__all__ = ["open_in_terminal", "serve_detached"]
