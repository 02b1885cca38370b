"""A room on which actions are called as the engine calls them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.healing.playbooks.actions import Call, Done
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room.actions import RoomActions
from grace_tui.settings import Settings
from tests.room.bench import QUICK, Bench, opened


@dataclass
class Actor(Bench):
    kernel: str = "one"
    incident_of_call: IncidentRecord = field(init=False)

    def __post_init__(self) -> None:
        self.incident_of_call = self.room.parts.book.report(self.kernel, "QueueGrowth", "for the test", "tester")

    @property
    def actions(self) -> RoomActions:
        return RoomActions(self.room)

    def call(self, action: str, arguments: dict[str, object]) -> Call:
        return Call(action, arguments, self.incident_of_call, "R-1", "tester")

    async def do(self, action: str, **arguments: object) -> Done:
        return await self.actions.do(self.call(action, arguments))

    async def approved(self, action: str, **arguments: object) -> Done:
        return await self.actions.approved(self.call(action, arguments))

    async def undo(self, action: str, done: Done, **arguments: object) -> str:
        """Take it back by what a store would have kept of it."""
        assert done.undo is not None, f"{action} left nothing to take back"
        kept = json.loads(json.dumps(done.undo))
        return await self.actions.undo(self.call(action, arguments), kept)


@asynccontextmanager
async def acting(root: Path, settings: Settings = QUICK, *, kernel: str = "one") -> AsyncIterator[Actor]:
    async with opened(root, settings) as bench:
        yield Actor(bench.room, bench.hub, kernel)
