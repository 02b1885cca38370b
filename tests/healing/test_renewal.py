"""renew: what was learned under an earlier version of the signatures is found by the signature of today."""

from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.signature import VERSION, sign
from grace_tui.healing.renewal import renew
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.store import open_store
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.workshop import failed

SITE = Site("unexpected_keyword", "kernels/log.py", "Log.append", "part", "str", ())
PATCH = Patch("unexpected_keyword", SITE, "it", (FileEdit("kernels/log.py", None, "# new\n"),))


class Remembered:
    """A book with one incident, and the fix that was learned from it under another version."""

    def __init__(self, root: Path, signature: str, signed: str) -> None:
        self.store = open_store(root / "room.db")
        self.book = IncidentBook(self.store, ManualClock(), root, lambda event: None)
        record = self.book.record(failed(ValueError("order 17 is gone")))
        self.failure = self.book.failure(record.id)
        self.signature = record.signature
        if signature:
            self._as_signed_before(replace(record, signature=signature))
        self.known = Knowledge(root / "knowledge")
        learned = self.known.learn(signature or record.signature, self.failure, PATCH)
        self.known._write(replace(learned, signed=signed))

    def _as_signed_before(self, record: IncidentRecord) -> None:
        self.book._rows.put(record)

    def fix(self, signature: str) -> KnownFix | None:
        found = self.known.find(signature)
        return found if isinstance(found, KnownFix) else None


def test_a_fix_moves_to_the_signature_its_failure_has_now(tmp_path: Path) -> None:
    bench = Remembered(tmp_path, "valueerror-old-000000000000", "")
    now = sign(bench.failure).strict
    assert renew(bench.known, bench.book) == (("valueerror-old-000000000000", now),)
    moved = bench.fix(now)
    assert moved is not None
    assert (moved.signature, moved.signed, moved.successes) == (now, VERSION, 1)
    assert bench.fix("valueerror-old-000000000000") is None
    assert renew(bench.known, bench.book) == ()


def test_a_fix_whose_signature_is_still_the_same_stays(tmp_path: Path) -> None:
    bench = Remembered(tmp_path, "", "1")
    assert renew(bench.known, bench.book) == ()
    kept = bench.fix(bench.signature)
    assert kept is not None
    assert kept.signed == VERSION


def test_a_fix_that_is_known_by_the_new_signature_already_wins(tmp_path: Path) -> None:
    bench = Remembered(tmp_path, "valueerror-old-000000000000", "")
    now = sign(bench.failure).strict
    bench.known.learn(now, bench.failure, PATCH)
    bench.known.outcome(now, success=True)
    renew(bench.known, bench.book)
    fix = bench.fix(now)
    assert fix is not None
    assert fix.successes == 2
    assert bench.fix("valueerror-old-000000000000") is None


@pytest.mark.parametrize("signed", ["", "1"])
def test_a_fix_whose_incident_is_forgotten_stays_as_it_is(tmp_path: Path, signed: str) -> None:
    bench = Remembered(tmp_path, "", VERSION)
    bench.known._write(replace(bench.known.learn("keyerror-gone-1", bench.failure, PATCH), signed=signed))
    assert renew(bench.known, bench.book) == ()
    kept = bench.fix("keyerror-gone-1")
    assert kept is not None
    assert kept.signed == signed
