"""The local screen: a room in a process of its own, on a real pty, with a remote screen beside it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from grace_tui.faces.remote.local import run_local
from grace_tui.kernel.errors import GraceError
from tests.faces.remote.ptys import OnTerminal
from tests.faces.remote.support import Viewer, open_host, until

ROOM = """
import asyncio, os, sys
from pathlib import Path
from grace_tui.faces.remote.local import run_local
from tests.faces.remote import support

folder = Path(sys.argv[1])

async def main():
    async with support.open_room(folder / "grace" / "socket", getattr(support, sys.argv[2])) as room:
        why = await run_local(room.screens)
        os.write(1, b"<after>")
        print("printed after")
        (folder / "why").write_text(f"{why} {room.printed}")
        await support.until((folder / "enough").exists, "enough", 60)

asyncio.run(main())
"""


@pytest.fixture
def socket_path(tmp_path: Path) -> Path:
    return tmp_path / "grace" / "socket"


def room(folder: Path, app: str = "Tiny") -> OnTerminal:
    return OnTerminal(ROOM, str(folder), app)


async def test_the_terminal_of_the_process_shows_a_screen(tmp_path: Path) -> None:
    (tmp_path / "enough").touch()
    async with room(tmp_path) as terminal:
        await terminal.sees("operator sees 60x12")
        terminal.type(b"\x1a\x03a")
        await terminal.sees("ctrl+z ctrl+c a.")
        terminal.set_size(50, 9)
        await terminal.sees("sees 50x9")
        terminal.signal(signal.SIGTSTP)
        terminal.type(b"b")
        await terminal.sees("a b.")
        terminal.type(b"q")
        assert await terminal.ends() == 0
        assert (tmp_path / "why").read_text() == "left [('stdout', 'printed after')]"
        await until(lambda: b"<after>" in terminal.raw, "the terminal is the shell's again")
        assert terminal.given_back
        assert b"printed after" not in terminal.raw


async def test_a_terminal_that_vanishes_ends_the_local_screen_only(tmp_path: Path, socket_path: Path) -> None:
    async with room(tmp_path) as terminal:
        await terminal.sees("sees")
        viewer = await Viewer.attach(socket_path)
        await viewer.sees("sees")
        terminal.let_go()
        terminal.vanish()
        why = tmp_path / "why"
        await until(lambda: why.exists() and why.read_text().startswith("lost"), "it was told")
        viewer.type(b"a")
        await viewer.sees("a.")
        pid = terminal.process.pid
        assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)} == {os.devnull}
        terminal.signal(signal.SIGHUP)
        viewer.type(b"b")
        await viewer.sees("a b.")
        viewer.transport.abort()
        (tmp_path / "enough").touch()
        assert await terminal.ends() == 0


async def test_a_stuck_terminal_holds_up_nobody_and_shows_the_present_later(tmp_path: Path, socket_path: Path) -> None:
    async with room(tmp_path, "Flood") as terminal:
        await terminal.sees("sees")
        loop = asyncio.get_running_loop()
        loop.remove_reader(terminal.master)
        viewer = await Viewer.attach(socket_path, (40, 8))
        await viewer.sees("sees")
        before = len(viewer.frames)
        await until(lambda: len(viewer.frames) > before + 60, "the others go on")
        terminal.type(b"a")
        viewer.type(b"b")
        await viewer.sees("b.")
        viewer.transport.abort()
        loop.add_reader(terminal.master, terminal._read)
        await terminal.sees("sees 60x12: a.")
        (tmp_path / "enough").touch()
        terminal.type(b"q")
        assert await terminal.ends() == 0
        assert terminal.given_back


async def test_a_crash_leaves_one_line_and_the_terminal_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "enough").touch()
    async with room(tmp_path) as terminal:
        await terminal.sees("sees")
        terminal.type(b"x")
        assert await terminal.ends() == 0
        assert (tmp_path / "why").read_text().startswith("crashed")
        await until(lambda: b"this screen crashed (ValueError); the room goes on\r\n" in terminal.raw, "it says why")
        assert b"the-value-of-a-local" not in terminal.raw
        assert terminal.given_back


async def test_an_interrupted_process_gives_the_terminal_back(tmp_path: Path) -> None:
    async with room(tmp_path) as terminal:
        await terminal.sees("sees")
        terminal.signal(signal.SIGINT)
        await terminal.ends()
        await until(lambda: b"KeyboardInterrupt" in terminal.raw, "it ended by the signal")
        assert terminal.given_back


async def test_without_a_terminal_the_error_says_so(tmp_path: Path) -> None:
    async with open_host() as host:
        with pytest.raises(GraceError, match="no terminal to show a screen on"):
            await run_local(host.screens, str(tmp_path / "missing"))
