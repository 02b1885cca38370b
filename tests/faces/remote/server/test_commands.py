"""Commands over real connections."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.server.commands import QUEUE
from tests.faces.remote.support import Viewer, open_room, until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".grace" / "socket"


def answers(peer: Viewer) -> list[dict[str, Any]]:
    return [json.loads(body) for kind, body in peer.frames if kind == frames.ANSWER]


async def test_several_commands_of_one_connection_are_answered_in_order(path: Path) -> None:
    async with open_room(path) as room:
        peer = await Viewer.connect(path)
        for number in range(100):
            peer.say(frames.COMMAND, {"id": number, "verb": "pause", "args": {"kernel": "log", "n": number}})
        await until(lambda: len(answers(peer)) == 100, "all were answered")
        assert [answer["id"] for answer in answers(peer)] == list(range(100))
        assert answers(peer)[7] == {"id": 7, "ok": True, "text": "did pause", "data": {"kernel": "log", "n": 7}}
        verb, args, who = room.asked[0]
        assert (verb, args["kernel"]) == ("pause", "log")
        assert (who.uid, who.pid) == (os.getuid(), os.getpid())


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("refuse", "not like this"),
        ("break", "break broke: KeyError"),
        ("large", "the answer has 1048615 bytes; 1048576 fit into a frame"),
    ],
)
async def test_a_command_that_fails_is_answered_and_the_next_one_works(path: Path, verb: str, text: str) -> None:
    async with open_room(path) as room:
        peer = await Viewer.connect(path)
        peer.say(frames.COMMAND, {"id": 1, "verb": verb})
        peer.say(frames.COMMAND, {"id": 2, "verb": "go"})
        await until(lambda: len(answers(peer)) == 2, "both were answered")
        assert answers(peer)[0] == {"id": 1, "ok": False, "text": text, "data": {}}
        assert answers(peer)[1]["ok"]
        assert [verb for verb, _ in room.broken] == (["break"] if verb == "break" else [])


async def test_a_command_is_given_up_when_its_peer_leaves(path: Path) -> None:
    async with open_room(path) as room:
        peer = await Viewer.connect(path)
        peer.say(frames.COMMAND, {"id": 1, "verb": "hang"})
        await until(lambda: room.asked, "it began")
        peer.transport.abort()
        await until(lambda: room.given_up == ["hang"], "it was given up")


async def test_a_hanging_command_holds_up_nobody_else(path: Path) -> None:
    async with open_room(path) as room:
        slow, quick = await Viewer.connect(path), await Viewer.connect(path)
        slow.say(frames.COMMAND, {"id": 1, "verb": "hang"})
        await until(lambda: room.asked, "it began")
        quick.say(frames.COMMAND, {"id": 1, "verb": "go"})
        await until(lambda: answers(quick), "the other was answered")
    assert room.given_up == ["hang"]
    assert slow.end == {"reason": "closed", "text": "the room was closed"}


async def test_a_client_that_floods_is_read_no_further_until_it_is_served(path: Path) -> None:
    async with open_room(path) as room:
        peer = await Viewer.connect(path)
        peer.say(frames.COMMAND, {"id": 0, "verb": "hang"})
        await until(lambda: room.asked, "it began")
        request = frames.json_frame(frames.COMMAND, {"id": 1, "verb": "go", "args": {"pad": "x" * 200_000}})
        peer.transport.write(request * 60)
        (connection,) = room.server._connections
        client = connection._client
        assert client is not None
        await until(lambda: len(client._waiting) >= QUEUE, "its queue is full")
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(client._waiting) == QUEUE
        assert peer.transport.get_write_buffer_size() > 1 << 20
