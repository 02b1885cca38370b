"""A room that is opening lets whoever asks wait, so that `up --detach && status` never meets a closed door."""

import asyncio
from pathlib import Path

from grace_tui.room.hub import ViewHub
from grace_tui.room.thread import RoomThread
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace


async def test_command_asked_while_the_room_opens_is_answered_when_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    workspace = Workspace(tmp_path)
    workspace.prepare()
    room = RoomThread(workspace, Settings(), ViewHub())
    room.start()
    try:
        answer = await room.ask("kernel.list", {})
        assert (answer["ok"], answer["data"]) == (True, {"kernels": ()})
    finally:
        room.stop()
        assert await asyncio.to_thread(room.join, 10.0)
    assert (await room.ask("kernel.list", {}))["text"] == "the room is not open"
