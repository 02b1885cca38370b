"""One screen: an App run over a channel until it is left, lost, closed or crashed. Owned by the screen host."""

import asyncio
import contextvars
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal, cast

from textual.app import App
from textual.driver import Driver

from grace_tui.faces.remote import private
from grace_tui.faces.remote.channel import Channel, ChannelInfo
from grace_tui.faces.remote.streamdriver import StreamDriver

EndReason = Literal["left", "lost", "closed", "crashed"]
"""The user left; the peer or its terminal vanished; the room closed it; the App died of an error."""

MakeApp = Callable[[ChannelInfo, type[Driver]], App[Any]]
"""Builds the App of one screen; it must hand the driver class to the App's constructor."""

CrashSink = Callable[[ChannelInfo, str], None]
"""Told whose screen crashed, and the traceback, without values of locals."""

CLOSED: Final = "the room was closed"
_PATIENCE: Final = 3
"""Deadlines that an App which was told to end may miss before it is abandoned."""
_LEFT: Final = "left the room, which goes on"


class Screen:
    def __init__(self, channel: Channel, make_app: MakeApp, on_crash: CrashSink, deadline: float) -> None:
        self.channel = channel
        self._make_app, self._on_crash, self._deadline = make_app, on_crash, deadline
        self._app: App[Any] | None = None
        self._asked_to_end = asyncio.Event()
        self._closing_text = ""

    async def run(self) -> EndReason:
        """Run to the end. Whatever the App does, this returns within the deadlines once the end was asked for."""
        self.channel.on_lost = self._asked_to_end.set
        if self.channel.closed:
            return "lost"
        crash = None if self._asked_to_end.is_set() else await self._run_app()
        reason, text = self._ending(crash)
        if crash is not None:
            self._on_crash(self.channel.info, _plain_traceback(crash))
        self.channel.on_lost = None
        await self.channel.finish(reason, text)
        return reason

    def close(self, text: str) -> None:
        """Ask the App to end; the peer is told `text`."""
        self._closing_text = self._closing_text or text
        self._asked_to_end.set()

    async def _run_app(self) -> BaseException | None:
        # An empty context: a screen inherits no active App, nor the supervisor's, from whoever attached it.
        loop = asyncio.get_running_loop()
        running = loop.create_task(self._build_and_run(), context=contextvars.Context(), name="screen")
        asked = loop.create_task(self._asked_to_end.wait())
        try:
            await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                await self._end(running)
        finally:
            asked.cancel()
            running.cancel()
            self._app = self.channel.listener = None
            private.forget()
        if not running.done():
            waited = _PATIENCE * self._deadline
            return TimeoutError(f"the App went on {waited:g} s after it was told to end; it was abandoned")
        return None if running.cancelled() else running.result()

    async def _build_and_run(self) -> BaseException | None:
        try:
            driver_class = cast(type[Driver], partial(StreamDriver, channel=self.channel))
            self._app = app = self._make_app(self.channel.info, driver_class)
            private.prepare(app)
            await app.run_async(size=self.channel.size)
        except (Exception, SystemExit) as error:  # the crash boundary of a screen: SystemExit would end the whole loop
            return error
        return private.crash_of(app)

    async def _end(self, running: asyncio.Task[Any]) -> None:
        """Ask, then cancel what is stuck, twice: what one handler awaits may be stuck as well."""
        if self._app is not None:
            self._app.exit()
        for _ in range(_PATIENCE - 1):
            if (await asyncio.wait({running}, timeout=self._deadline))[0]:
                return
            if self._app is None:
                running.cancel()
            else:
                private.cancel_stuck(self._app, running)
        await asyncio.wait({running}, timeout=self._deadline)

    def _ending(self, crash: BaseException | None) -> tuple[EndReason, str]:
        if crash is not None:
            # The message of an error may hold anything; its type is enough for a line on a terminal.
            return "crashed", f"this screen crashed ({type(crash).__name__}); the room goes on"
        if self.channel.closed:
            return "lost", ""
        if self._closing_text:
            return "closed", self._closing_text
        return "left", _LEFT


def _plain_traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
