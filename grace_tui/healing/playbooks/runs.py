"""The record of every run of a playbook, in the room's database: the truth from which a crashed run is taken back.

The engine saves before it acts. What is read often is kept in memory; nobody else writes this table.
"""

from collections.abc import Iterable

import msgspec

from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.codec import decode, encode
from grace_tui.healing.store import Store
from grace_tui.kernel.records import RunRecord, RunState, StepRecord

KEPT = 500
UNDER_WAY: frozenset[RunState] = frozenset({"running", "waiting_for_person"})
GOOD: frozenset[RunState] = frozenset({"succeeded"})
BAD: frozenset[RunState] = frozenset({"failed", "undone"})
"""A run that a crash interrupted says nothing of its playbook."""

_SAVE = """INSERT INTO playbook_runs (id, playbook, incident_id, coarse, state, started_at, record)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET state = excluded.state, record = excluded.record"""


class Runs:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.unreadable: tuple[str, ...] = ()
        """Runs that cannot be read; they stay in the database."""
        self._kept: dict[str, RunRecord] = {}
        self._open: dict[str, RunRecord] = {}
        self._ids = Ids("R")
        self._read()

    def new_id(self, at: float) -> str:
        return self._ids.new(at)

    def save(self, record: RunRecord) -> RunRecord:
        """Make a record durable."""
        values = (record.id, record.playbook, record.incident_id, record.coarse, record.state, record.started_at)
        self.store.write(_SAVE, *values, encode(record))
        fresh = record.id not in self._kept
        self._keep(record)
        if fresh and len(self._kept) > KEPT:
            self._forget_oldest()
        return record

    def get(self, run_id: str) -> RunRecord | None:
        return self._kept.get(run_id)

    def all(self) -> tuple[RunRecord, ...]:
        """Newest first."""
        return tuple(reversed(self._kept.values()))

    def open(self) -> tuple[RunRecord, ...]:
        """Those of which something is still to come."""
        return tuple(self._open.values())

    def outcomes(self, playbook: str) -> tuple[int, int]:
        """How many kept runs of a playbook went well, and how many did not.

        One that handed the incident on did neither: whoever has it now helps, or does not.
        """
        mine = [record for record in self._kept.values() if record.playbook == playbook]
        good = sum(record.state in GOOD and not handed_on(record) for record in mine)
        return good, sum(record.state in BAD for record in mine)

    def spent(self, coarse: str, since: float) -> int:
        """Automatic runs for one coarse signature."""
        mine = (record for record in self._kept.values() if record.coarse == coarse and record.automatic)
        return sum(record.started_at >= since for record in mine)

    def _read(self) -> None:
        unreadable = []
        for run_id, data in self.store.read("SELECT id, record FROM playbook_runs ORDER BY started_at, id"):
            self._ids.seen(run_id)
            try:
                self._keep(decode(data, RunRecord))
            except msgspec.DecodeError:
                unreadable.append(run_id)
        self.unreadable = tuple(unreadable)

    def _keep(self, record: RunRecord) -> None:
        self._kept[record.id] = record
        if is_open(record):
            self._open[record.id] = record
        else:
            self._open.pop(record.id, None)

    def _forget_oldest(self) -> None:
        over = [record.id for record in self._kept.values() if record.id not in self._open][: len(self._kept) - KEPT]
        self.store.write_many("DELETE FROM playbook_runs WHERE id = ?", [(run_id,) for run_id in over])
        for run_id in over:
            del self._kept[run_id]


def handed_on(record: RunRecord) -> bool:
    return any(step.action == "escalate" and step.state == "done" for step in record.steps)


def is_open(record: RunRecord) -> bool:
    """Whether something of it is still to come: an act, an answer, or a temporary effect's end."""
    return record.state in UNDER_WAY or any(True for _ in temporary(record))


def temporary(record: RunRecord) -> Iterable[StepRecord]:
    """Steps whose effect is to end by itself and has not yet."""
    return (step for step in record.steps if step.state == "done" and step.until and step.undo is not None)


def to_take_back(record: RunRecord) -> list[StepRecord]:
    """Steps that left something to be taken back, the last that began first."""
    left = [step for step in record.steps if step.undo is not None and step.state != "undone"]
    return sorted(left, key=lambda step: -step.turn)
