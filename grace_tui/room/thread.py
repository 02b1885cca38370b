"""The supervisor's thread seen from the others: start it, ask it, stop it. Nothing here waits on a blocked loop."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Mapping
from typing import Any

import anyio

from grace_tui.room.core import Room, open_room
from grace_tui.room.hub import ViewHub
from grace_tui.runtime.loop import LoopThread
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace

ASK_SECONDS = 15.0
"""How long a question may take before the asker is told that the supervisor does not answer."""

Answer = Mapping[str, Any]


class RoomThread:
    """One room on a thread of its own; `hub` gets its views and may outlive it."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        hub: ViewHub,
        *,
        screen_first: bool = False,
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        self.workspace, self.settings, self.hub = workspace, settings, hub
        self.ask_seconds = ask_seconds
        self.screen_first = screen_first
        self.room: Room | None = None
        self.opened = threading.Event()
        self._stop: anyio.Event | None = None
        self._may_load: anyio.Event | None = None
        self._thread = LoopThread(self._main)

    def start(self) -> None:
        self._thread.start()

    def screen_is_up(self) -> None:
        """The first screen has been painted: the kernels may now be imported."""
        self._thread.post(self._allow_loading)

    def stop(self) -> None:
        """Ask the room to close; `join` waits for it."""
        self._thread.post(self._request_stop)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; False where it takes longer."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def error(self) -> BaseException | None:
        """What ended the room, where it was not asked to end."""
        return _only(self._thread.error)

    def set_banner(self, text: str) -> None:
        self._with_room(lambda room: room.set_banner(text))

    def set_screens(self, count: int) -> None:
        self._with_room(lambda room: room.set_screens(count))

    async def ask(self, verb: str, arguments: Mapping[str, object], *, by: str = "screen") -> Answer:
        """Ask the room from another loop and wait for the answer, at most `ask_seconds`."""
        if not self.opened.is_set():  # the socket answers before the room is open
            await asyncio.to_thread(self.opened.wait, self.ask_seconds)
        future = self.submit(verb, arguments, by=by)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.ask_seconds)
        except TimeoutError:
            late = f"the supervisor has not answered {verb} within {self.ask_seconds:g} s"
            return {"ok": False, "text": late, "data": {}}

    def submit(self, verb: str, arguments: Mapping[str, object], *, by: str) -> "concurrent.futures.Future[Answer]":
        """Hand a command to the supervisor's loop; never waits."""
        future: concurrent.futures.Future[Answer] = concurrent.futures.Future()

        def post(room: Room) -> None:
            room.post(verb, arguments, by, future)

        if not self._with_room(post):
            future.set_result({"ok": False, "text": "the room is not open", "data": {}})
        return future

    def _with_room(self, act: Callable[[Room], None]) -> bool:
        if self.room is None:
            return False
        room = self.room
        return self._thread.post(lambda: act(room))

    async def _main(self) -> None:
        self._stop = anyio.Event()
        if self.screen_first:
            self._may_load = anyio.Event()
        try:
            async with open_room(self.workspace, self.settings, self.hub, may_load=self._may_load) as room:
                self.room = room
                self.opened.set()
                await self._stop.wait()
        finally:
            self.room = None
            self.opened.set()

    def _request_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()
        self._allow_loading()

    def _allow_loading(self) -> None:
        if self._may_load is not None:
            self._may_load.set()


def _only(error: BaseException | None) -> BaseException | None:
    """The one error in nested groups of one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
