"""First aid: the core answers incidents and works the repair queue when the kernels that should do it cannot.

The order is always the same: `self_healing` answers incidents, `coding_agent` works tasks; where one of them is down
the other's neighbour steps in, and where both are, this does. It never competes: each second it looks whether anything
waits that nobody who is up would take.
"""

import time
from typing import TYPE_CHECKING

from grace_tui.kernel.records import IncidentRecord

if TYPE_CHECKING:
    from grace_tui.room.core import Room

NAME = "first_aid"
PATIENCE = 5.0
"""Seconds an incident may stay unanswered while `self_healing` is up."""
SETTLING = 10.0
"""Seconds after opening during which a healer that is still starting is waited for."""


class FirstAid:
    def __init__(self, room: "Room") -> None:
        self.room = room
        self.busy = False

    def look(self) -> None:
        """Once a second, on the loop: take one thing that waits and that nobody else will take."""
        if self.busy or self.room.closing:
            return
        if not self._is_up("self_healing"):
            waiting = [record for record in self.room.parts.book.all() if self._unanswered(record)]
            if waiting:
                self._begin(waiting[-1].id)
                return
        if not self._is_up("self_healing") and not self._is_up("coding_agent") and self._has_queued():
            self._begin("")

    def _begin(self, incident_id: str) -> None:
        self.busy = True
        self.room.tasks.start_soon(self._help, incident_id, name=NAME)

    async def _help(self, incident_id: str) -> None:
        healer = self.room.healer
        try:
            if incident_id:
                await healer.respond(incident_id, by=NAME)
            elif (task := self.room.parts.queue.claim(NAME)) is not None:
                await healer.work(task, by=NAME)
        except Exception as error:  # the last helper there is: what it cannot do is told, and it stays
            self.room.trouble(NAME, error)
        finally:
            self.busy = False

    def _is_up(self, kernel: str) -> bool:
        """Whether a healer works, or is about to."""
        child = self.room.supervisor.children.get(kernel)
        if child is None:
            return False
        young = time.monotonic() - self.room.opened_at < SETTLING
        return child.state == "running" or (young and child.state in ("starting", "stopped") and child.wanted)

    def _unanswered(self, record: IncidentRecord) -> bool:
        return record.state in ("open", "reopened") and not record.task_id and record.phase != "trigger"

    def _has_queued(self) -> bool:
        return any(task.state == "queued" for task in self.room.parts.queue.all())
