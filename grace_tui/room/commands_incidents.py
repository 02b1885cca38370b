"""Commands about the life of incidents: list them, take one, note a line, release it, resolve it, reopen it.

Where a person decides against what the room would do, a reason is asked for and kept in the timeline.
"""

from typing import TYPE_CHECKING

from grace_tui.healing.answering.ladder import is_left
from grace_tui.healing.incidents.states import IllegalMove, UnknownIncident
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import IncidentOpened
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.redact import redact
from grace_tui.room.callers import person_of
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word
from grace_tui.room.viewing import incident_view

if TYPE_CHECKING:
    from grace_tui.room.core import Room

OWNER_LIMIT, REASON_LIMIT = 80, 500


async def incident_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    book = room.parts.book
    return answer("", {"incidents": [incident_view(record, book.rate(record.id)) for record in book.all()]})


async def incident_take(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Look after an incident: `owner` is who asks, where nobody is named."""
    owner = _text(arguments, "owner", OWNER_LIMIT) or person_of(by)
    record = room.parts.book.take(word(arguments, "id"), owner, by, _text(arguments, "reason", REASON_LIMIT))
    return answer(f"{record.id} is {record.state}, taken by {owner}", record)


async def incident_note(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Put a line into its timeline: what a person found out, for whoever looks next."""
    text = _text(arguments, "text", REASON_LIMIT)
    if not text:
        raise GraceError("say what is to be noted")
    record = room.parts.book.remark(word(arguments, "id"), text, by)
    return answer(f"noted with {record.id}", record)


async def incident_release(room: "Room", arguments: Arguments, by: str) -> Answer:
    record = room.parts.book.release(word(arguments, "id"), _reason(arguments), by)
    return answer(f"{record.id} is {record.state}, and nobody's", record)


async def incident_resolve(room: "Room", arguments: Arguments, by: str) -> Answer:
    record = _known(room, arguments)
    if record.state == "resolved":
        raise GraceError(f"{record.id} is resolved already: {record.action}")
    return answer(f"{record.id} resolved", room.parts.book.move(record.id, "resolved", _reason(arguments), by))


async def incident_reopen(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Say that what is resolved is not over, or that automation may try again what was left to a person."""
    record, reason = _known(room, arguments), _reason(arguments)
    if record.state == "resolved":
        room.healer.release(record.id, by)
        return answer(f"{record.id} reopened", room.parts.book.move(record.id, "reopened", reason, by))
    if not is_left(record):
        raise IllegalMove(record.id, record.state, "reopened")
    record = room.healer.release(record.id, by, reason)
    room.parts.publish(IncidentOpened(record.id, record.kernel, record.signature, record.title))
    return answer(f"{record.id} is answered anew", record)


def _known(room: "Room", arguments: Arguments) -> IncidentRecord:
    incident_id = word(arguments, "id")
    record = room.parts.book.get(incident_id)
    if record is None:
        raise UnknownIncident(incident_id)
    return record


def _reason(arguments: Arguments) -> str:
    reason = _text(arguments, "reason", REASON_LIMIT)
    if not reason:
        raise GraceError("say why: a reason is kept with what a person decides about an incident")
    return reason


def _text(arguments: Arguments, key: str, limit: int) -> str:
    """A short text on one line, redacted; empty where there is none."""
    value = arguments.get(key, "")
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not isinstance(value, str) or len(text) > limit:
        raise GraceError(f"{key} is {str(value)[:40]!r}; expected a text of at most {limit} characters")
    return redact(text)


COMMANDS = {
    "incident.list": Command(incident_list),
    "incident.ack": Command(incident_take, acts=True),
    "incident.take": Command(incident_take, acts=True),
    "incident.note": Command(incident_note, acts=True),
    "incident.release": Command(incident_release, acts=True),
    "incident.resolve": Command(incident_resolve, acts=True),
    "incident.reopen": Command(incident_reopen, acts=True),
}
