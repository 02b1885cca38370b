"""The incident book's rows with what finds them: by kernel and group, by kernel, unresolved; kept, counted and told.

Owned by the book and called under its lock.
"""

from collections.abc import Callable

from grace_tui.healing.failure import Failure
from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.counting import Rate
from grace_tui.healing.incidents.rows import group_of
from grace_tui.healing.incidents.shelf import Shelf
from grace_tui.healing.incidents.states import HasSuccessor, UnknownIncident
from grace_tui.healing.incidents.tidings import Tidings
from grace_tui.healing.store import Store
from grace_tui.kernel.events import Event
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord

Key = tuple[str, str]
"""Kernel and group."""


class Register:
    def __init__(self, store: Store, clock: Clock, publish: Callable[[Event], object], keep: int) -> None:
        self.clock, self.keep = clock, keep
        self.shelf = Shelf(store, clock)
        self.tidings = Tidings(publish, clock)
        self.ids = Ids("I", [*self.shelf.rows, *self.shelf.unreadable])
        self._rates: dict[str, Rate] = {}
        # Invariant: of each kernel and group at most one row is unresolved, and it is the latest.
        self._latest: dict[Key, str] = {}
        self._unresolved: dict[str, str] = {}
        """Id -> coarse signature."""
        self._of_coarse: dict[str, dict[str, None]] = {}
        """Coarse signature -> ids of its unresolved rows, the first that became so before the others."""
        rows = self.all()[::-1]
        ended = [record for record in rows if record.state == "resolved"]
        for record in (*ended, *(record for record in rows if record.state != "resolved")):
            self._latest[record.kernel, group_of(record)] = record.id
            self._note(record)

    # ---- finding

    def all(self) -> tuple[IncidentRecord, ...]:
        return self.shelf.all()

    def get(self, incident_id: str) -> IncidentRecord | None:
        return self.shelf.get(incident_id)

    def known(self, incident_id: str) -> IncidentRecord:
        """
        Raises:
            UnknownIncident: there is no such incident.
        """
        record = self.get(incident_id)
        if record is None:
            raise UnknownIncident(incident_id)
        return record

    def current(self, kernel: str, group: str) -> IncidentRecord | None:
        """The newest row of a group, whatever its state."""
        incident_id = self._latest.get((kernel, group))
        return self.get(incident_id) if incident_id else None

    def alike(self, kernel: str, coarse: str) -> IncidentRecord | None:
        """The newest row of a coarse signature, an unresolved one first."""
        rows = [record for record in self.all() if record.kernel == kernel and record.coarse == coarse]
        return next((record for record in rows if record.state != "resolved"), rows[0] if rows else None)

    def of_coarse(self, coarse: str) -> list[IncidentRecord]:
        """The unresolved rows of a coarse signature, whichever kernel they are of; the oldest first."""
        return [self.known(incident_id) for incident_id in self._of_coarse.get(coarse, ())]

    def unresolved(self, kernel: str = "") -> list[IncidentRecord]:
        """All that are not resolved, of one kernel or of every; the newest failure first."""
        rows = [self.known(incident_id) for incident_id in self._unresolved]
        mine = [record for record in rows if kernel in ("", record.kernel)]
        return sorted(mine, key=lambda record: record.last_at, reverse=True)

    @property
    def full(self) -> bool:
        """Whether as many rows are kept as may be, and none of them could go."""
        return len(self._unresolved) >= self.keep

    def check_latest(self, record: IncidentRecord) -> None:
        """
        Raises:
            HasSuccessor: another row of its group is unresolved.
        """
        current = self.current(record.kernel, group_of(record))
        if current is not None and current.id != record.id and current.state != "resolved":
            raise HasSuccessor(record.id, current.id)

    # ---- keeping

    def add(self, record: IncidentRecord, failure: Failure) -> tuple[str, ...]:
        """Keep a new row; returns the ids of those that went for it."""
        gone = self._make_room()
        self.put(record, failure)
        return gone

    def put(self, record: IncidentRecord, failure: Failure | None = None, *, at_once: bool = True) -> None:
        """Keep a row; the newest that is unresolved is the one that its group is counted on."""
        if record.state != "resolved" or (record.kernel, group_of(record)) not in self._latest:
            self._latest[record.kernel, group_of(record)] = record.id
        self._note(record)
        self.shelf.put(record, failure, at_once=at_once)

    def change(self, record: IncidentRecord, reason: str, failure: Failure | None = None) -> IncidentRecord:
        """Keep and tell an act."""
        self.put(record, failure)
        self.tidings.act(record, reason)
        return record

    def count(self, record: IncidentRecord, reason: str) -> IncidentRecord:
        """Keep and tell what happens often: soon, and at a bounded rate."""
        self.put(record, at_once=False)
        self.tidings.counted(record, reason)
        return record

    def flush(self) -> None:
        self.shelf.flush()
        self.tidings.flush(self.get)

    # ---- how often

    def happened(self, incident_id: str, times: int = 1) -> None:
        if incident_id not in self._rates:
            self._rates[incident_id] = Rate()
        self._rates[incident_id].add(self.clock.monotonic(), times)

    def rate(self, incident_id: str) -> float:
        """Failures within the last minute."""
        rate = self._rates.get(incident_id)
        return rate.per_minute(self.clock.monotonic()) if rate else 0.0

    def _note(self, record: IncidentRecord) -> None:
        now = None if record.state == "resolved" else record.coarse
        before = self._unresolved.get(record.id)
        if before == now:
            return
        if before is not None:
            del self._of_coarse[before][record.id]
            if not self._of_coarse[before]:
                del self._of_coarse[before]
        if now is None:
            del self._unresolved[record.id]
        else:
            self._unresolved[record.id] = now
            self._of_coarse.setdefault(now, {})[record.id] = None

    def _make_room(self) -> tuple[str, ...]:
        """Forget the oldest resolved rows, until there is room for one more."""
        excess = len(self.shelf.rows) + 1 - self.keep
        if excess <= 0:
            return ()
        resolved = [record for record in reversed(self.all()) if record.state == "resolved"]
        for record in resolved[:excess]:
            self._drop(record)
        return tuple(record.id for record in resolved[:excess])

    def _drop(self, record: IncidentRecord) -> None:
        self.shelf.drop(record.id)
        self.tidings.forget(record.id)
        self._rates.pop(record.id, None)
        if self._latest.get((record.kernel, group_of(record))) == record.id:
            del self._latest[record.kernel, group_of(record)]
