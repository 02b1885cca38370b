"""Scaling a group of replicas while the room is open: all of it, or back to the former number."""

from typing import TYPE_CHECKING

import anyio

from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.room.actions.act import Act, Undo
from grace_tui.room.actions.asked import Asked, undo_text
from grace_tui.room.actions.waiting import until_running
from grace_tui.room.replicas import members

if TYPE_CHECKING:
    from grace_tui.room.core import Room

MOST = 999
"""As many as the settings take."""


async def scale(room: "Room", asked: Asked) -> Done:
    group = room.replicas.group_of(asked.kernel())
    async with room.replicas.lock:
        now = len(members(room.settings, group))
        count = _wanted(asked, group, now)
        if count == now:
            return Done(f"{group} has {now} replicas already")
        await _change(room, asked, group, now, count)
        return Done(f"{group} has {count} replicas, after {now}", undo={"group": group, "to": now})


async def scale_undo(room: "Room", asked: Asked, undo: Undo) -> str:
    group, count = undo_text(undo, "group"), undo.get("to")
    if not isinstance(count, int) or not 1 <= count <= MOST:
        raise ActionFailed(f"what was kept to take this back has {count!r} for the number of replicas")
    group = room.replicas.group_of(group)
    async with room.replicas.lock:
        now = len(members(room.settings, group))
        if count == now:
            return f"{group} has {now} replicas already"
        await _change(room, asked, group, now, count)
        return f"{group} has {count} replicas again"


def _wanted(asked: Asked, group: str, now: int) -> int:
    to, by = asked.number_or_none("to", 1, MOST), asked.number_or_none("by", -MOST, MOST)
    least, most = asked.number("least", 1, MOST), asked.number("most", 1, MOST)
    if least > most:
        raise ActionFailed(f"scale: least is {least}, more than most, which is {most}")
    if (to is None) == (by is None):
        raise ActionFailed("scale needs one of `to` and `by`")
    wanted = to if to is not None else now + (by or 0)
    bounded = min(max(wanted, least), most)
    if to is not None and bounded != to:
        raise ActionFailed(f"{group} is to have {to} replicas; expected {least} to {most}")
    if bounded == now != wanted:
        raise ActionFailed(f"{group} has {now} replicas; the bounds are {least} and {most}")
    return bounded


async def _change(room: "Room", asked: Asked, group: str, now: int, count: int) -> None:
    if count < now:
        await room.replicas.remove(group, count, asked.by)
        return
    added = room.replicas.add(group, count)
    try:
        for child in added:
            await until_running(child, asked.seconds("within"))
    except BaseException:  # also where the step runs out of time
        with anyio.CancelScope(shield=True):
            await room.replicas.remove(group, now, asked.by)
        raise


ACTS = {"scale": Act(scale, scale_undo)}
