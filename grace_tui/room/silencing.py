"""What an open room does about silences: hides what they fit, warns before one ends, brings back what it hid.

Looked at once a second, and whenever a silence begins or is ended. What it does depends only on what is stored, so a
room that was killed goes on where it was.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import anyio.lowlevel

from grace_tui.healing.incidents.matching import fits, in_words
from grace_tui.healing.incidents.silences import is_silence
from grace_tui.kernel.records import IncidentRecord, SilenceRecord
from grace_tui.kernel.spelling import duration
from grace_tui.room.telling_silences import moment
from grace_tui.room.viewing import ENDED_TASKS

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "silences"
CAN_BE_HIDDEN = frozenset({"open", "reopened", "acknowledged"})
"""What is being repaired or watched goes on to its end first."""
UP = frozenset({"running", "completed"})
TURN = 0.002
"""Seconds for which incidents are hidden before the loop has its turn: there may be 1,000, each with two writes."""
SHARE = 0.1
"""Of a short silence, within which its end is announced."""


class Silencing:
    def __init__(self, room: "Room") -> None:
        self.room, self.silences, self.book = room, room.parts.silences, room.parts.book
        self._in_force = frozenset(silence.id for silence in self.silences.active())
        self._unfit: set[str] = set()
        """Open incidents that no silence in force fits: only one that begins can change that."""
        for problem in self.silences.unreadable:
            self._tell("silence.unreadable", "", problem)
        if self.silences.unreadable:
            room.warn(f"{NAME} unreadable", "; ".join(self.silences.unreadable))

    def look(self) -> None:
        """Do all that is due."""
        self._hide_some()
        self.bring_back()
        self._announce()
        self.silences.ledger.flush()
        problem = self.silences.problem
        self.room.warn(NAME, f"what silences hide is not remembered at the moment: {problem}" if problem else "")

    # ---- what people do

    async def begin(
        self, matcher: Mapping[str, object], reason: str, ends_at: float, by: str
    ) -> tuple[SilenceRecord, tuple[IncidentRecord, ...]]:
        """Begin a silence; tells it, and what it hides at once. Raises what `Silences.add` raises."""
        silence = self.silences.add(matcher, reason, ends_at, by)
        self._in_force |= {silence.id}
        self._unfit -= {record.id for record in self.would_hide(silence.matcher)}
        what = f"hides {in_words(silence.matcher)} until {moment(silence.ends_at)}: {silence.reason}"
        self._tell("silence.began", silence.id, what, by)
        while self._hide_some():
            await anyio.lowlevel.checkpoint()
        return silence, tuple(record for record in self.book.all() if record.hidden_by == silence.id)

    def end(self, silence_id: str, by: str) -> tuple[SilenceRecord, str]:
        """End a silence; tells it, and what became of what it hid. Raises what `Silences.end` raises."""
        silence = self.silences.end(silence_id, by)
        return silence, self.bring_back()[silence_id]

    # ---- hiding

    def would_hide(self, matcher: Mapping[str, str]) -> tuple[IncidentRecord, ...]:
        """The incidents that are open now and would be hidden by a silence with this matcher."""
        return tuple(record for record in self._open() if fits(matcher, record))

    def _hide_some(self) -> bool:
        """Hide what a silence in force fits and nobody works on, for one turn; whether more may be left."""
        if not self.silences.active():
            return False
        until = self.room.parts.clock.monotonic() + TURN
        waiting = self._open()
        self._unfit &= {record.id for record in waiting}
        for record in waiting:
            if record.id in self._unfit:
                continue
            if silence_id := self.silences.hides(record):
                self._hide(record, silence_id)
            else:
                self._unfit.add(record.id)
            if self.room.parts.clock.monotonic() >= until:
                return True
        return False

    def _open(self) -> list[IncidentRecord]:
        worked_on = {task.incident_id for task in self.room.parts.queue.all() if task.state not in ENDED_TASKS}
        return [each for each in self.book.all() if each.state in CAN_BE_HIDDEN and each.id not in worked_on]

    def _hide(self, record: IncidentRecord, silence_id: str) -> IncidentRecord:
        reason = f"hidden by silence {silence_id}: {self.silences.known(silence_id).reason}"
        hidden = self.book.hide(record.id, silence_id, reason, NAME)
        self.silences.took(hidden)
        return hidden

    # ---- bringing back

    def bring_back(self) -> Mapping[str, str]:
        """Give back what silences that are over hid: to another silence, to be answered, or as resolved.

        Tells what that came to, by silence.
        """
        in_force = frozenset(silence.id for silence in self.silences.active())
        left: dict[str, list[IncidentRecord]] = {silence_id: [] for silence_id in self._in_force - in_force}
        for record in self.book.all():
            if record.state == "suppressed" and is_silence(record.hidden_by) and record.hidden_by not in in_force:
                left.setdefault(record.hidden_by, []).append(record)
        self._in_force = in_force
        return {silence_id: self._end(silence_id, records) for silence_id, records in left.items()}

    def _end(self, silence_id: str, records: Sequence[IncidentRecord]) -> str:
        """`records` are what it still hides."""
        taken = [record for record in records if self._is_taken(record)]
        over = [record for record in records if record not in taken and self._is_over(record)]
        for record in over:
            why = f"silence {silence_id} ended; it did not happen meanwhile, and {record.kernel} runs"
            self.book.move(record.id, "resolved", why, NAME)
        back = self.book.unhide(silence_id, f"silence {silence_id} ended")
        owned = sum(bool(record.owner) for record in back)
        counts = {
            "open again": len(back) - owned,
            "with their owner again": owned,
            "resolved": len(over),
            "hidden by another silence": len(taken),
        }
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        said = said or "it hides nothing that would come back"
        self._tell("silence.ended", silence_id, said)
        self.room.warn(_who(silence_id), "")
        return said

    def _is_taken(self, record: IncidentRecord) -> bool:
        """Whether another silence hides it from now on."""
        other = self.silences.hides(record)
        if other:
            self._hide(record, other)
        return bool(other)

    def _is_over(self, record: IncidentRecord) -> bool:
        """Whether it did not happen while it was hidden, and its kernel is well."""
        child = self.room.supervisor.children.get(record.kernel)
        return child is not None and child.state in UP and not self.silences.ledger.happened(record)

    # ---- warning

    def _announce(self) -> None:
        for silence in self.silences.active():
            left = silence.ends_at - self.room.parts.clock.time()
            length = silence.ends_at - silence.starts_at
            if left > min(self.room.settings.incidents.warn_before, length * SHARE):
                continue
            ends = f"silence {silence.id} ({in_words(silence.matcher)}) ends in {duration(left)}"
            text = f"{ends}; {self._returning(silence)}"
            self.room.warn(_who(silence.id), text)
            if not silence.warned:
                self._tell("silence.ends_soon", silence.id, text)
                self.silences.note_warned(silence.id)

    def _returning(self, silence: SilenceRecord) -> str:
        """How many incidents come back with its end; those that another silence takes over do not."""
        hidden = [record for record in self.book.all() if record.state == "suppressed"]
        count = sum(silence.id == record.hidden_by == self.silences.hides(record) for record in hidden)
        if count == 1:
            return "the incident that it hides comes back"
        return f"the {count} incidents that it hides come back" if count else "it hides nothing that would come back"

    def _tell(self, action: str, silence_id: str, result: str, by: str = NAME) -> None:
        parts = self.room.parts
        parts.audit.append({"actor": by, "action": action, "resource": silence_id, "result": result})
        told = parts.log.info if action in ("silence.began", "silence.ended") else parts.log.warning
        told(result, silence=silence_id, what=action)


def _who(silence_id: str) -> str:
    return f"silence {silence_id}"
