"""Verbs and views from the side of the command line."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grace_tui.faces.remote import frames
from grace_tui.faces.remote.client import ConnectionLost, NoRoom, Refused, request, watch
from grace_tui.kernel.errors import NoReply
from tests.faces.remote.support import open_room, until, view


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".grace" / "socket"


@pytest.fixture
def stranger(path: Path) -> Iterator[socket.socket]:
    """Something that listens, and is no room."""
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield listener


async def test_a_verb_is_asked_and_answered(path: Path) -> None:
    async with open_room(path):
        answer = await asyncio.to_thread(request, path, "pause", {"kernel": "log"})
        assert answer == {"id": 1, "ok": True, "text": "did pause", "data": {"kernel": "log"}}


async def test_an_answer_that_does_not_come_is_given_up(path: Path) -> None:
    async with open_room(path) as room:
        with pytest.raises(NoReply, match="nobody answered hang within"):
            await asyncio.to_thread(request, path, "hang", {}, 0.05)
        await until(lambda: room.given_up, "the room gave it up too")


async def test_a_room_that_closes_meanwhile_says_so(path: Path) -> None:
    async with open_room(path) as room:
        asking = asyncio.ensure_future(asyncio.to_thread(request, path, "hang"))
        await until(lambda: room.asked, "it was asked")
    with pytest.raises(Refused, match="the room was closed"):
        await asking


@pytest.mark.parametrize("ask", [lambda path: request(path, "status"), lambda path: list(watch(path))])
def test_without_a_room_the_error_says_so(path: Path, ask: Any) -> None:
    with pytest.raises(NoRoom, match=f"no room is open at {path}"):
        ask(path)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(NoRoom):
        ask(path)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n", frames.frame(b"A", b"{}")[:5]])
def test_what_is_no_room_is_a_lost_connection(path: Path, stranger: socket.socket, said: bytes) -> None:
    with subprocess.Popen(_asking(path), stdout=subprocess.PIPE, text=True) as asking:
        line, _ = stranger.accept()
        line.recv(1000)
        line.sendall(said)
        line.close()
        assert asking.communicate(timeout=10)[0].strip() == ConnectionLost.__name__


def _asking(path: Path) -> list[str]:
    program = (
        "import sys; from pathlib import Path; from grace_tui.faces.remote.client import request\n"
        "try: request(Path(sys.argv[1]), 'status')\n"
        "except Exception as error: print(type(error).__name__)"
    )
    return [sys.executable, "-c", program, str(path)]


async def test_views_are_watched_until_the_room_closes(path: Path) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.extend(each["sequence"] for each in watch(path))

    async with open_room(path) as room:
        looking = asyncio.ensure_future(asyncio.to_thread(look))
        await until(lambda: room.server.watchers, "it watches")
        for number in (1, 2, 3):
            room.server.publish(view(number))
            await until(lambda number=number: seen[-1:] == [number], f"view {number} came")  # type: ignore[misc]
    await looking
    assert seen == [1, 2, 3]


async def test_a_watcher_may_stop_when_it_has_seen_enough(path: Path) -> None:
    async with open_room(path) as room:
        room.server.publish(view(5))
        first = await asyncio.to_thread(lambda: next(watch(path)))
        assert first["sequence"] == 5
        await until(lambda: room.server.connections == 0, "its connection is closed")


def test_the_client_needs_nothing_but_the_standard_library() -> None:
    program = "import sys, grace_tui.faces.remote.client\nprint(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if not name.startswith("_")} - set(sys.stdlib_module_names)
    assert ours <= {"grace_tui", "sitecustomize"}
