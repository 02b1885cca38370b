"""Opens the room's playbooks, and takes back what an earlier end of the room interrupted."""

from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.library import OWN, SHIPPED
from grace_tui.healing.playbooks.model import Budget
from grace_tui.healing.playbooks.playbooks import Playbooks
from grace_tui.room.actions import RoomActions
from grace_tui.room.hooks import Hooks
from grace_tui.room.judging import Judging

if TYPE_CHECKING:
    from grace_tui.room.core import Room


def open_playbooks(room: "Room", judging: Judging) -> Playbooks:
    """Nothing is read yet: that is done beside the loop, when somebody first needs it."""
    parts, healing = room.parts, room.settings.healing
    playbooks = Playbooks(
        SHIPPED,
        parts.workspace.root / OWN,
        RoomActions(room),
        parts.store,
        parts.clock,
        parts.book,
        Hooks(room),
        judging.values,
        budget=Budget(runs=healing.budget, within=healing.budget_period),
    )
    if playbooks.records.unreadable:
        runs = ", ".join(playbooks.records.unreadable)
        parts.log.warning("runs of playbooks could not be read, and are left where they are", runs=runs)
    return playbooks


async def recover_runs(room: "Room") -> None:
    """A task of the room that just opened."""
    try:
        for run in await room.playbooks.recover():
            room.parts.log.warning("an interrupted run of a playbook was taken back", run=run.id, detail=run.detail)
    except Exception as error:  # what cannot be taken back now stays to be taken back at the next opening
        room.trouble("taking back interrupted runs", error)
