"""Which host each kernel of this workspace lives in: decided by its settings, its spec, and what it did."""

from typing import TYPE_CHECKING

import anyio

from grace_tui.runtime.hosts import Source, TaskSource

if TYPE_CHECKING:
    from grace_tui.room.core import Room


class Sources:
    """Made once a room; called with every kernel that is taken in."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        # Imports hold one another's locks and the interpreter's: side by side they only delay the screen.
        self.turns = anyio.CapacityLimiter(1)
        # Starting a program holds the interpreter: many at a time would only delay the screen too.
        self.command_turns = anyio.CapacityLimiter(4)

    def __call__(self, name: str) -> Source:
        command = self.room.settings.kernel(name).command
        if command is not None:
            from grace_tui.runtime.hosts.command.source import CommandSource

            return CommandSource(command, self.room.parts.workspace.root, self.command_turns)
        return TaskSource(self.room.parts.loader, self.turns)
