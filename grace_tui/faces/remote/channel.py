"""What a transport offers a screen, and what it tells it. Subclassed by the local terminal, the socket, SSH.

Every method runs on the thread of the screens. The stream driver listens while its App runs; the screen that owns
the App is told once when the peer is gone.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

MAX_SIZE: Final = (1000, 400)
"""Columns and rows past which a terminal is taken to be lying."""

_TYPE_AHEAD: Final = 4096


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """Who is looking, through what. The App factory decides by it what the screen may do."""

    kind: str
    """local, socket or ssh."""
    term: str = "xterm-256color"
    color: str = "truecolor"
    """truecolor, 256, 16 or none."""
    read_only: bool = False
    peer: str = ""
    """Who it is, for the audit log: such as `uid 1000, pid 4711`."""
    program: str = ""
    """TERM_PROGRAM of the terminal, where it is known."""


class ChannelListener(Protocol):
    def received(self, data: bytes) -> None:
        """The peer typed."""

    def resized(self, width: int, height: int) -> None:
        """The peer's terminal has another size."""

    def congested(self, yes: bool) -> None:
        """The peer has stopped, or started again, to take what was written."""


class Channel(ABC):
    """A byte channel to one terminal."""

    def __init__(self, info: ChannelInfo, size: tuple[int, int]) -> None:
        self.info = info
        self.size = clamp(*size) or (80, 24)
        self.closed = False
        self.listener: ChannelListener | None = None
        self.on_lost: Callable[[], None] | None = None
        self._congested = False
        self._ahead = bytearray()

    def listen(self, listener: ChannelListener) -> None:
        """Tell `listener` from now on, first of what was typed ahead."""
        self.listener = listener
        ahead, self._ahead = bytes(self._ahead), bytearray()
        if ahead:
            listener.received(ahead)

    @property
    def lends(self) -> bool:
        """Whether the terminal can be handed to another program of this machine for a while."""
        return False

    def lend(self) -> str:
        """Hand it over as it was before the screen, and return its path; empty where it does not lend."""
        return ""

    def take_back(self) -> None:  # noqa: B027 - nothing was handed over where it does not lend
        """Have it for the screen again."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send, or keep until the peer takes it; never blocks. Nothing happens once the channel is closed."""

    @abstractmethod
    def hold(self, yes: bool) -> None:
        """Stop, or go on, reading what the peer types."""

    @abstractmethod
    async def finish(self, reason: str, text: str) -> None:
        """Tell the peer why its screen ended, flush and close, in bounded time. Does nothing when it is gone."""

    # What transports call:

    def tell_received(self, data: bytes) -> None:
        """What is typed before the App is there waits for it."""
        if self.listener is not None:
            self.listener.received(data)
        elif len(self._ahead) < _TYPE_AHEAD:
            self._ahead += data[:_TYPE_AHEAD]

    def tell_resized(self, width: int, height: int) -> None:
        """A terminal that reports no size (which some do for a moment) keeps the one it had."""
        size = clamp(width, height)
        if size is None or size == self.size:
            return
        self.size = size
        if self.listener is not None:
            self.listener.resized(*size)

    def tell_congested(self, yes: bool) -> None:
        if yes == self._congested:
            return
        self._congested = yes
        if self.listener is not None:
            self.listener.congested(yes)

    def tell_lost(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self.on_lost is not None:
            self.on_lost()

    @property
    def is_congested(self) -> bool:
        return self._congested


def clamp(width: int, height: int) -> tuple[int, int] | None:
    """A size that can be drawn; None where a side is nothing."""
    if width < 1 or height < 1:
        return None
    return min(width, MAX_SIZE[0]), min(height, MAX_SIZE[1])
