"""Where the incident book keeps its rows: in memory to be read, in the store to be remembered.

Owned by the book and called under its lock. A row that changes often is written at most every 0.2 s; a store that
refuses (a full disk) costs durability, never the incident: the row stays dirty and is tried again.
"""

import sqlite3
from dataclasses import dataclass

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.codec import decode, encode, failure_from_json
from grace_tui.healing.incidents.states import UnreadableFailure
from grace_tui.healing.store import Row, Store
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord

WRITE_EVERY = 0.2

_PUT = """INSERT INTO incidents (id, opened_at, record, failure) VALUES (?, ?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET record = excluded.record, failure = excluded.failure"""
_UPDATE = "UPDATE incidents SET record = ? WHERE id = ?"


@dataclass(slots=True)
class _Row:
    record: IncidentRecord
    failure: Failure | None
    """None where the store has it."""
    written: float
    """Monotonic time of the last write."""


class Shelf:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.rows: dict[str, _Row] = {}
        self.problem = ""
        """Why the last write failed; empty when it did not."""
        self.unreadable: dict[str, str] = {}
        """Ids of stored rows that could not be read, and why; they stay in the store as they are."""
        self._all: tuple[IncidentRecord, ...] | None = None
        self._dirty: dict[str, _Row] = {}
        """Rows that are not written as they are."""
        self._load()

    def all(self) -> tuple[IncidentRecord, ...]:
        """Newest first."""
        if self._all is None:
            self._all = tuple(row.record for row in reversed(self.rows.values()))
        return self._all

    def get(self, incident_id: str) -> IncidentRecord | None:
        row = self.rows.get(incident_id)
        return row.record if row else None

    def put(self, record: IncidentRecord, failure: Failure | None = None, *, at_once: bool = True) -> None:
        """Keep a record, and the failure where there is a new one."""
        row = self.rows.get(record.id)
        if row is None:
            row = self.rows[record.id] = _Row(record, failure, float("-inf"))
        row.record = record
        self._dirty[record.id] = row
        row.failure = failure or row.failure
        self._all = None
        if at_once or self.clock.monotonic() - row.written >= WRITE_EVERY:
            self._write([row])

    def failure(self, incident_id: str) -> Failure | None:
        """
        Raises:
            UnreadableFailure: what is stored is no failure.
        """
        row = self.rows.get(incident_id)
        if row is None or row.failure is not None:
            return row.failure if row else None
        try:
            found = self.store.read("SELECT CAST(failure AS BLOB) FROM incidents WHERE id = ?", incident_id)
            return failure_from_json(found[0][0]) if found else None
        except (msgspec.DecodeError, sqlite3.DatabaseError) as error:
            raise UnreadableFailure(incident_id, str(error)) from error

    def drop(self, incident_id: str) -> None:
        del self.rows[incident_id]
        self._dirty.pop(incident_id, None)
        self._all = None
        try:
            self.store.write("DELETE FROM incidents WHERE id = ?", incident_id)
        except sqlite3.Error as error:
            self.problem = str(error)

    def flush(self, *, everything: bool = False) -> None:
        """Write the rows whose turn it is."""
        now = self.clock.monotonic()
        due = [row for row in self._dirty.values() if everything or now - row.written >= WRITE_EVERY]
        if due:
            self._write(due)

    def _write(self, rows: list[_Row]) -> None:
        now = self.clock.monotonic()
        try:
            with self.store.transaction():
                for row in rows:
                    row.written = now
                    self._write_one(row)
        except sqlite3.Error as error:
            self.problem = str(error)
            return
        self.problem = ""
        for row in rows:
            row.failure = None
            del self._dirty[row.record.id]

    def _write_one(self, row: _Row) -> None:
        record = row.record
        if row.failure is None:
            self.store.write(_UPDATE, encode(record), record.id)
        else:
            self.store.write(_PUT, record.id, record.opened_at, encode(record), encode(row.failure))

    def _load(self) -> None:
        for incident_id, data in self._stored():
            try:
                record = decode(data, IncidentRecord)
                if record.id != incident_id:
                    raise msgspec.ValidationError(f"it says that its id is {record.id!r}")
            except msgspec.DecodeError as error:
                self.unreadable[incident_id] = str(error)
                continue
            self.rows[record.id] = _Row(record, None, float("-inf"))

    def _stored(self) -> list[Row]:
        try:
            return self.store.read("SELECT id, CAST(record AS BLOB) FROM incidents ORDER BY opened_at, id")
        except sqlite3.DatabaseError as error:
            self.problem = str(error)
            return []
