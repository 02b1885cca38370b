"""`attach` as a process of its own, on a real pty, against a room in this one."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from grace_tui.faces.remote import frames
from tests.faces.remote.ptys import OnTerminal
from tests.faces.remote.support import Flood, Viewer, open_room, until

ATTACH = """
import sys
from pathlib import Path
from grace_tui.faces.remote.client import NoRoom, attach
try:
    sys.exit(attach(Path(sys.argv[1]), read_only=len(sys.argv) > 2))
except NoRoom as error:
    sys.exit(f"{error}")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".grace" / "socket"


async def test_a_terminal_shows_the_room_types_and_resizes(path: Path) -> None:
    async with open_room(path), OnTerminal(ATTACH, str(path)) as terminal:
        await terminal.sees("operator sees 60x12")
        terminal.type(b"\x1a\x03a")
        await terminal.sees("ctrl+z ctrl+c a.")
        terminal.set_size(50, 9)
        await terminal.sees("sees 50x9: ctrl+z ctrl+c a.")
        terminal.type(b"q")
        assert await terminal.ends() == 0
        await until(lambda: b"[left the room, which goes on]" in terminal.raw, "it says why")
        assert terminal.given_back


@pytest.mark.parametrize("key", [b"\x1c", b"\x1b[92;5u"])
async def test_the_detach_key_leaves_the_room_alone(path: Path, key: bytes) -> None:
    async with open_room(path) as room, OnTerminal(ATTACH, str(path), "read-only") as terminal:
        await terminal.sees("viewer sees")
        terminal.type(key)
        assert await terminal.ends() == 0
        await until(lambda: b"[detached; the room goes on]" in terminal.raw, "it says why")
        assert terminal.given_back
        await until(lambda: room.screens.count == 0, "its screen ended")
        viewer = await Viewer.attach(path)
        await viewer.sees("sees")


async def test_it_detaches_while_the_room_paints_all_the_time(path: Path) -> None:
    async with open_room(path, Flood), OnTerminal(ATTACH, str(path), size=(120, 30)) as terminal:
        await terminal.sees("sees")
        terminal.type(b"\x1c")
        assert await terminal.ends() == 0
        await until(lambda: b"[detached" in terminal.raw, "it says why")
        assert terminal.given_back


async def test_a_closing_room_gives_the_terminal_back(path: Path) -> None:
    async with open_room(path):
        terminal = await OnTerminal(ATTACH, str(path)).__aenter__()
        await terminal.sees("sees")
    async with asyncio.timeout(10):
        assert await terminal.ends() == 0
    await until(lambda: b"[the room was closed]" in terminal.raw, "it says why")
    assert terminal.given_back
    assert terminal.raw.count(b"\x1b[?1049l") == 1  # a second time would clear the user's own screen
    await terminal.__aexit__()


async def test_a_crashed_screen_gives_the_terminal_back(path: Path) -> None:
    async with open_room(path), OnTerminal(ATTACH, str(path)) as terminal:
        await terminal.sees("sees")
        terminal.type(b"x")
        assert await terminal.ends() == 1
        await until(lambda: b"[this screen crashed (ValueError); the room goes on]" in terminal.raw, "it says why")
        assert terminal.given_back


async def test_a_room_that_dies_gives_the_terminal_back(path: Path) -> None:
    async with open_room(path) as room, OnTerminal(ATTACH, str(path)) as terminal:
        await terminal.sees("sees")
        for connection in tuple(room.server._connections):
            connection.transport.abort()
        assert await terminal.ends() == 1
        await until(lambda: b"[the connection to the room was lost]" in terminal.raw, "it says why")
        assert terminal.given_back


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_gives_the_terminal_back(path: Path, number: signal.Signals) -> None:
    async with open_room(path) as room, OnTerminal(ATTACH, str(path)) as terminal:
        await terminal.sees("sees")
        terminal.signal(number)
        assert await terminal.ends() == 1
        await until(lambda: f"[stopped by {number.name}]".encode() in terminal.raw, "it says why")
        assert terminal.given_back
        await until(lambda: room.screens.count == 0, "its screen ended")


async def test_a_terminal_that_vanishes_ends_its_client_and_leaves_the_others(path: Path) -> None:
    async with open_room(path) as room, OnTerminal(ATTACH, str(path)) as terminal:
        other = await Viewer.attach(path)
        await other.sees("sees")
        await terminal.sees("sees")
        terminal.let_go()
        terminal.vanish()
        await terminal.ends()
        await until(lambda: room.screens.count == 1, "its screen ended")
        other.type(b"a")
        await other.sees("a.")


async def test_being_stopped_by_a_signal_is_refused(path: Path) -> None:
    async with open_room(path), OnTerminal(ATTACH, str(path)) as terminal:
        await terminal.sees("sees")
        terminal.signal(signal.SIGTSTP)
        terminal.type(b"a")
        await terminal.sees("a.")


async def test_without_a_room_the_terminal_is_not_touched(path: Path) -> None:
    async with OnTerminal(ATTACH, str(path)) as terminal:
        assert await terminal.ends() == 1
        await until(lambda: b"no room is open at" in terminal.raw, "it says why")
        assert b"\x1b" not in terminal.raw


async def test_a_room_that_sends_nonsense_is_left(path: Path) -> None:
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(path))
        stranger.listen()
        async with OnTerminal(ATTACH, str(path)) as terminal:
            line, _ = await asyncio.to_thread(stranger.accept)
            line.sendall(frames.frame(frames.DATA, b"\x1b[?1049h hello") + b"garbage")
            assert await terminal.ends() == 1
            line.close()
            await until(lambda: b"[the room sent nonsense: frame kind b'g' is unknown]" in terminal.raw, "it says why")
            assert terminal.given_back
