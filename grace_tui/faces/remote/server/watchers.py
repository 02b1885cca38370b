"""Streams the room's views to whoever watches: coalesced, at most ten a second, encoded once for all."""

import asyncio
from typing import Final, Protocol

import msgspec

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.server.wire import end_frame
from grace_tui.faces.views import RoomView

INTERVAL: Final = 0.1
"""Seconds between two views."""


class Watcher(Protocol):
    def show(self, view: bytes) -> None:
        """Send a frame that holds a view, unless the peer is slow; then the next one will do."""


class Watchers:
    """Keeps the latest view only, so that a slow peer costs nothing and is never behind by more than one."""

    def __init__(self) -> None:
        self._watching: set[Watcher] = set()
        self._latest: RoomView | None = None
        self._due: asyncio.TimerHandle | None = None
        self._next_at = 0.0

    @property
    def count(self) -> int:
        return len(self._watching)

    def add(self, watcher: Watcher) -> None:
        """Watch from now on; the view that is there is shown at once."""
        self._watching.add(watcher)
        if self._latest is not None:
            watcher.show(_frame(self._latest))

    def remove(self, watcher: Watcher) -> None:
        self._watching.discard(watcher)

    def publish(self, view: RoomView) -> None:
        self._latest = view
        if self._watching and self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_at(max(self._next_at, loop.time()), self._show)

    def close(self) -> None:
        self._watching.clear()
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _show(self) -> None:
        self._due = None
        self._next_at = asyncio.get_running_loop().time() + INTERVAL
        if self._latest is None or not self._watching:
            return
        view = _frame(self._latest)
        for watcher in tuple(self._watching):
            watcher.show(view)


def _frame(view: RoomView) -> bytes:
    body = msgspec.json.encode(view)
    if len(body) > frames.LIMIT:
        return end_frame("refused", f"the view has {len(body)} bytes; {frames.LIMIT} fit into a frame")
    return frames.frame(frames.VIEW, body)
