"""The channel of a terminal, in this process, against a pty that does not read."""

import asyncio
import os
import pty
import signal
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from grace_tui.faces.remote.console import HIGH_WATER, ConsoleChannel
from grace_tui.faces.remote.terminal import RawTerminal
from tests.faces.remote.support import until


class Listener:
    def __init__(self) -> None:
        self.told: list[object] = []

    def received(self, data: bytes) -> None:
        self.told.append(data)

    def resized(self, width: int, height: int) -> None:
        self.told.append((width, height))

    def congested(self, yes: bool) -> None:
        self.told.append(yes)


@asynccontextmanager
async def console() -> AsyncIterator[tuple[ConsoleChannel, Listener, int]]:
    master, slave = pty.openpty()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN)}
    before = termios.tcgetattr(slave)
    channel, listener = ConsoleChannel(RawTerminal(os.ttyname(slave)), {"TERM": "xterm"}), Listener()
    channel.open()
    channel.listen(listener)
    try:
        yield channel, listener, master
    finally:
        channel.abandon()
        assert termios.tcgetattr(slave) == before
        assert {number: signal.getsignal(number) for number in handlers} == handlers
        os.close(master)
        os.close(slave)


def read_all(master: int) -> int:
    os.set_blocking(master, False)
    size = 0
    try:
        while data := os.read(master, 65536):
            size += len(data)
    except BlockingIOError:
        pass
    return size


async def test_a_terminal_that_does_not_read_is_congested_until_it_does() -> None:
    async with console() as (channel, listener, master):
        channel.write(b"x" * HIGH_WATER * 2)
        await until(lambda: listener.told == [True], "it is congested")
        channel.write(b"y" * 100)
        await until(lambda: read_all(master) or listener.told == [True, False], "it is clear again")
        await until(lambda: (read_all(master), listener.told == [True, False])[1], "it is clear again")


async def test_typing_is_held_back_and_let_through() -> None:
    async with console() as (channel, listener, master):
        channel.hold(True)
        os.write(master, b"abc")
        for _ in range(10):
            await asyncio.sleep(0)
        assert listener.told == []
        channel.hold(False)
        await until(lambda: listener.told == [b"abc"], "it came")


async def test_finishing_gives_up_on_a_terminal_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace_tui.faces.remote.console._FINISH_SECONDS", 0.05)
    async with console() as (channel, _, _master), asyncio.timeout(1):
        channel.write(b"x" * HIGH_WATER * 2)
        await channel.finish("closed", "the room was closed")
        assert channel.closed


async def test_finishing_delivers_everything_and_then_the_last_line() -> None:
    async with console() as (channel, _, master):
        channel.write(b"x" * HIGH_WATER)
        finishing = asyncio.ensure_future(channel.finish("closed", "over"))
        got = bytearray()
        os.set_blocking(master, False)

        def take() -> bool:
            try:
                got.extend(os.read(master, 65536))
            except BlockingIOError:
                return False
            return got.endswith(b"over\r\n")

        await until(take, "the last line came")
        await finishing
        assert got == b"x" * HIGH_WATER + b"over\r\n"


async def test_hanging_up_tells_once_and_a_second_signal_is_harmless() -> None:
    async with console() as (channel, _, _master):
        lost: list[bool] = []
        channel.on_lost = lambda: lost.append(True)
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: lost, "it was told")
        os.kill(os.getpid(), signal.SIGHUP)
        channel.write(b"nobody sees this")
        for _ in range(10):
            await asyncio.sleep(0)
        assert lost == [True]
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
