"""Where the newest view of the room lies: put by the supervisor's thread, read by every screen. Outlives a room.

While the supervisor's loop is held it makes no views; then the guard's thread says so on the last one.
"""

import itertools
import threading
import time
from collections.abc import Callable

import msgspec

from grace_tui.faces.views import RoomView


class ViewHub:
    """ViewFeed of the screens; any thread. A listener only notes that something changed, it never draws."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view: RoomView | None = None
        self._listeners: list[Callable[[], None]] = []
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """The sequence number of the next view, over all rooms that put views here."""
        return next(self._numbers)

    def latest(self) -> RoomView | None:
        return self._view

    def put(self, view: RoomView) -> None:
        with self._lock:
            self._view = view
        self._tell()

    def stall(self, text: str, seconds: float) -> None:
        """Show on the newest view what has held the loop for so long."""
        self._change(stall=text, loop_lag_ms=round(seconds * 1000, 2))

    def turns_again(self) -> None:
        """Show that nothing holds the loop any more, where no newer view has."""
        if self._view is not None and self._view.stall:
            self._change(stall="")

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change, from the thread that made it; returns the way to stop it."""
        with self._lock:
            self._listeners.append(callback)

        def unlisten() -> None:
            with self._lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return unlisten

    def _change(self, **fields: object) -> None:
        with self._lock:
            if self._view is None:
                return
            self._view = msgspec.structs.replace(self._view, sequence=self.number(), at=time.time(), **fields)
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
