"""The host: screens beside one another, and every way they end."""

import asyncio
import contextvars
import gc
import sys
import weakref
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.widget import Widget

from grace_tui.faces.remote.channel import ChannelInfo
from tests.faces.remote.support import MemoryChannel, Tiny, Viewer, open_host, open_room, until

OUTSIDE: contextvars.ContextVar[str] = contextvars.ContextVar("outside")


async def test_a_screen_that_is_left_ends_alone() -> None:
    async with open_host() as room:
        leaver, stayer = MemoryChannel(), MemoryChannel()
        left = room.screens.start(leaver)
        room.screens.start(stayer)
        await leaver.sees("sees")
        await stayer.sees("sees")
        assert room.screens.count == 2
        leaver.tell_received(b"q")
        assert await left == "left"
        stayer.tell_received(b"a")
        await stayer.sees("a.")
        assert room.screens.count == 1
    assert stayer.farewell == ("closed", "the room was closed")


async def test_a_crash_ends_its_screen_with_one_line_and_is_logged_without_locals() -> None:
    async with open_host() as room:
        channel, other = MemoryChannel(), MemoryChannel()
        crashed = room.screens.start(channel)
        room.screens.start(other)
        await channel.sees("sees")
        channel.tell_received(b"x")
        assert await crashed == "crashed"
        assert channel.farewell == ("crashed", "this screen crashed (ValueError); the room goes on")
        assert "ValueError: broken 20" in room.crashes[0]
        assert "the-value-of-a-local" not in room.crashes[0].replace('secret = "the-value-of-a-local"', "")
        assert b"ValueError" not in channel.out
        assert room.printed == []
        other.tell_received(b"a")
        await other.sees("a.")


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
async def test_an_app_that_cannot_be_made_ends_its_screen_only(error: BaseException) -> None:
    def make_app(_info: ChannelInfo, _driver_class: type[Driver]) -> App[None]:
        raise error

    async with open_host(make_app) as room:
        channel = MemoryChannel()
        assert await room.screens.start(channel) == "crashed"
        assert channel.out == b""
        assert type(error).__name__ in room.crashes[0]


async def test_a_stylesheet_error_is_a_crash() -> None:
    class Ugly(Tiny):
        CSS = "Screen { colour: }"

    async with open_host(Ugly) as room:
        channel = MemoryChannel()
        assert await room.screens.start(channel) == "crashed"
        assert "Stylesheet" in room.crashes[0]
        assert room.printed == []


async def test_a_lost_peer_ends_its_app() -> None:
    async with open_host() as room:
        channel = MemoryChannel()
        ended = room.screens.start(channel)
        await channel.sees("sees")
        channel.tell_lost()
        assert await ended == "lost"
        assert channel.farewell is None


async def test_a_peer_lost_before_its_app_starts_costs_nothing() -> None:
    async with open_host() as room:
        channel = MemoryChannel()
        ended = room.screens.start(channel)
        channel.tell_lost()
        assert await ended == "lost"
        assert channel.out == b""


class StuckWidget(Widget):
    async def on_mount(self) -> None:
        self.call_later(asyncio.Event().wait)


class StuckInside(Tiny):
    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield StuckWidget()


class StuckMount(Tiny):
    async def on_mount(self) -> None:  # type: ignore[override]
        self.tell()
        await self.never.wait()


@pytest.mark.parametrize("kind", [Tiny, StuckInside, StuckMount])
async def test_a_stuck_app_is_cancelled_after_the_deadline(kind: type[Tiny]) -> None:
    apps: list[weakref.ref[Tiny]] = []

    def make_app(info: ChannelInfo, driver_class: type[Driver]) -> Tiny:
        app = kind(info, driver_class)
        apps.append(weakref.ref(app))
        return app

    async with open_host(make_app, deadline=0.1) as room:
        channel = MemoryChannel()
        ended = room.screens.start(channel)
        await until(lambda: channel.listener, "the driver started")
        channel.tell_received(b"s")
        await until(lambda: b"sees" in channel.out or kind is StuckMount, "it painted")
        await room.screens.close_all()  # by itself a stuck one would not end at all
        assert ended.result() == "closed"
        assert b"\x1b[?1049l" in channel.out
        del ended
    await until(lambda: gc.collect() >= 0 and apps[0]() is None, "the App is gone")


async def test_a_screen_inherits_no_context() -> None:
    seen: list[str] = []

    def make_app(info: ChannelInfo, driver_class: type[Driver]) -> Tiny:
        seen.append(OUTSIDE.get("nothing"))
        return Tiny(info, driver_class)

    OUTSIDE.set("something")
    async with open_host(make_app) as room:
        channel = MemoryChannel()
        room.screens.start(channel)
        await channel.sees("sees")
    assert seen == ["nothing"]


async def test_prints_go_to_the_log_whatever_screens_come_and_go() -> None:
    async with open_host() as room:
        stand_in = sys.stdout
        first, second = MemoryChannel(), MemoryChannel()
        first_end, second_end = room.screens.start(first), room.screens.start(second)
        await first.sees("sees")
        await second.sees("sees")
        first.tell_received(b"pq")
        await first_end
        second.tell_received(b"pq")
        await second_end
        assert sys.stdout is stand_in
        print("after them", file=sys.stderr)
    assert room.printed == [*[("stdout", "printed by an App")] * 2, ("stderr", "after them")]
    assert sys.stdout is not stand_in


async def test_a_closed_host_opens_nothing_more() -> None:
    async with open_host() as room:
        await room.screens.close_all("the drill is over")
        channel = MemoryChannel()
        assert await room.screens.start(channel) == "closed"
        assert channel.farewell == ("closed", "the room was closed")
        assert channel.out == b""


async def test_twenty_screens_leave_nothing_behind(tmp_path: Path) -> None:
    apps: list[weakref.ref[Tiny]] = []

    def make_app(info: ChannelInfo, driver_class: type[Driver]) -> Tiny:
        app = Tiny(info, driver_class)
        apps.append(weakref.ref(app))
        return app

    path = tmp_path / "grace" / "socket"
    async with open_room(path, make_app) as room:
        for turn in range(20):
            viewer = await Viewer.attach(path, (40, 8))
            viewer.type(b"a\x1b[A\x1b[97;5u\x1b[<0;5;4M\x1b[200~p\x1b[201~")
            await viewer.sees("sees")
            viewer.type(b"b\x1b[98;5u")
            await viewer.sees("ctrl+b")
            if turn % 2:
                viewer.type(b"q")
                await viewer.ended()
            else:
                viewer.transport.abort()
            await until(lambda: room.screens.count == 0, "the screen ended")
        await until(lambda: gc.collect() >= 0 and not any(app() for app in apps), "every App is gone", 5)
    assert len(apps) == 20
    gc.collect()
    # By type(): objects of other tests may refuse to be asked for their class.
    assert not [thing for thing in gc.get_objects() if issubclass(type(thing), StylesCache | Widget)]
