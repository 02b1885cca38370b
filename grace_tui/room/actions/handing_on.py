"""Actions that give an incident to somebody: a repair for the coding agent, or a person who has to look."""

from typing import TYPE_CHECKING

from grace_tui.healing.incidents.rows import TRIGGER
from grace_tui.healing.ours import not_ours
from grace_tui.healing.playbooks.actions import ActionFailed, Done
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room.actions.act import Act
from grace_tui.room.actions.asked import Asked

if TYPE_CHECKING:
    from grace_tui.room.core import Room

OVER = frozenset({"resolved", "suppressed"})
PRIORITY = 10


async def queue_task(room: "Room", asked: Asked) -> Done:
    return Done(_queue(room, asked, asked.number("priority", 0, 100), f"asked for by {asked.by}"))


async def escalate(room: "Room", asked: Asked) -> Done:
    reason = asked.text("reason") or f"a playbook could not help with {asked.call.incident.title}"
    if asked.text("to") == "agent":
        try:
            return Done(_queue(room, asked, PRIORITY, reason))
        except ActionFailed as refused:
            reason = f"{reason}; {refused}"
    return Done(room.healer.hand_on(asked.call.incident.id, False, reason, asked.by))


def _queue(room: "Room", asked: Asked, priority: int, why: str) -> str:
    incident = _with_failure(room, asked.call.incident)
    failure = room.parts.book.failure(incident.id)
    if failure.phase == TRIGGER:
        raise ActionFailed(f"there is no failure to repair: {incident.id} was measured, no code raised it")
    if reason := not_ours(failure):
        raise ActionFailed(f"there is no failure to repair: {reason}")
    if incident.state in OVER:
        raise ActionFailed(f"there is no failure to repair: {incident.id} is {incident.state}")
    return room.healer.code.queue_task(incident, failure, why, asked.by, (), priority=priority)


def _with_failure(room: "Room", incident: IncidentRecord) -> IncidentRecord:
    """The incident itself; of one that a trigger opened about another, that one."""
    other = incident.facts.get("incident")
    if not isinstance(other, str) or not other:
        return incident
    found = room.parts.book.get(other)
    if found is None:
        raise ActionFailed(f"{incident.id} is about {other}, which is not kept any more")
    return found


ACTS = {"queue_task": Act(queue_task), "escalate": Act(escalate)}
