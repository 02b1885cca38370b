"""What a screen needs from the room: the newest view, word of a change, and a way to ask. No Textual here."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from grace_tui.faces.views import RoomView

Ask = Callable[[str, Mapping[str, object]], Awaitable[Mapping[str, object]]]
"""(verb, arguments) -> a plain answer with at least `ok: bool` and `text: str`."""


class ViewFeed(Protocol):
    def latest(self) -> RoomView | None:
        """The newest view; None before the first one is made."""

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after changes, from another thread, at most ten times a second; returns how to stop it."""
