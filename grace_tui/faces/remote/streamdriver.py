"""A Textual driver that renders one App over a channel; many Apps run in one process, each with its own driver.

Made by the App it belongs to. It takes no signal and touches no terminal of this process.
"""

import asyncio
from contextlib import ExitStack
from typing import Any, Final

from textual import constants, events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message

from grace_tui.faces.remote import terminal
from grace_tui.faces.remote.channel import Channel
from grace_tui.faces.remote.colour import translator
from grace_tui.faces.remote.typed import Typed

TURN: Final = 2048
"""Bytes parsed in one turn of the loop, so that a long paste does not freeze the other screens."""


class StreamDriver(Driver):
    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
        channel: Channel,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=channel.size)
        self.channel = channel
        self._translate = translator(channel.info.color)
        self._out: list[str] = []
        self._flush: asyncio.Handle | None = None
        self._listening = False
        self._typed = Typed()
        self._unread = bytearray()
        self._turn: asyncio.Handle | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._pause: ExitStack | None = None
        self._lent = ExitStack()
        self.terminal = ""
        """Path of the terminal while it is lent."""

    # Output: one frame of the App leaves as one piece.

    def write(self, data: str) -> None:
        self._out.append(data)
        if self._flush is None:
            self._flush = self._loop.call_soon(self.flush)

    def flush(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        text, self._out = "".join(self._out), []
        if text and not self.channel.closed:
            if self._translate is not None:
                text = self._translate(text)
            self.channel.write(text.encode("utf-8", "replace"))

    # Life, as the App leads it.

    def start_application_mode(self) -> None:
        info = self.channel.info
        self.write(
            terminal.enter(
                mouse=self._mouse,
                kitty=not constants.DISABLE_KITTY_KEY,
                # The one terminal that prints a part of the question.
                ask_synchronised=info.program != "Apple_Terminal",
            )
        )
        self._listening = True
        self._post_size(*self.channel.size)
        self.congested(self.channel.is_congested)
        self.channel.listen(self)

    def disable_input(self) -> None:
        self._listening = False
        self._unread.clear()
        for handle in (self._turn, self._tick):
            if handle is not None:
                handle.cancel()
        self._turn = self._tick = None
        self.channel.hold(False)

    def stop_application_mode(self) -> None:
        self.disable_input()
        self.write(terminal.LEAVE.decode())
        self.flush()

    def close(self) -> None:
        self.disable_input()
        self.flush()
        self.congested(False)
        if self.channel.listener is self:
            self.channel.listener = None
        self._typed.close()
        self._last_move_event = None

    # Lending the terminal to another program. Widgets stay dirty meanwhile, and are painted when it is back.

    @property
    def can_suspend(self) -> bool:
        return self.channel.lends

    def suspend_application_mode(self) -> None:
        super().suspend_application_mode()
        self._lent = ExitStack()
        self._lent.enter_context(self._app.batch_update())
        self.terminal = self.channel.lend()

    def resume_application_mode(self) -> None:
        self.channel.take_back()
        self._lent.close()
        if not self.channel.closed:
            super().resume_application_mode()

    # What the channel tells.

    def received(self, data: bytes) -> None:
        if not self._listening:
            return
        self._unread += data
        if self._turn is None:
            self._read()

    def resized(self, width: int, height: int) -> None:
        if self._listening:
            self._post_size(width, height)

    def congested(self, yes: bool) -> None:
        """While the peer takes nothing, nothing is rendered for it: its widgets stay dirty and are painted later."""
        if yes and self._pause is None:
            self._pause = ExitStack()
            self._pause.enter_context(self._app.batch_update())
        elif not yes and self._pause is not None:
            self._pause.close()
            self._pause = None
            if self._listening and self._app.is_running:
                self._app.refresh()

    # The same thread runs the driver and the App, so a message needs no detour through the loop.

    def send_message(self, message: Message) -> None:
        self._app.post_message(message)

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """The browser is on the peer's side, so it is told where to go."""
        self._app.notify(url, title="Open on your side")

    def _post_size(self, width: int, height: int) -> None:
        self._size = (width, height)
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    def _read(self) -> None:
        self._turn = None
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        piece = bytes(self._unread[:TURN])
        del self._unread[:TURN]
        for event in self._typed.feed(piece):
            self.process_message(event)
        self.channel.hold(bool(self._unread))
        if self._unread:
            self._turn = self._loop.call_soon(self._read)
        elif self._typed.waits:
            self._tick = self._loop.call_later(constants.ESCAPE_DELAY + 0.005, self._end_escape)

    def _end_escape(self) -> None:
        self._tick = None
        for event in self._typed.tick():
            self.process_message(event)
