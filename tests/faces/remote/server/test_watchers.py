"""Watching the room over real connections."""

import json
import time
from pathlib import Path

import pytest

from grace_tui.faces.remote import frames
from tests.faces.remote.support import Viewer, open_room, until, view


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".grace" / "socket"


def sequences(peer: Viewer) -> list[int]:
    return [json.loads(body)["sequence"] for kind, body in peer.frames if kind == frames.VIEW]


async def watching(path: Path) -> Viewer:
    peer = await Viewer.connect(path)
    peer.say(frames.COMMAND, {"id": 1, "verb": "watch"})
    return peer


async def test_a_watcher_sees_the_present_at_once(path: Path) -> None:
    async with open_room(path) as room:
        room.server.publish(view(7))
        peer = await watching(path)
        await until(lambda: sequences(peer) == [7], "the view came")
        assert json.loads(peer.frames[0][1])["state"] == "steady"


async def test_views_are_coalesced_to_ten_a_second_and_the_last_one_always_comes(path: Path) -> None:
    async with open_room(path) as room:
        peer = await watching(path)
        await until(lambda: room.server.watchers == 1, "it watches")
        began, number = time.monotonic(), 0

        def flood() -> bool:
            nonlocal number
            number += 1
            room.server.publish(view(number))
            return len(sequences(peer)) >= 4

        await until(flood, "four views came")
        assert time.monotonic() - began >= 0.29
        last = number
        await until(lambda: sequences(peer)[-1] == last, "the last view came")


async def test_a_watcher_that_does_not_read_is_skipped_and_catches_up(path: Path) -> None:
    async with open_room(path) as room:
        slow, quick = await watching(path), await watching(path)
        await until(lambda: room.server.watchers == 2, "they watch")
        slow.transport.pause_reading()
        connections = {c for c in room.server._connections if c.transport.get_extra_info("socket")}
        for connection in connections:
            connection._client.congested(True)  # type: ignore[union-attr]
        room.server.publish(view(1))
        room.server.publish(view(2))
        for connection in connections:
            connection._client.congested(False)  # type: ignore[union-attr]
        await until(lambda: sequences(quick)[-1:] == [2], "the quick one saw the last view")
        assert 1 not in sequences(quick)
        slow.transport.resume_reading()
        await until(lambda: sequences(slow)[-1:] == [2], "the slow one caught up")


async def test_a_watcher_that_left_is_forgotten(path: Path) -> None:
    async with open_room(path) as room:
        peer = await watching(path)
        await until(lambda: room.server.watchers == 1, "it watches")
        peer.transport.abort()
        await until(lambda: room.server.watchers == 0, "it is forgotten")
        room.server.publish(view(1))
