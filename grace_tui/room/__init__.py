"""The room: the composition root, and the ways to open one."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grace_tui.room.opening import open_in_terminal, serve_detached

__all__ = ["open_in_terminal", "serve_detached"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import the faces when a room is opened: the processes of its kernels live without them."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.opening"), name)
