"""Silences: what hides incidents, until when, why and by whom; with a ledger of what each of them hid.

Owned by the room and used on its loop. The incident book asks `hides` about what opens and tells `hit` what happens
while it is hidden. They outlive a crash; what is stored and cannot be read hides nothing, and is told.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.codec import decode, encode
from grace_tui.healing.incidents.ledger import Ledger
from grace_tui.healing.incidents.matching import WrongMatcher, checked, fits
from grace_tui.healing.store import Store
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, SilenceRecord
from grace_tui.kernel.redact import redact

PREFIX = "S"
SHORTEST, LONGEST = 1.0, 31 * 86_400.0
"""Seconds that a silence may last."""
ACTIVE_LIMIT = 100
"""Silences in force at once: every failure that opens something is held against all of them."""
ENDED_KEPT = 200
REASON_LIMIT = 500

_PUT = """INSERT INTO silences (id, ends_at, record) VALUES (?, ?, ?)
          ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, record = excluded.record"""


class SilenceRefused(GraceError):
    """A silence cannot begin, or end, as it was asked to."""


class Silences:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.ledger = Ledger(store)
        self.unreadable: list[str] = []
        """What is stored and could not be read, and why; it stays in the store."""
        self._records: dict[str, SilenceRecord] = {}
        self._active: tuple[SilenceRecord, ...] = ()
        self._active_until = float("-inf")
        """Wall-clock time until which `_active` are those in force."""
        self._ids = Ids(PREFIX)
        self._load()

    # ---- what people do

    def add(self, matcher: Mapping[str, object], reason: str, ends_at: float, by: str) -> SilenceRecord:
        """
        Raises:
            WrongMatcher: the matcher cannot be used.
            SilenceRefused: there is no reason, the end is not one that a silence may have, or it cannot be kept.
        """
        begins = self.clock.time()
        fields = checked(matcher)
        reason = " ".join(reason.split())
        if not 0 < len(reason) <= REASON_LIMIT:
            raise SilenceRefused(f"a reason has 1 to {REASON_LIMIT} characters, not {len(reason)}")
        check_length(ends_at - begins)
        if len(self.active()) >= ACTIVE_LIMIT:
            raise SilenceRefused(f"{ACTIVE_LIMIT} silences are in force; end one first")
        self._make_room()
        record = SilenceRecord(self._ids.new(begins), fields, redact(reason), by, begins, ends_at)
        self._keep(record)
        return record

    def end(self, silence_id: str, by: str) -> SilenceRecord:
        """End one before its time.

        Raises:
            SilenceRefused: there is no such silence, it has ended, or its end cannot be written.
        """
        record = self.known(silence_id)
        if not self.is_active(record):
            raise SilenceRefused(f"{silence_id} has ended already")
        record = replace(record, ends_at=self.clock.time(), ended_by=by)
        self._keep(record)
        return record

    def note_warned(self, silence_id: str) -> None:
        """Remember that its end was announced."""
        record = replace(self.known(silence_id), warned=True)
        self._take(record)
        self._keep(record)

    # ---- what is known

    def all(self) -> tuple[SilenceRecord, ...]:
        """Newest first, the ended ones that are still remembered among them."""
        return tuple(reversed(self._records.values()))

    def active(self) -> tuple[SilenceRecord, ...]:
        """Those in force, newest first."""
        if self.clock.time() >= self._active_until:
            self._active = tuple(filter(self.is_active, self.all()))
            self._active_until = min((record.ends_at for record in self._active), default=float("inf"))
        return self._active

    def is_active(self, record: SilenceRecord) -> bool:
        return self.clock.time() < record.ends_at

    def get(self, silence_id: str) -> SilenceRecord | None:
        return self._records.get(silence_id)

    def known(self, silence_id: str) -> SilenceRecord:
        """
        Raises:
            SilenceRefused: there is no such silence.
        """
        record = self.get(silence_id)
        if record is None:
            raise SilenceRefused(f"there is no silence {silence_id!r}")
        return record

    @property
    def problem(self) -> str:
        """Why what is hidden is not remembered at the moment; empty when it is."""
        return self.ledger.problem

    # ---- what the incident book asks and tells

    def hides(self, record: IncidentRecord) -> str:
        """The silence in force that fits an incident, of several the last to end; empty where there is none."""
        fitting = [silence for silence in self.active() if fits(silence.matcher, record)]
        return max(fitting, key=lambda silence: silence.ends_at).id if fitting else ""

    def hit(self, record: IncidentRecord, failures: int = 1) -> None:
        """Count failures on an incident that a silence hides; what something else hides is not counted here."""
        if record.hidden_by in self._records:
            self.ledger.count(record.hidden_by, record, failures)

    def took(self, record: IncidentRecord) -> None:
        """Begin the line of an incident that was there before the silence hid it."""
        self.ledger.count(record.hidden_by, record, 0)

    # ---- bookkeeping

    def _keep(self, record: SilenceRecord) -> None:
        try:
            self.store.write(_PUT, record.id, record.ends_at, encode(record))
        except sqlite3.Error as error:
            raise SilenceRefused(f"the silence cannot be written: {error}") from error
        self._take(record)

    def _take(self, record: SilenceRecord) -> None:
        self._records[record.id] = record
        self._active_until = float("-inf")

    def _make_room(self) -> None:
        ended = sorted((each for each in self.all() if not self.is_active(each)), key=lambda each: each.ends_at)
        for record in ended[:-ENDED_KEPT]:
            self.ledger.forget(record.id)
            try:
                self.store.write("DELETE FROM silences WHERE id = ?", record.id)
            except sqlite3.Error as error:
                raise SilenceRefused(f"an old silence cannot be forgotten: {error}") from error
            del self._records[record.id]

    def _load(self) -> None:
        for silence_id, data in self.store.read("SELECT id, CAST(record AS BLOB) FROM silences ORDER BY id"):
            self._ids.seen(silence_id)
            try:
                record = decode(data, SilenceRecord)
                checked(record.matcher)
                check_length(max(record.ends_at - record.starts_at, SHORTEST))  # one may have ended at once
            except (msgspec.DecodeError, WrongMatcher, SilenceRefused) as error:
                self.unreadable.append(f"the silence {silence_id} cannot be read, and hides nothing: {error}")
            else:
                self._records[silence_id] = record
        self.ledger.load(self._records)
        self.unreadable += self.ledger.unreadable


def is_silence(hidden_by: str) -> bool:
    """Whether what hides an incident is a silence, in force or not, and no other incident."""
    return hidden_by.startswith(f"{PREFIX}-")


def check_length(seconds: float) -> None:
    """
    Raises:
        SilenceRefused: no silence lasts so long, or so short.
    """
    if not SHORTEST <= seconds <= LONGEST:
        raise SilenceRefused(f"a silence ends a second to {LONGEST / 86_400:.0f} days after it began")
