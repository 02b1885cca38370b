"""The book under rules of grouping: what one incident counts, what it keeps, and what a repair goes by."""

from pathlib import Path

import pytest

from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.signature import Rule
from grace_tui.healing.store import open_store
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.workshop import failed

NETWORK = Rule("network", kind=("ConnectionError", "TimeoutError"), group="network")


@pytest.fixture
def book(tmp_path: Path) -> IncidentBook:
    return IncidentBook(open_store(tmp_path / "room.db"), ManualClock(), tmp_path, lambda event: None)


def test_an_incident_says_what_its_signature_is_made_of(book: IncidentBook) -> None:
    record = book.record(failed(ValueError("order 17 is gone")))
    assert record.parts == ("type ValueError", "message order <n> is gone", "kernel coding_agent")
    assert record.left_out == ("values in the message: n 1x", "lines, source text, times and the phase never count")
    assert record.group == ""


def test_what_a_rule_pins_is_one_incident(book: IncidentBook) -> None:
    book.regroup([NETWORK])
    one = book.record(failed(ConnectionError("refused")))
    other = book.record(failed(TimeoutError("no answer")))
    assert (other.id, other.count, other.group) == (one.id, 2, "group-network")
    assert other.parts[-1] == "rule network: everything it fits is group network"


def test_the_group_of_one_kernel_is_not_anothers(book: IncidentBook) -> None:
    book.regroup([NETWORK])
    one = book.record(failed(ConnectionError("refused"), kernel="one"))
    other = book.record(failed(ConnectionError("refused"), kernel="two"))
    assert one.id != other.id
    assert one.coarse == other.coarse


def test_what_a_rule_splits_is_an_incident_each(book: IncidentBook) -> None:
    book.regroup([Rule("by words", kind=("ValueError",), split_by=("message",))])
    one, other = (book.record(failed(ValueError(f"order {number} is gone"))) for number in (17, 18))
    again = book.record(failed(ValueError("order 17 is gone")))
    assert one.id != other.id
    assert one.signature == other.signature
    assert (again.id, again.count) == (one.id, 2)


def test_an_incident_keeps_its_group_when_the_rules_change(book: IncidentBook) -> None:
    before = book.record(failed(ConnectionError("refused")))
    book.regroup([NETWORK])
    pinned = book.record(failed(ConnectionError("refused")))
    assert pinned.id != before.id
    book.regroup([])
    again = book.record(failed(ConnectionError("refused")))
    assert (again.id, again.count, again.group) == (before.id, 2, "")


def test_groups_are_remembered_over_a_restart(tmp_path: Path) -> None:
    for count in (1, 2):
        store = open_store(tmp_path / "room.db")
        book = IncidentBook(store, ManualClock(), tmp_path, lambda event: None)
        book.regroup([NETWORK])
        record = book.record(failed(ConnectionError("refused") if count == 1 else TimeoutError("no answer")))
        assert record.count == count
        book.close()
        store.close()


def test_a_group_that_reopens_goes_by_the_failure_that_reopened_it(book: IncidentBook) -> None:
    book.regroup([NETWORK])
    one = book.record(failed(ConnectionError("refused")))
    book.move(one.id, "resolved", "fixed", "coding_agent")
    again = book.record(failed(TimeoutError("no answer")))
    assert (again.id, again.state) == (one.id, "reopened")
    assert again.signature.startswith("timeouterror-")
    assert book.failure(again.id).kind == "TimeoutError"


def test_failures_that_differ_by_their_cause_only_are_two(book: IncidentBook) -> None:
    records = []
    for cause in (KeyError("a"), OSError("b")):
        error = RuntimeError("the store is not ready")
        error.__cause__ = cause
        records.append(book.record(failed(error)))
    assert records[0].id != records[1].id


def test_failures_told_by_another_process_are_looked_at_one_by_one(book: IncidentBook) -> None:
    told = (RemoteFailure(kind, "bad") for kind in ("ValueError", "KeyError"))
    assert len({book.record(failed(error)).signature for error in told}) == 2
