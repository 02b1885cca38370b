"""The local screen: one App on the terminal of this process. Run by the room on the main thread."""

import asyncio
import os

from grace_tui.faces.remote.console import ConsoleChannel
from grace_tui.faces.remote.screen import EndReason
from grace_tui.faces.remote.screens import ScreenHost
from grace_tui.faces.remote.terminal import RawTerminal


async def run_local(screens: ScreenHost, terminal: str | None = None) -> EndReason:
    """Show a screen on this process's terminal (or the one at `terminal`) until it ends; tells why it did.

    When the terminal vanishes, "lost" is returned and descriptors 0 to 2 that led to it lead to /dev/null from then
    on, so that nothing ever blocks or fails on it. The room decides what follows; the screens of others go on.

    Raises:
        GraceError: this process has no terminal.
    """
    led_there = [descriptor for descriptor in (0, 1, 2) if os.isatty(descriptor)]
    channel = ConsoleChannel(RawTerminal(terminal))
    channel.open()
    try:
        # Shielded: when the caller is cancelled, the screen still ends in its own order.
        reason = await asyncio.shield(screens.start(channel))
    finally:
        channel.abandon()
    if reason == "lost":
        _forget(led_there)
    return reason


def _forget(descriptors: list[int]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor)
    os.close(null)
