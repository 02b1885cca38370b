"""`attach`: shows an open room on this terminal, until either side ends it. Called by the command line; stdlib only."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from grace_tui.faces.remote.client.dial import dial
from grace_tui.faces.remote.client.pump import Pump
from grace_tui.faces.remote.terminal import LEAVE, RawTerminal

_WAKING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGWINCH)
_IGNORED: Final = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def attach(path: Path, read_only: bool = False, terminal: str | None = None) -> int:
    """Show the room at `path` on this terminal until the detach key, Ctrl-\\, or until either side ends.

    The terminal is always given back as it was; one line on stderr says why it ended. Runs on the main thread.

    Returns:
        0 when detached, left, or closed by the room; 1 when the room, the connection or the terminal was lost.

    Raises:
        NoRoom: no room is open there.
        GraceError: there is no terminal to show it on.
    """
    with dial(path) as line:
        raw = RawTerminal(terminal)
        pump = Pump(line, raw)
        with _signals() as woken:
            try:
                raw.start()
                pump.greet(read_only)
                end = pump.run(woken)
            finally:
                raw.restore(LEAVE if pump.on_screen else b"")
    with suppress(OSError):
        print(f"[{end.text}]", file=sys.stderr, flush=True)
    return end.code


@contextmanager
def _signals() -> Iterator[int]:
    """A descriptor from which the numbers of arriving signals are read, instead of what they would do."""
    reader, writer = os.pipe()
    for descriptor in (reader, writer):
        os.set_blocking(descriptor, False)
    before = {number: signal.signal(number, lambda *_: None) for number in _WAKING}
    before |= {number: signal.signal(number, signal.SIG_IGN) for number in _IGNORED}
    woken = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)
