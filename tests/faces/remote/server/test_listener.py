"""The room's socket, with real connections: screens of every size, and peers of every kind of badness."""

import asyncio
import os
import random
import socket
from pathlib import Path

import pytest

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.server import RoomIsOpen
from grace_tui.faces.remote.server.connection import HIGH_WATER
from tests.faces.remote.support import Flood, Viewer, open_room, until

SIZES = [(40, 8), (80, 24), (100, 30), (61, 13), (120, 20)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".grace" / "socket"


@pytest.fixture
def far_path(tmp_path: Path) -> Path:
    return tmp_path / ("a" * 60) / ("b" * 60) / ".grace" / "socket"


async def test_five_screens_of_different_sizes_show_each_its_own(path: Path) -> None:
    async with open_room(path) as room:
        viewers = [await Viewer.attach(path, size) for size in SIZES]
        for number, viewer in enumerate(viewers):
            viewer.type(str(number).encode())
        for number, viewer in enumerate(viewers):
            width, height = viewer.size
            await viewer.sees(f"operator sees {width}x{height}: {number}.")
        assert room.screens.count == 5


async def test_a_screen_follows_a_resize(path: Path) -> None:
    async with open_room(path):
        viewer = await Viewer.attach(path, (60, 12))
        await viewer.sees("sees 60x12")
        viewer.resize(44, 9)
        await viewer.sees("sees 44x9")


async def test_a_read_only_screen_is_made_for_a_viewer(path: Path) -> None:
    async with open_room(path):
        viewer = await Viewer.attach(path, readonly=True)
        await viewer.sees("viewer sees")


async def test_aborted_peers_leave_the_rest_unharmed(path: Path) -> None:
    async with open_room(path, Flood) as room:
        stayer = await Viewer.attach(path, (50, 10))
        for size in SIZES:
            viewer = await Viewer.attach(path, size)
            await viewer.sees("sees")
            viewer.transport.abort()
        await until(lambda: room.screens.count == 1, "the aborted screens ended")
        stayer.type(b"a")
        await stayer.sees("sees 50x10: a.")
        assert room.crashes == []


async def test_a_stuck_reader_costs_a_bounded_buffer_and_sees_the_present_when_it_reads_again(path: Path) -> None:
    async with open_room(path, Flood) as room:
        stuck, other = await Viewer.attach(path, (120, 40)), await Viewer.attach(path, (40, 8))
        await stuck.sees("sees")
        stuck.transport.pause_reading()
        (connection,) = [c for c in room.server._connections if c.screen and c.screen.size == (120, 40)]
        await until(lambda: connection.screen and connection.screen.is_congested, "its buffer filled")
        full = connection.transport.get_write_buffer_size()
        other.type(b"a")
        await other.sees("a.")
        stuck.type(b"b")
        await until(lambda: len(other.frames) > 40, "the others go on")
        assert connection.transport.get_write_buffer_size() == full
        assert full < HIGH_WATER + 120 * 40 * 40
        stuck.transport.resume_reading()
        await stuck.sees("sees 120x40: b.")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", "frame kind b'G' is unknown", id="nonsense"),
        pytest.param(b"H\xff\xff\xff\xff", "4294967295 were announced", id="oversized"),
        pytest.param(frames.frame(b"H", b"{"), "truncated", id="cut-json"),
        pytest.param(frames.frame(b"H", b'{"w":"a","h":1}'), "Expected `int`, got `str`", id="wrong-type"),
        pytest.param(frames.frame(b"H", b'{"w":1,"h":1,"color":"red"}'), "Invalid enum value", id="no-such-color"),
        pytest.param(
            frames.frame(b"C", b'{"id":1,"verb":"v","args":{"a":' + b"[" * 100_000), "recursion", id="deep-json"
        ),
        pytest.param(frames.frame(b"C", b'"\xff"'), "", id="invalid-utf8"),
        pytest.param(frames.frame(b"D", b"x"), "begins with", id="data-first"),
    ],
)
async def test_a_malformed_peer_is_told_and_hung_up_on(path: Path, sent: bytes, text: str) -> None:
    async with open_room(path) as room:
        other = await Viewer.attach(path)
        await other.sees("sees")
        peer = await Viewer.connect(path)
        peer.transport.write(sent)
        end = await peer.ended()
        assert end["reason"] == "refused"
        assert text in end["text"]
        other.type(b"a")
        await other.sees("a.")
        await until(lambda: room.server.connections == 1, "the connection is forgotten")


