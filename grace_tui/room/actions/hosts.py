"""Actions on where a kernel runs: into a process of its own, and back. What does not work is taken back at once."""

from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text
from grace_tui.room.actions.waiting import until_running

if TYPE_CHECKING:
    from grace_tui.room.core import Room


async def move_to_process(room: "Room", asked: Asked) -> Done:
    name = asked.kernel()
    if problem := _cannot_move(room, name):
        raise ActionFailed(f"{name} cannot be moved: {problem}")
    await _into_process(room, asked, name, f"moved by {asked.by} for {asked.call.incident.id}")
    return Done(f"{name} runs in a process of its own", undo={"back": name})


async def move_to_process_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    name = undo_text(undo, "back")
    if not room.sources.moves.reason(name):
        return f"{name} is not moved any more"
    await _into_task(room, asked, name)
    return f"{name} runs in a task again"


async def move_back(room: "Room", asked: Asked) -> Done:
    name = asked.kernel()
    room.supervisor.child(name)
    reason = room.sources.moves.reason(name)
    if not reason:
        raise ActionFailed(f"{name} was not moved to a process")
    await _into_task(room, asked, name)
    return Done(f"{name} runs in a task again", undo={"process": name, "reason": reason})


async def move_back_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    name = undo_text(undo, "process")
    if _cannot_move(room, name):
        return f"{name} runs in a process already"
    await _into_process(room, asked, name, undo_text(undo, "reason"))
    return f"{name} runs in a process of its own again"


def _cannot_move(room: "Room", name: str) -> str:
    child = room.supervisor.child(name)
    asked = room.settings.kernel(name).isolation
    if child.source.isolation != "task":
        return f"it runs in a {child.source.isolation} already"
    if asked is not None:
        return f'grace.toml says isolation = "{asked}"'
    return child.spec.task_only


async def _into_process(room: "Room", asked: Asked, name: str, reason: str) -> None:
    room.sources.move(name, reason)
    try:
        await _restarted(room, asked, name)
    except BaseException:  # also where the step runs out of time
        room.sources.move_back(name)
        room.supervisor.restart(name)
        raise


async def _into_task(room: "Room", asked: Asked, name: str) -> None:
    reason = room.sources.moves.reason(name)
    room.sources.move_back(name)
    try:
        await _restarted(room, asked, name)
    except BaseException:
        room.sources.move(name, reason)
        room.supervisor.restart(name)
        raise


async def _restarted(room: "Room", asked: Asked, name: str) -> None:
    room.supervisor.restart(name)
    await until_running(room.supervisor.child(name), asked.seconds("within"))


ACTS = {
    "move_to_process": Act(move_to_process, move_to_process_undo),
    "move_back": Act(move_back, move_back_undo),
}
