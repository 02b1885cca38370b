"""Commands about repairs: list and show them, and what a person decides: approve, reject, edit, retry, undo."""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING

import anyio

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import TaskRecord
from grace_tui.room import telling_tasks as telling
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word
from grace_tui.room.viewing import task_view

if TYPE_CHECKING:
    from grace_tui.room.core import Room

WAIT_SECONDS = 10
"""Longest that an answer waits; what takes longer is carried out all the same."""


async def task_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    return answer("", {"tasks": [task_view(task) for task in room.parts.queue.all()]})


async def task_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    task = _known(room, arguments)
    return answer(telling.task_more(task) if arguments.get("more") else telling.task(task), task)


async def task_approve(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Apply a repair that waits for a person."""
    task_id = word(arguments, "id")
    return await _within(room.healer.approve(task_id, by), f"{task_id} approved", "it is being applied")


async def task_reject(room: "Room", arguments: Arguments, by: str) -> Answer:
    task_id = word(arguments, "id")
    return answer(f"{task_id} rejected", await room.healer.reject(task_id, by))


async def task_edit(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Put a person's `diff` through every gate; it waits for approval then."""
    task_id, diff = word(arguments, "id"), word(arguments, "diff")
    return await _within(room.healer.edit(task_id, diff, by), f"{task_id} edited", "its gates are under way")


async def task_retry(room: "Room", arguments: Arguments, by: str) -> Answer:
    task = await room.healer.retry(word(arguments, "id"), by)
    return answer(f"{task.id} is queued again", task)


async def task_undo(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Take a learned repair back, exactly."""
    reason = str(arguments.get("reason") or "")
    task = await room.healer.undo(word(arguments, "id"), by, reason)
    return answer(f"{task.id} is undone: {', '.join(task.files)} as before", task)


async def _within(work: Awaitable[TaskRecord], done: str, meanwhile: str) -> Answer:
    with anyio.move_on_after(WAIT_SECONDS):
        record = await work
        said = f"{done}, and {record.state.replace('_', ' ')}: {record.detail}".rstrip(": ")
        return answer(said, record)
    return answer(f"{done}; {meanwhile}")


def _known(room: "Room", arguments: Arguments) -> TaskRecord:
    task_id = word(arguments, "id")
    task = room.parts.queue.get(task_id)
    if task is None:
        raise GraceError(f"there is no task {task_id!r}")
    return task


COMMANDS: Mapping[str, Command] = {
    "task.list": Command(task_list),
    "task.show": Command(task_show),
    "task.approve": Command(task_approve, acts=True),
    "task.reject": Command(task_reject, acts=True),
    "task.edit": Command(task_edit, acts=True),
    "task.retry": Command(task_retry, acts=True),
    "task.undo": Command(task_undo, acts=True),
}
