"""From a crash to its incident, and the kernel running again, in an open room with a kernel that crashes when told."""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence

from grace_tui.kernel.events import IncidentChanged, IncidentOpened, KernelFailed, KernelStateChanged
from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.runtime.bus import Mailbox
from grace_tui.settings import Settings
from grace_tui.settings.model import SupervisorSettings
from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

WAYS, AGAIN = 60, 140
REST_SECONDS = 0.04
"""Between two crashes: long enough for the evidence of one to be written before the next."""
PATIENCE = 10.0
COUNTED = ("open", "reopened")
NAME, TOPIC = "crasher", "bench.crash"
# Without a backoff every restart is what the first one is.
SETTINGS = Settings(supervisor=SupervisorSettings(intensity=1000, backoff_base=0.0))
HEAD = '''"""Crashes when it is told to, in one of many places, so that each is an incident of its own."""

import time

from grace_tui.kernel import Kernel, Message


class Asked(Exception):
    """Carries the time at which it was raised."""


class Crasher(Kernel):
    async def run(self) -> None:
        async for message in self.subscribe("bench.crash"):
            assert isinstance(message, Message)
            getattr(self, f"way_{message.payload}")()
'''
WAY = """
    def way_{0}(self) -> None:
        raise Asked(time.perf_counter())
"""
SOURCE = HEAD + "".join(WAY.format(number) for number in range(WAYS))


def measure() -> Iterator[Row]:
    with workspace_of({NAME: SOURCE}) as workspace:
        seen = asyncio.run(_crash_often(workspace))
    yield Row("incident", "exception -> new incident on the bus", "ms", [at for at, _ in seen[1:WAYS]], 2, 20)
    yield Row("incident_again", "exception -> known incident, counted", "ms", [at for at, _ in seen[WAYS:]], 2, 20)
    yield Row("restart", "crash -> RUNNING again, no backoff", "ms", [up for _, up in seen[1:]], 0.5)


async def _crash_often(workspace: Workspace) -> Sequence[tuple[float, float]]:
    """Milliseconds from each exception to its incident and to the kernel running again."""
    async with open_room(workspace, SETTINGS, ViewHub()) as room:
        if not await room.supervisor.wait_running(NAME, PATIENCE):
            raise TimeoutError(f"{NAME} did not start: {room.supervisor.child(NAME).error}")
        box = room.parts.bus.subscribe("bench", "*", capacity=10_000)
        ways = [*range(WAYS), *itertools.repeat(0, AGAIN)]
        return [await _crash(room, box, way) for way in ways]


async def _crash(room: Room, box: Mailbox, way: int) -> tuple[float, float]:
    await asyncio.sleep(REST_SECONDS)
    while box.pop():
        pass
    room.parts.bus.publish(TOPIC, way, source="bench")
    raised = incident = running = 0.0
    while not (raised and incident and running):
        message = await box.receive(PATIENCE)
        if message is None:
            raise TimeoutError(f"crash {way} was not followed by an incident and a restart within {PATIENCE:g} s")
        now, event = time.perf_counter(), message.payload
        if isinstance(event, KernelFailed):
            raised = float(event.error.args[0])
        elif isinstance(event, IncidentOpened) or (isinstance(event, IncidentChanged) and event.state in COUNTED):
            incident = incident or now
        elif isinstance(event, KernelStateChanged) and event.new == "running":
            running = now
    return (incident - raised) * 1000, (running - raised) * 1000


GROUP = Group(("incident", "incident_again", "restart"), measure)
