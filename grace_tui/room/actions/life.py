"""Actions on the life of a kernel: restart, start, stop, pause, resume, quarantine, and waiting for a state."""

from typing import TYPE_CHECKING

import anyio

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_texts
from grace_tui.room.actions.pausing import pause_all, resume_untouched
from grace_tui.room.actions.waiting import members, until_running, until_stopped, why
from grace_tui.runtime.supervisor.child import Child

if TYPE_CHECKING:
    from grace_tui.room.core import Room


async def restart(room: "Room", asked: Asked) -> Done:
    within = asked.seconds("within")
    children = members(room, asked.kernel())
    for child in children:
        await room.rereading.renew(child.name)
        room.supervisor.restart(child.name)
    for child in children:
        await until_running(child, within)
    return Done(f"{_names(children)} restarted")


async def start(room: "Room", asked: Asked) -> Done:
    within = asked.seconds("within")
    down = [child for child in members(room, asked.kernel()) if not _is_up(child)]
    if not down:
        return Done(f"{asked.kernel()} runs already")
    undo = {"stop": [child.name for child in down if not child.wanted]}
    for child in down:
        await room.rereading.renew(child.name)
        room.supervisor.start(child.name)
    for child in down:
        await until_running(child, within)
    return Done(f"{_names(down)} started", undo=undo)


async def start_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    """Stop those that were stopped before; one that had failed is left running, for that is no state to go back to."""
    return await _stop([room.supervisor.child(name) for name in undo_texts(undo, "stop")], room, asked)


async def stop(room: "Room", asked: Asked) -> Done:
    up = [child for child in members(room, asked.kernel()) if child.wanted]
    if not up:
        return Done(f"{asked.kernel()} is stopped already")
    undo = {"start": [child.name for child in up]}
    return Done(await _stop(up, room, asked), undo=undo)


async def stop_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    children = [room.supervisor.child(name) for name in undo_texts(undo, "start")]
    stopped = [child for child in children if not child.wanted]
    for child in stopped:
        room.supervisor.start(child.name)
    for child in stopped:
        await until_running(child, asked.seconds("within"))
    return f"{_names(stopped)} started again" if stopped else "started already by somebody"


async def pause(room: "Room", asked: Asked) -> Done:
    children = [child for child in members(room, asked.kernel()) if child.state != "paused"]
    if not children:
        return Done(f"{asked.kernel()} is paused already")
    return Done(f"{_names(children)} paused", undo={"paused": pause_all(room, children, asked)})


async def resume(room: "Room", asked: Asked) -> Done:
    paused = [child for child in members(room, asked.kernel()) if child.state == "paused"]
    if not paused:
        return Done(f"{asked.kernel()} is not paused")
    for child in paused:
        room.supervisor.resume(child.name)
    return Done(f"{_names(paused)} resumed", undo={"pause": [child.name for child in paused]})


async def pause_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    resumed = resume_untouched(room, undo.get("paused"))
    return f"{', '.join(resumed)} resumed" if resumed else "nobody is held by that pause any more"


async def resume_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    running = [child for child in _known(room, undo_texts(undo, "pause")) if child.state == "running"]
    pause_all(room, running, asked)
    return f"{_names(running)} paused" if running else "not running any more"


async def quarantine(room: "Room", asked: Asked) -> Done:
    children = [child for child in members(room, asked.kernel()) if child.wanted and not child.barred]
    if not children:
        return Done(f"{asked.kernel()} is down already")
    for child in children:
        room.supervisor.quarantine(child.name, f"{asked.text('reason')} (by {asked.by})")
    for child in children:
        with anyio.move_on_after(4 * child.spec.stop_timeout + 5):
            while child.scope is not None:
                await child.moved.wait()
        if child.scope is not None:
            raise ActionFailed(f"{child.name} is {child.state} and does not end: {why(child)}")
    return Done(f"{_names(children)} in quarantine", undo={"start": [child.name for child in children]})


async def quarantine_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    held = [child for child in _known(room, undo_texts(undo, "start")) if child.barred]
    for child in held:
        room.supervisor.start(child.name)
    for child in held:
        await until_running(child, child.spec.start_timeout * 2)
    return f"{_names(held)} released" if held else "released already"


async def wait_until(room: "Room", asked: Asked) -> Done:
    state, stays, within = asked.text("state"), asked.seconds("stays"), asked.seconds("within")
    children = members(room, asked.kernel())
    with anyio.move_on_after(within):
        while not await _all_stay(children, state, stays):
            pass
        return Done(f"{_names(children)} {state}" + (f" for {stays:g} s" if stays else ""))
    found = "; ".join(f"{child.name} is {child.state}: {why(child)}" for child in children if child.state != state)
    raise ActionFailed(f"not {state} for {stays:g} s within {within:g} s: {found or 'it did not stay so'}")


async def _all_stay(children: tuple[Child, ...], state: str, seconds: float) -> bool:
    """Wait until each is in the state, and then for a time in which none leaves it."""
    for child in children:
        while child.state != state or (state == "running" and child.is_changing):
            await child.moved.wait()
    with anyio.move_on_after(seconds) as quiet:
        async with anyio.create_task_group() as tasks:
            for child in children:
                tasks.start_soon(_first_move, child, tasks.cancel_scope)
    return quiet.cancelled_caught and all(child.state == state for child in children)


async def _first_move(child: Child, scope: anyio.CancelScope) -> None:
    await child.moved.wait()
    scope.cancel()


async def _stop(children: list[Child], room: "Room", asked: Asked) -> str:
    for child in children:
        room.supervisor.stop(child.name, f"stopped by {asked.by}")
    for child in children:
        await until_stopped(child, asked.seconds("within"))
    return f"{_names(children)} stopped" if children else "there was nothing to stop"


def _known(room: "Room", names: tuple[str, ...]) -> list[Child]:
    """Those that are still there."""
    return [room.supervisor.children[name] for name in names if name in room.supervisor.children]


def _is_up(child: Child) -> bool:
    return child.wanted and child.state in ("running", "paused", "starting")


def _names(children: "list[Child] | tuple[Child, ...]") -> str:
    return ", ".join(child.name for child in children)


ACTS = {
    "restart": Act(restart),
    "start": Act(start, start_undo),
    "stop": Act(stop, stop_undo),
    "pause": Act(pause, pause_undo),
    "resume": Act(resume, resume_undo),
    "quarantine": Act(quarantine, quarantine_undo),
    "wait_until": Act(wait_until),
}
