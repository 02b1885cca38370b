"""Actions that tell or ask somebody: a line in the timeline, a question, a snapshot, a repair for the agent."""

from typing import TYPE_CHECKING

from grace_tui.healing.playbooks.actions import Done
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked

if TYPE_CHECKING:
    from grace_tui.room.core import Room


async def note(room: "Room", asked: Asked) -> Done:
    room.parts.book.note(asked.call.incident.id, action=asked.text("text"), by=asked.by)
    return Done("noted")


async def ask(room: "Room", asked: Asked) -> Done:
    return Done("waits for a person", question=asked.text("question"))


async def ask_approved(room: "Room", asked: Asked) -> Done:
    return Done("answered with yes")


ACTS = {"note": Act(note), "ask": Act(ask, approved=ask_approved)}
