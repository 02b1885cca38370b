"""The supervisor's thread seen from the others: start it, ask it, stop it. Nothing here waits on a blocked loop.

Where a kernel holds the loop for good, the loop is given up: its room is fenced off, and another room is opened on a
fresh loop behind the same door. Those who ask, watch and wait here notice no more than a pause.
"""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import msgspec

from grace_tui.faces.views import RoomView
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.guarding import Abandoned
from grace_tui.room.hub import ViewHub
from grace_tui.runtime.loop import LoopThread
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace

ASK_SECONDS = 15.0
"""How long a question may take before the asker is told that the supervisor does not answer."""

EARLY_SECONDS, LOOK_SECONDS = 2.0, 0.5
"""A kernel that holds the loop for so long may hold it for longer: whoever asks is told, and that is looked for."""

Answer = Mapping[str, Any]
Asked = concurrent.futures.Future[Answer]


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
        self.opened = threading.Event()
        self._lock = threading.Lock()
        self._asked: set[Asked] = set()
        self._stopped = False
        self._banner, self._screens = "", 0
        self._life = _Life(self, screen_first=screen_first)

    def start(self) -> None:
        self._life.thread.start()

    @property
    def room(self) -> Room | None:
        """The room, while it is open."""
        return self._life.room

    def screen_is_up(self) -> None:
        """The first screen has been painted: the kernels may now be imported."""
        self._life.allow_loading()

    def stop(self) -> None:
        """Ask the room to close; `join` waits for it."""
        with self._lock:
            self._stopped = True
            self._life.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; False where it takes longer."""
        while True:
            life = self._life
            life.thread.join(timeout)
            if life.thread.is_alive():
                return False
            with self._lock:
                if life is self._life:
                    return True

    def post(self, act: Callable[[], object]) -> bool:
        """Run `act` on the room's loop soon; False where it has ended."""
        return self._life.thread.post(act)

    @property
    def alive(self) -> bool:
        return self._life.thread.is_alive()

    @property
    def escaped(self) -> int:
        """How often an exception left the loop, and the loop was entered again."""
        return self._life.thread.escaped

    @property
    def error(self) -> BaseException | None:
        """What ended the room, where it was not asked to end."""
        return _only(self._life.thread.error)

    def set_banner(self, text: str) -> None:
        self._banner = text
        self._with_room(lambda room: room.set_banner(text))

    def set_screens(self, count: int) -> None:
        self._screens = count
        self._with_room(lambda room: room.set_screens(count))

    async def ask(self, verb: str, arguments: Mapping[str, object], *, by: str = "screen") -> Answer:
        """Ask the room from another loop and wait for the answer, at most `ask_seconds`."""
        if not self.opened.is_set():  # the socket answers before the room is open
            await asyncio.to_thread(self.opened.wait, self.ask_seconds)
        if verb == "status" and (held := self._held()) is not None:
            return {"ok": True, "text": "", "data": msgspec.to_builtins(held)}
        future = self.submit(verb, arguments, by=by)
        try:
            return await self._answered(verb, future)
        finally:
            future.cancel()  # what its asker does not wait for any more is not begun

    async def _answered(self, verb: str, future: Asked) -> Answer:
        """The answer; or, early where a kernel holds the loop and it may take long, that there is none."""
        answered = asyncio.wrap_future(future)
        left = self.ask_seconds
        while left > 0:
            if (await asyncio.wait({answered}, timeout=min(LOOK_SECONDS, left)))[0]:
                return answered.result()
            left -= LOOK_SECONDS
            held = self._held()
            if held is not None and held.loop_lag_ms >= EARLY_SECONDS * 1000:
                what = f"{verb} is not done" if future.cancel() else f"{verb} goes on unseen"
                return {"ok": False, "text": f"{what}: {held.stall}", "data": {}}
        late = f"the supervisor has not answered {verb} within {self.ask_seconds:g} s"
        return {"ok": False, "text": late, "data": {}}

    def _held(self) -> RoomView | None:
        """The newest view while a kernel holds the loop, which says so; else None."""
        view = self.hub.latest()
        return view if view is not None and view.stall else None

    def submit(self, verb: str, arguments: Mapping[str, object], *, by: str) -> Asked:
        """Hand a command to the supervisor's loop; never waits."""
        future: Asked = concurrent.futures.Future()
        with self._lock:  # or the loop might be given up between the two, and nobody answer
            self._asked.add(future)
            handed = self._with_room(lambda room: room.post(verb, arguments, by, future))
        future.add_done_callback(self._asked.discard)
        if not handed:
            future.set_result({"ok": False, "text": "the room is not open", "data": {}})
        return future

    def _with_room(self, act: Callable[[Room], None]) -> bool:
        room = self._life.room
        return room is not None and self._life.thread.post(lambda: act(room))

    def give_up(self, life: "_Life", abandoned: Abandoned) -> None:
        """Open the room on a fresh loop; on the guard's thread, which has just given the old one up."""
        with self._lock:
            room = life.room
            if life is not self._life or self._stopped or room is None:
                return
            self.opened.clear()
            life.room = None
            unanswered = tuple(self._asked)
            room.fence()
            self.settings = room.settings  # with what was taken from grace.toml meanwhile
            life.thread.abandon()
            self._life = _Life(self, screen_first=False, abandoned=abandoned)
            self._life.thread.start()
        block = abandoned.block
        text = f"the loop was given up: {block.kernel or 'the core'} held it at {block.place}; ask again"
        for future in unanswered:
            with contextlib.suppress(concurrent.futures.InvalidStateError):  # answered, or given up by its asker
                future.set_result({"ok": False, "text": text, "data": {}})

    def entered(self, life: "_Life", room: Room) -> None:
        """A room has opened, on its loop."""
        if life is self._life:
            room.set_banner(self._banner)
            room.set_screens(self._screens)
            self.opened.set()

    def left(self, life: "_Life") -> None:
        """A room has closed, on its loop."""
        if life is self._life:
            self.opened.set()  # nobody waits for it any more


class _Life:
    """One loop of a room's thread, and the room on it."""

    def __init__(self, owner: RoomThread, *, screen_first: bool, abandoned: Abandoned | None = None) -> None:
        self.owner, self.screen_first, self.abandoned = owner, screen_first, abandoned
        self.room: Room | None = None
        self.thread = LoopThread(self._main)
        self._stopping = self._loading = False
        """What was asked before the loop had an event for it."""
        self._stop: anyio.Event | None = None
        self._may_load: anyio.Event | None = None

    def stop(self) -> None:
        self.thread.post(self._request_stop)

    def allow_loading(self) -> None:
        self.thread.post(self._allow_loading)

    async def _main(self) -> None:
        owner = self.owner
        self._stop = anyio.Event()
        if self.screen_first:
            self._may_load = anyio.Event()
        if self._loading:
            self._allow_loading()
        if self._stopping:
            self._stop.set()
        opening = open_room(
            owner.workspace,
            owner.settings,
            owner.hub,
            may_load=self._may_load,
            give_up=lambda abandoned: owner.give_up(self, abandoned),
            abandoned=self.abandoned,
        )
        try:
            async with opening as room:
                self.room, self.abandoned = room, None
                owner.entered(self, room)
                await self._stop.wait()
        finally:
            self.room = None
            owner.left(self)

    def _request_stop(self) -> None:
        self._stopping = True
        if self._stop is not None:
            self._stop.set()
        self._allow_loading()

    def _allow_loading(self) -> None:
        self._loading = True
        if self._may_load is not None:
            self._may_load.set()


def _only(error: BaseException | None) -> BaseException | None:
    """The one error in nested groups of one."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
