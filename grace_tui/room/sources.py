"""Which host each kernel of this workspace lives in: decided by its settings, its spec, and what it did."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio

from grace_tui.kernel.spec import Isolation
from grace_tui.room.moves import Moves
from grace_tui.runtime.hosts.process.source import FileSource
from grace_tui.runtime.hosts.source import Source, TaskSource

if TYPE_CHECKING:
    from grace_tui.room.core import Room
    from grace_tui.runtime.hosts.process.pool import ProcessPool


class Sources:
    """Made once a room; called with every kernel that is taken in."""

    def __init__(self, room: "Room") -> None:
        self.room = room
        workspace = room.parts.workspace
        self.moves = Moves(workspace.state / "moved.json", workspace.kernels)
        self._processes: ProcessPool | None = None
        # Imports hold one another's locks and the interpreter's: side by side they only delay the screen.
        self.turns = anyio.CapacityLimiter(1)
        # Starting a program holds the interpreter: many at a time would only delay the screen too.
        self.command_turns = anyio.CapacityLimiter(4)

    def __call__(self, name: str) -> Source:
        command = self.room.settings.kernel(name).command
        if command is not None:
            from grace_tui.runtime.hosts.command.source import CommandSource

            return CommandSource(command, self.room.parts.workspace.root, self.command_turns)
        return FileSource(
            TaskSource(self.room.parts.loader, self.turns),
            self._pool,
            lambda: self.isolation(name),
            lambda: self.room.settings.kernel(name).limits,
        )

    async def close(self) -> None:
        """End the processes that are left."""
        if self._processes is not None:
            await self._processes.close()

    def _pool(self) -> "ProcessPool":
        """The processes of this room, once one is needed."""
        if self._processes is None:
            from grace_tui.room import hosted
            from grace_tui.runtime.hosts.process.pool import ProcessPool

            root = self.room.parts.workspace.root

            def describe(error: BaseException, kernel: str, phase: str) -> Mapping[str, object]:
                return hosted.describe(error, kernel, phase, root)

            self._processes = ProcessPool(root, hosted.ENTRY, describe, self.room.parts.kernel_log)
        return self._processes

    def move(self, name: str, reason: str) -> None:
        """Let a kernel live in a process from its next start on, until its file changes."""
        self.moves.add(name, reason)

    def move_back(self, name: str) -> None:
        """Let a kernel that was moved live where its spec says, from its next start on."""
        self.moves.remove(name)

    def isolation(self, name: str) -> tuple[Isolation | None, str]:
        """What is asked for beside the kernel's own word, and why it was moved there; settings come first."""
        asked = self.room.settings.kernel(name).isolation
        if asked is not None:
            return asked, ""
        reason = self.moves.reason(name)
        return ("process", reason) if reason else (None, "")
