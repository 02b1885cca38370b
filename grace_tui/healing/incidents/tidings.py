"""What the incident book tells the room: each act at once, what is only counted at a bounded rate.

Called under the book's lock. A fact that has to wait is told with the next flush, in its newest form.
"""

from collections.abc import Callable

from grace_tui.kernel.events import Event, IncidentChanged
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord

TELL_EVERY = 0.02
"""Seconds between two facts of one incident that is only counted."""


class Tidings:
    def __init__(self, publish: Callable[[Event], object], clock: Clock) -> None:
        self.publish, self.clock = publish, clock
        self._told: dict[str, float] = {}
        """Incident -> monotonic time of its newest fact."""
        self._owed: dict[str, str] = {}
        """Incident -> why it changed since."""

    def act(self, record: IncidentRecord, reason: str) -> None:
        """Tell at once."""
        self._told[record.id] = self.clock.monotonic()
        self._owed.pop(record.id, None)
        self.publish(IncidentChanged(record.id, record.state, reason, record.count))

    def counted(self, record: IncidentRecord, reason: str) -> None:
        """Tell now, or a little later with what has come to it by then."""
        if self._is_due(record.id):
            self.act(record, reason)
        else:
            self._owed[record.id] = reason

    def owe(self, incident_id: str, reason: str) -> None:
        """Tell with the next flush; for threads other than the loop's."""
        self._owed[incident_id] = reason

    def flush(self, get: Callable[[str], IncidentRecord | None]) -> None:
        for incident_id in [each for each in self._owed if self._is_due(each)]:
            reason = self._owed.pop(incident_id)
            if (record := get(incident_id)) is not None:
                self.act(record, reason)

    def forget(self, incident_id: str) -> None:
        self._told.pop(incident_id, None)
        self._owed.pop(incident_id, None)

    def _is_due(self, incident_id: str) -> bool:
        return self.clock.monotonic() - self._told.get(incident_id, float("-inf")) >= TELL_EVERY
