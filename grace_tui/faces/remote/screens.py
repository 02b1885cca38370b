"""The host of all screens of this process. Opened by the room on the main loop; used by the local terminal,
the socket server and SSH, each of which brings channels.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from grace_tui.faces.remote.channel import Channel
from grace_tui.faces.remote.screen import CLOSED, CrashSink, EndReason, MakeApp, Screen
from grace_tui.faces.remote.stdio import PrintSink, printing_to

DEADLINE: Final = 2.0
"""Seconds that an App has for each step of being ended: asked, cancelled, cancelled inside."""


class ScreenHost:
    """Starts one App for each channel and sees each through to its end.

    Its tasks never raise, and `close_all` awaits them. A task group would wrap whatever its opener raises into a group.
    """

    def __init__(self, make_app: MakeApp, on_crash: CrashSink, deadline: float) -> None:
        self._make_app, self._on_crash, self._deadline = make_app, on_crash, deadline
        self._screens: dict[Screen, asyncio.Task[EndReason]] = {}
        self._closed = False

    @property
    def count(self) -> int:
        """Screens that are open now."""
        return len(self._screens)

    def start(self, channel: Channel) -> asyncio.Task[EndReason]:
        """Open a screen on `channel`; the task tells why it ended and never raises."""
        screen = Screen(channel, self._make_app, self._on_crash, self._deadline)
        if self._closed:
            screen.close(CLOSED)
        name = f"screen of {channel.info.peer or channel.info.kind}"
        task = asyncio.get_running_loop().create_task(screen.run(), name=name)
        self._screens[screen] = task
        task.add_done_callback(lambda _: self._screens.pop(screen, None))
        return task

    def close(self, channel: Channel, text: str = CLOSED) -> None:
        """Ask the screen on `channel` to end, telling the peer `text`."""
        for screen in self._screens:
            if screen.channel is channel:
                screen.close(text)

    async def close_all(self, text: str = CLOSED) -> None:
        """End every screen, telling each peer `text`. Returns when all have ended; later ones are closed at once."""
        self._closed = True
        for screen in self._screens:
            screen.close(text)
        if tasks := set(self._screens.values()):
            await asyncio.wait(tasks)


@asynccontextmanager
async def open_screens(
    make_app: MakeApp, *, on_crash: CrashSink, on_print: PrintSink, deadline: float = DEADLINE
) -> AsyncIterator[ScreenHost]:
    """A host of screens on the running loop; while it is open, what this process prints goes to `on_print`."""
    with printing_to(on_print):
        host = ScreenHost(make_app, on_crash, deadline)
        try:
            yield host
        finally:
            await host.close_all()
