"""The terminal of this process as a channel. Used by the local screen; takes SIGWINCH and SIGHUP while it is open."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from grace_tui.faces.remote.channel import Channel, ChannelInfo
from grace_tui.faces.remote.terminal import LEAVE, RawTerminal, color_of

HIGH_WATER: Final = 64 * 1024
"""Bytes waiting for the terminal past which nothing more is rendered for it."""

_FINISH_SECONDS: Final = 1.0
_FAREWELL_SECONDS: Final = 0.1
"""How long the loop may stand still for a terminal that is slow to take its last bytes."""
_READ: Final = 64 * 1024

# A background job that touches its terminal would be stopped, and with it every kernel and every other screen.
_NEVER_STOP: Final = (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN)


class ConsoleChannel(Channel):
    """Must be opened on the main thread, where signals are taken."""

    def __init__(self, terminal: RawTerminal, environ: Mapping[str, str] = os.environ) -> None:
        info = ChannelInfo(
            "local",
            term=environ.get("TERM", ""),
            color=color_of(environ),
            program=environ.get("TERM_PROGRAM", ""),
            peer=f"uid {os.getuid()}, pid {os.getpid()}",
        )
        super().__init__(info, terminal.size)
        self._terminal = terminal
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._drained = asyncio.Event()
        self._drained.set()
        self._before: dict[signal.Signals, Any] = {}
        self._held = False
        self._lent = False

    def open(self) -> None:
        """Raw mode; from here on the terminal is given back by `finish`, by being lost, or at exit."""
        self._before = {number: signal.signal(number, signal.SIG_IGN) for number in _NEVER_STOP}
        self._terminal.start()
        self._loop.add_reader(self._terminal.fd, self._read)
        self._loop.add_signal_handler(signal.SIGWINCH, self._measure)
        self._loop.add_signal_handler(signal.SIGHUP, self._lose)

    def write(self, data: bytes) -> None:
        if self.closed or self._lent:
            return
        idle = not self._waiting
        self._waiting += data
        if idle:
            self._write()

    def hold(self, yes: bool) -> None:
        if yes == self._held or self.closed:
            return
        self._held = yes
        if yes:
            self._loop.remove_reader(self._terminal.fd)
        else:
            self._loop.add_reader(self._terminal.fd, self._read)

    @property
    def lends(self) -> bool:
        return not self.closed

    def lend(self) -> str:
        """Nothing is read, and what is written is dropped, until it is taken back."""
        self._lent = True
        self._loop.remove_reader(self._terminal.fd)
        self._loop.remove_writer(self._terminal.fd)
        self._terminal.put(bytes(self._waiting))
        self._waiting.clear()
        self._drained.set()
        self._terminal.cook()
        return self._terminal.path

    def take_back(self) -> None:
        self._lent = False
        if self.closed:
            return
        self._terminal.uncook()
        self._loop.add_reader(self._terminal.fd, self._read)
        self._measure()

    async def finish(self, reason: str, text: str) -> None:
        if self.closed:
            return
        if self._waiting:
            self._drained.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_FINISH_SECONDS):
                    await self._drained.wait()
        if not self.closed:
            # Whoever leaves knows it; whoever is thrown out is told.
            told = b"" if reason == "left" else f"{text}\r\n".encode()
            self._give_back(told if self._drained.is_set() else LEAVE + told)

    def abandon(self) -> None:
        """Give the terminal back at once, whatever its App is doing; the App is told that it is gone."""
        if not self.closed:
            self._give_back(LEAVE)
            self.closed = False
            self.tell_lost()

    def _give_back(self, farewell: bytes) -> None:
        self.closed = True
        self._release()
        self._loop.remove_signal_handler(signal.SIGHUP)
        self._terminal.restore(farewell, _FAREWELL_SECONDS)

    def _lose(self) -> None:
        """The terminal hung up. Its session may signal again while it dies, so hanging up stays harmless."""
        if self.closed:
            return
        self._release()
        self._loop.add_signal_handler(signal.SIGHUP, _ignore)
        self._terminal.restore(LEAVE, seconds=0)
        self.tell_lost()

    def _release(self) -> None:
        self._waiting.clear()
        self._drained.set()
        self._loop.remove_reader(self._terminal.fd)
        self._loop.remove_writer(self._terminal.fd)
        self._loop.remove_signal_handler(signal.SIGWINCH)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _measure(self) -> None:
        try:
            self.tell_resized(*self._terminal.size)
        except OSError:
            self._lose()

    def _read(self) -> None:
        try:
            data = os.read(self._terminal.fd, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.tell_received(data)
        else:
            self._lose()

    def _write(self) -> None:
        try:
            del self._waiting[: os.write(self._terminal.fd, self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            return self._lose()
        if self._waiting:
            self._loop.add_writer(self._terminal.fd, self._write)
        else:
            self._loop.remove_writer(self._terminal.fd)
            self._drained.set()
        # Two marks, so that the App is not told at every byte.
        if len(self._waiting) > HIGH_WATER:
            self.tell_congested(True)
        elif len(self._waiting) < HIGH_WATER // 4:
            self.tell_congested(False)
        return None


def _ignore() -> None:
    """A handler that makes a signal harmless."""
