"""The ledger of silences: what each of them hid of which incident, how often, and when first and last.

Owned by `Silences`. A line is written when it begins and then with every `flush`, so that a storm behind a silence
costs no writes of its own. A store that refuses costs durability, never a count: the line is tried again.
"""

import sqlite3
from collections import Counter
from collections.abc import Container
from dataclasses import replace

import msgspec

from grace_tui.healing.incidents.codec import decode, encode
from grace_tui.healing.store import Store
from grace_tui.kernel.records import IncidentRecord, SilenceHit

LINES_KEPT = 500
"""Incidents that one silence's ledger tells of; beyond that the one that has been quiet longest goes."""

_PUT = """INSERT INTO silence_hits (silence_id, incident_id, record) VALUES (?, ?, ?)
          ON CONFLICT (silence_id, incident_id) DO UPDATE SET record = excluded.record"""


class Ledger:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.problem = ""
        """Why the last write failed; empty when it did not."""
        self.unreadable: list[str] = []
        """Stored lines that could not be read, and why; they stay in the store."""
        self._lines: dict[str, dict[str, SilenceHit]] = {}
        # Invariant: of each silence the sum of `count` over its lines; screens ask for it with every view.
        self._failures: Counter[str] = Counter()
        self._unwritten: set[tuple[str, str]] = set()

    def load(self, silences: Container[str]) -> None:
        """Read the lines of these silences."""
        found = self.store.read("SELECT silence_id, incident_id, CAST(record AS BLOB) FROM silence_hits")
        for silence_id, incident_id, data in found:
            if silence_id not in silences:
                continue
            try:
                line = decode(data, SilenceHit)
            except msgspec.DecodeError as error:
                self.unreadable.append(f"what {silence_id} hid of {incident_id} cannot be read: {error}")
            else:
                self._lines.setdefault(silence_id, {})[incident_id] = line
                self._failures[silence_id] += line.count

    def of(self, silence_id: str) -> tuple[SilenceHit, ...]:
        """What a silence hid, the incident that happened last first."""
        lines = self._lines.get(silence_id, {}).values()
        return tuple(sorted(lines, key=lambda line: line.last_at, reverse=True))

    def totals(self, silence_id: str) -> tuple[int, int]:
        """Incidents that a silence hid, and failures that were counted on them meanwhile."""
        return len(self._lines.get(silence_id, ())), self._failures[silence_id]

    def line(self, silence_id: str, incident_id: str) -> SilenceHit | None:
        return self._lines.get(silence_id, {}).get(incident_id)

    def happened(self, record: IncidentRecord) -> bool:
        """Whether an incident's last failure came while it was hidden; so it is still to be answered."""
        lines = (lines[record.id] for lines in self._lines.values() if record.id in lines)
        return any(
            line.count and (line.silence_id == record.hidden_by or line.last_at >= record.last_at) for line in lines
        )

    def count(self, silence_id: str, record: IncidentRecord, failures: int) -> None:
        """Add to the line of an incident, or begin it."""
        line = self.line(silence_id, record.id)
        if line is None:
            self._begin(silence_id, record, failures)
        else:
            changed = replace(line, count=line.count + failures, last_at=max(record.last_at, line.last_at))
            self._put(changed, failures)

    def flush(self) -> None:
        """Write the lines that changed."""
        lines = [line for key in self._unwritten if (line := self.line(*key)) is not None]
        try:
            if lines:
                self.store.write_many(_PUT, [(each.silence_id, each.incident_id, encode(each)) for each in lines])
        except sqlite3.Error as error:
            self.problem = str(error)
            return
        self.problem = ""
        self._unwritten.clear()

    def forget(self, silence_id: str) -> None:
        """Drop all lines of a silence."""
        self._lines.pop(silence_id, None)
        del self._failures[silence_id]
        self._delete("DELETE FROM silence_hits WHERE silence_id = ?", silence_id)

    def _begin(self, silence_id: str, record: IncidentRecord, failures: int) -> None:
        lines = self._lines.setdefault(silence_id, {})
        if len(lines) >= LINES_KEPT:
            quiet = min(lines.values(), key=lambda line: line.last_at).incident_id
            self._failures[silence_id] -= lines.pop(quiet).count
            self._delete("DELETE FROM silence_hits WHERE silence_id = ? AND incident_id = ?", silence_id, quiet)
        at = record.last_at
        self._put(SilenceHit(silence_id, record.id, record.kernel, record.title, failures, at, at), failures)
        self.flush()

    def _put(self, line: SilenceHit, failures: int) -> None:
        """Keep a line to which `failures` were added."""
        self._lines[line.silence_id][line.incident_id] = line
        self._failures[line.silence_id] += failures
        self._unwritten.add((line.silence_id, line.incident_id))

    def _delete(self, sql: str, *parameters: str) -> None:
        try:
            self.store.write(sql, *parameters)
        except sqlite3.Error as error:
            self.problem = str(error)
