"""Commands about silences: list them, show one with its ledger, see what one would hide, begin one, end one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from grace_tui.healing.incidents.matching import checked, fits, in_words
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.spelling import plural
from grace_tui.room.commanding import Answer, Arguments, Command, answer, word
from grace_tui.room.telling_silences import moment, silence, views
from grace_tui.room.viewing import incident_view
from grace_tui.settings.parsing import span

if TYPE_CHECKING:
    from grace_tui.room.core import Room

LISTED = 10
"""Incidents that an answer names."""


async def silence_list(room: "Room", arguments: Arguments, by: str) -> Answer:
    return answer("", {"silences": views(room.parts.silences)})


async def silence_show(room: "Room", arguments: Arguments, by: str) -> Answer:
    silences = room.parts.silences
    record = silences.known(word(arguments, "id"))
    data = {"silence": record, "active": silences.is_active(record), "ledger": silences.ledger.of(record.id)}
    return answer(silence(silences, record, room.parts.clock.time()), data)


async def silence_preview(room: "Room", arguments: Arguments, by: str) -> Answer:
    """What a silence with this `matcher` would hide now."""
    matcher = checked(_matcher(arguments))
    would = room.silencing.would_hide(matcher)
    left = [each for each in room.parts.book.all() if each.state not in ("resolved", "suppressed")]
    stays = [each for each in left if fits(matcher, each) and each not in would]
    text = f"{in_words(matcher)} would hide {plural(len(would), 'incident')} now{_named(would)}"
    if stays:
        text += f"\n{plural(len(stays), 'incident')} would stay until what is done about it ends{_named(stays)}"
    return answer(
        text, {"hides": [incident_view(each) for each in would], "stays": [incident_view(each) for each in stays]}
    )


async def silence_add(room: "Room", arguments: Arguments, by: str) -> Answer:
    """Begin a silence: `matcher`, `reason`, and `for` (such as "2h") or `ends_at` (seconds since the epoch)."""
    ends_at = _end(arguments, room.parts.clock.time())
    reason = str(arguments.get("reason") or "")
    record, hidden = await room.silencing.begin(_matcher(arguments), reason, ends_at, by)
    room.changed()
    what = f"{record.id} hides {in_words(record.matcher)} until {moment(record.ends_at)}"
    return answer(f"{what}; {plural(len(hidden), 'incident')} hidden now{_named(hidden)}", {"silence": record})


async def silence_end(room: "Room", arguments: Arguments, by: str) -> Answer:
    record, said = room.silencing.end(word(arguments, "id"), by)
    room.changed()
    return answer(f"{record.id} ended; {said}", {"silence": record})


def _matcher(arguments: Arguments) -> Mapping[str, object]:
    found = arguments.get("matcher", {})
    if not isinstance(found, Mapping):
        raise GraceError(f"matcher is {found!r}; expected fields and their patterns")
    return found


def _end(arguments: Arguments, now: float) -> float:
    length, ends_at = arguments.get("for"), arguments.get("ends_at")
    if (length is None) == (ends_at is None):
        raise GraceError("a silence needs an end: give it either for or ends_at")
    if ends_at is not None:
        if not isinstance(ends_at, int | float):
            raise GraceError(f"ends_at is {ends_at!r}; expected seconds since the epoch")
        return float(ends_at)
    try:
        return now + span(length if isinstance(length, int | float) else str(length))
    except ValueError as error:
        raise GraceError(f"for is {length!r}; expected {error}") from error


def _named(incidents: Sequence[IncidentRecord]) -> str:
    """A line for each, up to a few."""
    lines = [f"\n  {each.id}  {each.state}  {each.kernel}  {each.title}" for each in incidents[:LISTED]]
    if len(incidents) > LISTED:
        lines.append(f"\n  and {len(incidents) - LISTED} more")
    return "".join(lines)


COMMANDS: Mapping[str, Command] = {
    "silence.list": Command(silence_list),
    "silence.show": Command(silence_show),
    "silence.preview": Command(silence_preview),
    "silence.add": Command(silence_add, acts=True),
    "silence.end": Command(silence_end, acts=True),
}
