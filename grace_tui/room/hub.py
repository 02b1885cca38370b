"""Where the newest view of the room lies: put by the supervisor's thread, read by every screen. Outlives a room."""

import threading
from collections.abc import Callable

from grace_tui.faces.views import RoomView


class ViewHub:
    """ViewFeed of the screens; any thread. A listener only notes that something changed, it never draws."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._view: RoomView | None = None
        self._listeners: list[Callable[[], None]] = []

    def latest(self) -> RoomView | None:
        return self._view

    def put(self, view: RoomView) -> None:
        self._view = view
        for listener in tuple(self._listeners):
            listener()

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change, from the supervisor's thread; returns the way to stop it."""
        with self._lock:
            self._listeners.append(callback)

        def unlisten() -> None:
            with self._lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return unlisten
