"""The driver, against a channel in memory whose bytes a terminal emulator reads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from grace_tui.faces.remote.channel import ChannelInfo
from tests.faces.remote.support import Flood, MemoryChannel, Tiny, open_host, until


@asynccontextmanager
async def screen(channel: MemoryChannel, app: type[Tiny] = Tiny) -> AsyncIterator[MemoryChannel]:
    async with open_host(app) as room:
        room.screens.start(channel)
        await channel.sees("sees")
        yield channel


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        pytest.param(b"a", "a.", id="plain"),
        pytest.param(b"\x1b[97;5u", "ctrl+a.", id="kitty-ctrl"),
        pytest.param(b"\x1b[57376u", "f13.", id="kitty-function"),
        pytest.param(b"\x1b[A\x1b[B", "up down.", id="arrows"),
        pytest.param("ü".encode(), "ü.", id="utf8"),
        pytest.param(b"\x1b[200~one\ntwo\x1b[201~", "paste-7.", id="bracketed-paste"),
        pytest.param(b"\x1b[<0;5;4M\x1b[<0;5;4m", "click-4,3.", id="mouse"),
        pytest.param(b"\x1b[O", "blur.", id="focus-lost"),
        pytest.param(b"\x1a", "ctrl+z.", id="ctrl-z-is-a-key"),
        pytest.param(b"\x1b", "escape.", id="lone-escape"),
        pytest.param(b"\x1b[97:65;2u\x1b[48;0;0;0;0tb", "b.", id="nonsense-is-survived"),
        pytest.param(b"\xff\xfe\x1b[999999999999u", "", id="invalid-utf8"),
    ],
)
async def test_a_screen_understands(typed: bytes, seen: str) -> None:
    async with screen(MemoryChannel()) as channel:
        channel.tell_received(typed)
        if seen.startswith("b."):
            channel.tell_received(b"b")
        await channel.sees(seen)


async def test_a_sequence_cut_in_two_is_one_key() -> None:
    async with screen(MemoryChannel()) as channel:
        channel.tell_received(b"\x1b[")
        channel.tell_received(b"A")
        await channel.sees("12: up.")


async def test_a_screen_follows_the_size_of_its_terminal() -> None:
    async with screen(MemoryChannel(size=(60, 12))) as channel:
        await channel.sees("sees 60x12")
        channel.tell_resized(50, 9)
        await channel.sees("sees 50x9")
        channel.tell_resized(0, 0)
        channel.tell_received(b"a")
        await channel.sees("sees 50x9: a.")


async def test_a_size_report_that_is_typed_resizes_nothing() -> None:
    async with screen(MemoryChannel()) as channel:
        channel.tell_received(b"\x1b[48;5;20;100;200ta")
        await channel.sees("sees 60x12: a.")


async def test_leaving_clears_before_the_alternate_screen_is_left() -> None:
    async with screen(MemoryChannel()) as channel:
        channel.tell_received(b"q")
        await until(lambda: channel.farewell, "the screen ended")
        painted = bytes(channel.out)
        ordered = [painted.rindex(part) for part in (b"\x1b[2J", b"\x1b[999;1H", b"\x1b[<u", b"\x1b[?1049l")]
        assert ordered == sorted(ordered)
        assert channel.farewell == ("left", "left the room, which goes on")
        assert painted.count(b"\x1b[?1049h") == painted.count(b"\x1b[?1049l") == 1


@pytest.mark.parametrize(
    ("color", "there", "absent"),
    [
        ("truecolor", b"48;2;32;64;96", b"48;5;"),
        ("256", b"48;5;", b";2;"),
        ("16", b"\x1b[", b"48;"),
        ("none", b"\x1b[", b"48;"),
    ],
)
async def test_colours_are_those_of_the_peer(color: str, there: bytes, absent: bytes) -> None:
    async with open_host() as room:
        # The other screen renders first, so that every cache of the process holds its colours.
        other = MemoryChannel(ChannelInfo("memory", color="truecolor" if color != "truecolor" else "256"))
        room.screens.start(other)
        await other.sees("sees")
        channel = MemoryChannel(ChannelInfo("memory", color=color))
        room.screens.start(channel)
        await channel.sees("sees")
        assert there in channel.out
        assert absent not in channel.out


async def test_nothing_is_rendered_for_a_congested_peer_and_all_is_painted_later() -> None:
    async with screen(MemoryChannel(size=(40, 8)), Flood) as channel:
        await channel.sees("3")
        channel.tell_congested(True)
        before = len(channel.out)
        other = MemoryChannel()  # time passes, by the clock of the same App
        channel.tell_resized(50, 9)
        await asyncio.wait_for(_turns(channel, 10), 5)
        assert len(channel.out) == before
        channel.out.clear()
        channel.tell_congested(False)
        await channel.sees("sees 50x9")
        assert "1" in channel.display.splitlines()[-2]
        assert not other.out


async def _turns(channel: MemoryChannel, number: int) -> None:
    driver = channel.listener
    app = driver._app  # type: ignore[union-attr]
    start = app.turn
    await until(lambda: app.turn >= start + number, "the App went on")


async def test_a_long_paste_leaves_the_loop_free() -> None:
    async with screen(MemoryChannel()) as channel:
        channel.tell_received(b"\x1b[200~" + b"word " * 40_000 + b"\x1b[201~a")
        assert channel.held
        await channel.sees("paste-200000 a.")
        assert not channel.held
