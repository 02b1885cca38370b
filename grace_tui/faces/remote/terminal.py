"""A real terminal: what it can show, how it is entered, and how it is always given back. Stdlib only.

Used by the local screen and by the attaching client, each of which owns one `RawTerminal`.
"""

import atexit
import os
import select
import termios
import time
import tty
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from grace_tui.kernel.errors import GraceError

ALTERNATE_ON: Final = b"\x1b[?1049h"
ALTERNATE_OFF: Final = b"\x1b[?1049l"

# CAN ends a control sequence that was cut in the middle. The clearing comes before the alternate screen is left:
# otherwise tmux shows remnants of it after a resize. The kitty stack belongs to the screen, so it is popped there too.
LEAVE: Final = (
    b"\x18\x1b[?2026l\x1b[0m\x1b[2J\x1b[999;1H\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l"
    b"\x1b]22;default\x07\x1b[<u" + ALTERNATE_OFF + b"\x1b[?25h\x1b[0m"
)

_DISAMBIGUATE, _ALL_KEYS, _ASSOCIATED_TEXT = 0b1, 0b1000, 0b10000
_FLUSH_SECONDS: Final = 0.5


def enter(*, mouse: bool, kitty: bool, ask_synchronised: bool) -> str:
    """What turns a terminal into a screen."""
    parts = ["\x1b[?1049h\x1b[?25l\x1b[?1004h"]
    if mouse:
        parts.append("\x1b[?1000h\x1b[?1003h\x1b[?1006h")
    if kitty:
        parts.append(f"\x1b[>{_DISAMBIGUATE | _ALL_KEYS | _ASSOCIATED_TEXT}u")
    parts.append("\x1b[?2004h\x1b[?7l")
    if ask_synchronised:
        parts.append("\x1b[?2026$p")
    return "".join(parts)


def color_of(environ: Mapping[str, str]) -> str:
    """How many colours a terminal with this environment shows: truecolor, 256, 16 or none."""
    term = environ.get("TERM", "")
    if term in ("", "dumb") or environ.get("NO_COLOR"):
        return "none"
    if environ.get("COLORTERM") in ("truecolor", "24bit") or "direct" in term:
        return "truecolor"
    return "256" if "256" in term or term.startswith(("xterm", "tmux", "screen")) else "16"


class RawTerminal:
    """A freshly opened terminal in raw mode until `restore`.

    It is opened afresh because the non-blocking flag of an inherited descriptor is shared with the user's shell.
    """

    def __init__(self, path: str | None = None) -> None:
        """Open the terminal at `path`, or the one this process belongs to.

        Raises:
            GraceError: there is none.
        """
        self.path = path or "/dev/tty"
        self.fd = _open(path)
        if not os.isatty(self.fd):
            os.close(self.fd)
            raise GraceError(f"{path} is no terminal")
        self._before: list[Any] | None = None

    def start(self) -> None:
        """Raw mode: Ctrl-Z, Ctrl-C and Ctrl-\\ become bytes. What was typed ahead is kept."""
        self._before = termios.tcgetattr(self.fd)
        atexit.register(self.restore, LEAVE)
        tty.setraw(self.fd, termios.TCSADRAIN)

    def cook(self) -> None:
        """As it was before `start`, for another program; but for Ctrl-C, which would end the room with it."""
        if self._before is not None and self.fd >= 0:
            as_before = [*self._before]
            as_before[3] &= ~termios.ISIG
            termios.tcsetattr(self.fd, termios.TCSADRAIN, as_before)

    def uncook(self) -> None:
        """Raw mode again."""
        if self.fd >= 0:
            tty.setraw(self.fd, termios.TCSADRAIN)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; 80x24 where the terminal does not say."""
        columns, rows = os.get_terminal_size(self.fd)
        return columns or 80, rows or 24

    def put(self, data: bytes, seconds: float = _FLUSH_SECONDS) -> bool:
        """Write all of `data`; false when the terminal is gone or does not take it within `seconds`."""
        deadline = time.monotonic() + seconds
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([], [self.fd], [], left)[1]:
                    return False
            except OSError:
                return False
        return True

    def restore(self, farewell: bytes = b"", seconds: float = _FLUSH_SECONDS) -> None:
        """Say `farewell`, give the terminal back as it was, close it; a second call does nothing."""
        if self.fd < 0:
            return
        atexit.unregister(self.restore)
        self.put(farewell, seconds)
        if self._before is not None:
            # TCSAFLUSH would wait for a terminal that takes nothing. Mouse reports still on their way must
            # not end up as text in the user's shell.
            with suppress(termios.error):
                termios.tcsetattr(self.fd, termios.TCSANOW, self._before)
                termios.tcflush(self.fd, termios.TCIFLUSH)
        os.close(self.fd)
        self.fd = -1


def _open(path: str | None) -> int:
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(path or "/dev/tty", flags)
    except OSError as error:
        if path is None and os.isatty(0):
            return os.open(os.ttyname(0), flags)
        raise GraceError(f"no terminal to show a screen on: {path or '/dev/tty'}: {error.strerror}") from error
