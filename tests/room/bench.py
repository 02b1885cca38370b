"""Real rooms over small kernels written into a temporary workspace, and the ways to wait for what they show."""

import asyncio
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace_tui.faces.views import IncidentView, KernelView, RoomView
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.room.thread import RoomThread
from grace_tui.settings import Settings
from grace_tui.settings.model import RepairSettings, RoomSettings, SupervisorSettings
from grace_tui.workspace import Workspace

PATIENCE = 20.0
"""Seconds a condition may take on a loaded machine; reached at once on any other."""
QUICK = Settings(
    room=RoomSettings(screen_rate=30),
    supervisor=SupervisorSettings(backoff_base=0.01, backoff_cap=0.02, backoff_jitter=0, intensity=2),
    repair=RepairSettings(watch_window=0.1),
)
CALM = '''
    """Does nothing, calmly."""

    from grace_tui.kernel import Kernel, KernelSpec

    class {name}(Kernel):
        spec = KernelSpec({spec})
'''
TOLD = '''
    """Does one thing when it is told to."""

    import asyncio
    import time

    from grace_tui.kernel import Kernel

    class Told(Kernel):
        async def run(self):
            async for message in self.subscribe("told.*"):
                {act}
'''

Condition = Callable[[RoomView], object]


@dataclass
class Bench:
    """A room on the test's own loop."""

    room: Room
    hub: ViewHub

    async def until(self, reached: Condition) -> RoomView:
        """The first view that has it."""
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def note() -> None:
            loop.call_soon_threadsafe(changed.set)

        stop = self.hub.listen(note)
        try:
            async with asyncio.timeout(PATIENCE):
                while (view := self.hub.latest()) is None or not reached(view):
                    await changed.wait()
                    changed.clear()
        except TimeoutError:
            raise AssertionError(f"not within {PATIENCE:g} s; the last view is {self.hub.latest()}") from None
        finally:
            stop()
        return view

    async def running(self, *names: str) -> RoomView:
        return await self.until(lambda view: all(kernel_of(view, name).state == "running" for name in names))

    async def incident(self, kernel: str) -> IncidentView:
        return incident_of(await self.until(lambda view: has_incident(view, kernel)), kernel)

    async def answer(self, verb: str, **arguments: object) -> Mapping[str, Any]:
        return await self.room.answer(verb, arguments, "tester")

    def audited(self, action: str) -> list[Mapping[str, Any]]:
        """Audit records of an action, oldest first."""
        found = [entry.record for entry in self.room.parts.audit.tail(1000)]
        return [record for record in found if record.get("action") == action]


def write(root: Path, name: str, source: str) -> Path:
    path = root / "kernels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source).lstrip(), encoding="utf-8")
    return path


def calm(root: Path, *names: str, spec: str = "") -> None:
    for name in names:
        write(root, f"{name}.py", CALM.format(name=name.title().replace("_", ""), spec=spec))


def told(root: Path, act: str) -> None:
    """A kernel `told` that runs `act` when a message comes on a topic below `told.`."""
    write(root, "told.py", TOLD.format(act=act))


@asynccontextmanager
async def opened(root: Path, settings: Settings = QUICK) -> AsyncIterator[Bench]:
    hub = ViewHub()
    async with open_room(Workspace(root), settings, hub) as room:
        yield Bench(room, hub)


@contextmanager
def on_thread(root: Path, settings: Settings = QUICK, ask_seconds: float = PATIENCE) -> Iterator[RoomThread]:
    """A room on the supervisor's thread, as the program has it; closed with the context."""
    thread = RoomThread(Workspace(root), settings, ViewHub(), ask_seconds=ask_seconds)
    thread.start()
    try:
        assert thread.opened.wait(PATIENCE)
        yield thread
    finally:
        thread.stop()
        assert thread.join(PATIENCE), "the room does not close"
        if thread.error is not None:
            raise thread.error


def wait_for(thread: RoomThread, reached: Condition) -> RoomView:
    """The first view of a room on its thread that has it."""
    changed, deadline = threading.Event(), time.monotonic() + PATIENCE
    stop = thread.hub.listen(changed.set)
    try:
        while (view := thread.hub.latest()) is None or not reached(view):
            changed.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"not within {PATIENCE:g} s; alive: {thread.alive}; the last view is {view}"
            changed.wait(left)
    finally:
        stop()
    return view


def tell(thread: RoomThread, topic: str = "told.once") -> None:
    """Publish a message inside the room."""
    room = thread.room
    assert room is not None
    thread.post(lambda: room.parts.bus.publish(topic, {}, source="tester"))


def kernel_of(view: RoomView, name: str) -> KernelView:
    return next(kernel for kernel in view.kernels if kernel.name == name)


def incident_of(view: RoomView, kernel: str) -> IncidentView:
    return next(found for found in view.incidents if found.kernel == kernel)


def has_incident(view: RoomView, kernel: str) -> bool:
    return any(found.kernel == kernel for found in view.incidents)
