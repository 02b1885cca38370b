"""The composition root: opens every part on the supervisor's loop, in an order in which each can report to the last.

The only place that knows all parts, in the order in which they begin and end.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import anyio

from grace_tui.healing.healer import Healer
from grace_tui.room.contexts import supervision
from grace_tui.room.core import Room
from grace_tui.room.guarding import Abandoned, GiveUp
from grace_tui.room.hooks import Hooks, healing_limits
from grace_tui.room.hub import ViewHub
from grace_tui.room.parts import open_parts
from grace_tui.room.playing import open_playbooks, recover_runs
from grace_tui.room.preboot import scan_before_boot
from grace_tui.room.remembering import tell_stored
from grace_tui.room.rereading import FILE
from grace_tui.room.silencing import Silencing
from grace_tui.runtime.supervisor import open_supervisor
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace


@asynccontextmanager
async def open_room(
    workspace: Workspace,
    settings: Settings,
    hub: ViewHub,
    *,
    may_load: anyio.Event | None = None,
    give_up: GiveUp | None = None,
    abandoned: Abandoned | None = None,
) -> AsyncIterator[Room]:
    """Open a room on the running loop; leaving the context stops the kernels in order and closes the stores.

    `give_up` opens the room anew where this loop is held for good; `abandoned` tells a room that it was opened so.
    """
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        parts = open_parts(workspace, settings)
        room = Room(tasks, parts, hub, settings, give_up)
        parts.open_book(room.evidence.sources())
        room.silencing = Silencing(room)
        stack.callback(parts.close)
        stack.callback(room.evidence.close)
        room.healer = open_healer(room)
        room.playbooks = room.healer.playbooks = open_playbooks(room, room.judging)
        stack.push_async_callback(room.healer.close)
        stack.push_async_callback(room.playbooks.close)
        stack.push_async_callback(room.sources.close)
        room.supervisor = await stack.enter_async_context(open_supervisor(supervision(room, may_load)))
        stack.enter_context(_guarded(room))
        await scan_before_boot(room)
        _add_kernels(room)
        room.family.meet()
        tell_stored(room)
        for job in (room.showing.publish, *room.duties.jobs()):
            tasks.start_soon(job, name=job.__name__)
        tasks.start_soon(recover_runs, room, name="recover_runs")
        if abandoned is not None:
            room.guarding.take_over(abandoned)
        parts.audit.append({"actor": "room", "action": "room.opened", "resource": str(workspace.root)})
        try:
            yield room
        finally:
            room.closing = True
            if not room.fenced:
                await _close(room)
            tasks.cancel_scope.cancel()


async def _close(room: Room) -> None:
    room.spared(room.show)
    room.stop_watching.set()
    with anyio.CancelScope(shield=True):
        await room.supervisor.stop_all()
    room.spared(room.show)
    room.parts.audit.append({"actor": "room", "action": "room.closed", "resource": str(room.parts.workspace.root)})


def _add_kernels(room: Room) -> None:
    """Every kernel on disk, and those that should be there: a missing file is a failure to be seen, not an absence."""
    found = dict(room.parts.loader.names())
    expected = {*room.known.names, *room.settings.kernels}
    for name in sorted(expected - set(found)):
        found[name] = f"kernels/{name}.py"
    for name, path in found.items():
        if room.settings.kernel(name).command is not None:
            path = FILE
        room.supervisor.add(name, path, wanted=room.settings.kernel(name).enabled)


def open_healer(room: Room) -> Healer:
    """Open the repair library on this room, after what a killed room left half done is put right."""
    parts = room.parts
    healer = Healer(
        parts.workspace.root,
        parts.workspace.state,
        parts.book,
        parts.queue,
        Hooks(room),
        parts.clock,
        watch_seconds=room.settings.repair.watch_window,
        limits=healing_limits(room.settings),
    )
    for recovered in healer.recover():
        parts.log.warning("a half-done repair was put right", repair=str(recovered))
    parts.queue.release_orphans()
    return healer


@contextmanager
def _guarded(room: Room) -> Iterator[None]:
    """Watch over the loop from another thread."""
    room.beat.start()
    guard = room.guarding.guard()
    guard.start()
    try:
        yield
    finally:
        room.beat.stop()
        guard.stop()
