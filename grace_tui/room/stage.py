"""What the faces hold on to: the one room that is open now. A drill closes a room and opens the next behind it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from grace_tui.kernel.errors import GraceError
from grace_tui.room.hub import ViewHub
from grace_tui.room.thread import RoomThread
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace


class Script(Protocol):
    """Something that drives a stage by itself, such as a drill; runs on the faces' loop."""

    async def __call__(self, stage: "Stage") -> None: ...


class Stage:
    """Made and used on the faces' loop; `ended` is set once the room is closed for good."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        hub: ViewHub,
        *,
        screen_first: bool = False,
        script: Script | None = None,
    ) -> None:
        self.workspace, self.settings, self.hub = workspace, settings, hub
        self.ended = asyncio.Event()
        self._script = script
        self._room = RoomThread(workspace, settings, hub, screen_first=screen_first)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    @property
    def error(self) -> BaseException | None:
        return self._room.error

    def start(self) -> None:
        """Open the room on its thread."""
        self._room.start()
        self._spawn(self._watch(self._room))
        if self._script is not None:
            self._spawn(self._script(self))

    def stop(self) -> None:
        """Close the room; `ended` follows."""
        self._stopping = True
        self._room.stop()

    def join(self, timeout: float) -> bool:
        """Wait for the supervisor's thread, from another thread."""
        return self._room.join(timeout)

    async def reopen(self, between: Callable[[], None]) -> None:
        """Close the room, do something to its workspace, and open it again; screens stay."""
        old = self._room
        self._room = RoomThread(self.workspace, self.settings, self.hub)
        old.stop()
        if not await asyncio.to_thread(old.join, 60.0):
            raise GraceError("the room did not close within 60 s")
        await asyncio.to_thread(between)
        self._room.start()
        self._spawn(self._watch(self._room))

    def screen_is_up(self) -> None:
        self._room.screen_is_up()

    def set_banner(self, text: str) -> None:
        self._room.set_banner(text)

    def set_screens(self, count: int) -> None:
        self._room.set_screens(count)

    def on_view(self, act: Callable[[], None]) -> None:
        """Call `act` on this loop after new views, coalesced."""
        loop, waiting = asyncio.get_running_loop(), [False]

        def deliver() -> None:
            waiting[0] = False
            act()

        def note() -> None:
            if not waiting[0] and not loop.is_closed():
                waiting[0] = True
                loop.call_soon_threadsafe(deliver)

        self.hub.listen(note)

    async def ask(self, verb: str, arguments: Mapping[str, object], *, by: str) -> Mapping[str, Any]:
        """Carry out a command in the room."""
        answer = await self._room.ask(verb, arguments, by=by)
        if verb in ("leave", "down") and answer["ok"]:
            self.stop()
        return answer

    async def _watch(self, room: RoomThread) -> None:
        await asyncio.to_thread(room.join)
        if room is self._room:
            self.ended.set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