@pytest.mark.parametrize("sent", [frames.frame(b"C", b"{}"), frames.frame(b"R", b"[]"), frames.frame(b"H", b"{}")])
async def test_a_screen_that_turns_malformed_loses_its_screen_only(path: Path, sent: bytes) -> None:
    async with open_room(path) as room:
        bad, good = await Viewer.attach(path), await Viewer.attach(path)
        await bad.sees("sees")
        await good.sees("sees")
        bad.transport.write(sent)
        assert (await bad.ended())["reason"] == "refused"
        await until(lambda: room.screens.count == 1, "its screen ended")
        good.type(b"a")
        await good.sees("a.")
        assert room.crashes == []


async def test_another_users_process_is_refused(path: Path) -> None:
    async with open_room(path, uid=os.geteuid() + 1) as room:
        peer = await Viewer.attach(path)
        assert "may not enter a room of uid" in (await peer.ended())["text"]
        assert room.screens.count == 0


async def test_a_living_room_is_not_replaced(path: Path) -> None:
    async with open_room(path):
        with pytest.raises(RoomIsOpen, match="a room is already open at"):
            async with open_room(path):
                pass
        viewer = await Viewer.attach(path)
        await viewer.sees("sees")


async def test_a_closing_room_says_so_and_removes_its_socket(path: Path) -> None:
    async with open_room(path):
        viewer = await Viewer.attach(path)
        await viewer.sees("sees")
    assert viewer.end == {"reason": "closed", "text": "the room was closed"}
    assert viewer.raw.rstrip().endswith(b"\x1b[?1049l\x1b[?25h\x1b[0m")
    assert path.name not in os.listdir(path.parent)


async def test_a_room_closes_in_time_with_a_reader_that_is_stuck(path: Path) -> None:
    async with asyncio.timeout(5), open_room(path, Flood, deadline=0.5) as room:
        stuck = await Viewer.attach(path, (120, 40))
        await stuck.sees("sees")
        stuck.transport.pause_reading()
        (connection,) = room.server._connections
        await until(lambda: connection.screen and connection.screen.is_congested, "its buffer filled")


async def test_a_room_opens_however_deep_its_workspace_lies(far_path: Path) -> None:
    async with open_room(far_path):
        folder = os.open(far_path.parent, os.O_PATH)
        viewer = await Viewer.attach(Path(f"/proc/self/fd/{folder}/socket"))
        await viewer.sees("sees")
        os.close(folder)


async def test_a_peer_that_says_no_more_is_let_go(path: Path) -> None:
    async with open_room(path) as room:
        viewer = await Viewer.attach(path)
        await viewer.sees("sees")
        viewer.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
        await until(lambda: room.screens.count == 0, "its screen ended")
        await until(lambda: room.server.connections == 0, "its connection ended")


async def test_a_hundred_random_peers_harm_nobody(path: Path) -> None:
    dice = random.Random(20251115)
    async with open_room(path) as room:
        other = await Viewer.attach(path)
        await other.sees("sees")
        for _ in range(100):
            peer = await Viewer.connect(path)
            kind = dice.choice([b"H", b"R", b"D", b"C", b"A", b"V", b"E", b"?"])
            peer.transport.write(kind + dice.randbytes(dice.randrange(1, 60)))
            if dice.random() < 0.5:
                peer.transport.abort()
        await until(lambda: room.server.connections >= 1, "they came")
        other.type(b"a")
        await other.sees("a.")
        assert room.crashes == []
        assert room.broken == []


async def test_a_peer_that_says_nothing_is_hung_up_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace_tui.faces.remote.server.connection.HELLO_SECONDS", 0.02)
    async with open_room(path):
        peer = await Viewer.connect(path)
        assert await peer.ended() == {"reason": "refused", "text": "no first frame came"}


async def test_one_peer_too_many_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace_tui.faces.remote.server.listener.MAX_CONNECTIONS", 1)
    async with open_room(path):
        first = await Viewer.attach(path)
        await first.sees("sees")
        second = await Viewer.attach(path)
        assert (await second.ended())["text"] == "1 are connected already"


async def test_keys_typed_before_the_screen_is_there_are_not_lost(path: Path) -> None:
    async with open_room(path):
        viewer = await Viewer.attach(path)
        viewer.type(b"abc")
        await viewer.sees("a b c.")
