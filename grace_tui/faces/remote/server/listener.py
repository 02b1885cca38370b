"""The room's socket on the loop of the screens. Opened by the room; owns all connections and their tasks.

A peer that is malformed, oversized, slow or gone costs its own connection and nobody else's.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from grace_tui.faces.remote.channel import Channel
from grace_tui.faces.remote.screen import CLOSED
from grace_tui.faces.remote.screens import ScreenHost
from grace_tui.faces.remote.server.claim import Claim, claim
from grace_tui.faces.remote.server.commands import CommandClient
from grace_tui.faces.remote.server.connection import Connection
from grace_tui.faces.remote.server.watchers import Watchers
from grace_tui.faces.remote.server.wire import Commands
from grace_tui.faces.views import RoomView

MAX_CONNECTIONS: Final = 64

CommandErrorSink = Callable[[str, Exception], None]
"""Told a verb and the unexpected error it died of."""


class RoomServer:
    def __init__(self, screens: ScreenHost, commands: Commands, on_error: CommandErrorSink, uid: int) -> None:
        self._screens, self._commands, self._on_error, self._uid = screens, commands, on_error, uid
        self._serving: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._watchers = Watchers()

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def watchers(self) -> int:
        return self._watchers.count

    def publish(self, view: RoomView) -> None:
        """Show the room to whoever watches. Called on this loop with every new view; cheap when nobody does."""
        self._watchers.publish(view)

    async def close(self) -> None:
        """Hang up on every client; the screens that came through this socket end in their own order."""
        self._watchers.close()
        waiting = tuple(self._connections)
        for connection in waiting:
            if connection.screen is None:
                connection.hang_up("closed", CLOSED)
            else:
                self._screens.close(connection.screen)
        for connection in waiting:
            await connection.gone.wait()
        if self._serving:
            await asyncio.wait(self._serving)

    # What connections ask for.

    def arrive(self, connection: Connection) -> str:
        if connection.peer.uid != self._uid:
            return f"uid {connection.peer.uid} may not enter a room of uid {self._uid}"
        if len(self._connections) >= MAX_CONNECTIONS:
            return f"{MAX_CONNECTIONS} are connected already"
        self._connections.add(connection)
        return ""

    def depart(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def open_screen(self, channel: Channel) -> None:
        self._screens.start(channel)

    def open_client(self, connection: Connection) -> tuple[CommandClient, Callable[[], object]]:
        client = CommandClient(connection, self._commands, self._watchers, self._on_error)
        task = asyncio.get_running_loop().create_task(client.serve(), name=f"commands of {connection.peer}")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return client, task.cancel


@asynccontextmanager
async def open_server(
    path: Path, screens: ScreenHost, commands: Commands, *, on_error: CommandErrorSink, uid: int | None = None
) -> AsyncIterator[RoomServer]:
    """Serve the socket at `path` on the running loop to processes of `uid` (this process's own by default).

    Raises:
        RoomIsOpen: a living room has it.
    """
    claimed = await asyncio.to_thread(claim, path)
    try:
        server = RoomServer(screens, commands, on_error, os.geteuid() if uid is None else uid)
        async with _listening(claimed, server):
            yield server
    finally:
        await asyncio.to_thread(claimed.release)


@asynccontextmanager
async def _listening(claimed: Claim, server: RoomServer) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    listener = await loop.create_unix_server(lambda: Connection(server), sock=claimed.listener)
    try:
        yield
    finally:
        listener.close()
        await server.close()
