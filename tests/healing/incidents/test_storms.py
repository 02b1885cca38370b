"""Storms: every failure is counted, few rows open, few failures are looked at closely."""

import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents import intake
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.rows import TRIGGER
from grace_tui.healing.incidents.signature import Rule, Signature, sign
from grace_tui.healing.incidents.storms import (
    ALIKE,
    ALIKE_WITHIN,
    DIFFERENT,
    DIFFERENT_REPORTS,
    DIFFERENT_WITHIN,
    LOOKS,
    LOOKS_AT_ONCE,
    STORM,
    STORM_KIND,
)
from grace_tui.kernel.events import IncidentChanged, IncidentOpened
from grace_tui.kernel.records import IncidentRecord
from tests.healing.incidents.test_book import Room
from tests.healing.incidents.workshop import failed, load

KINDS = [f"{first}{second}Error" for first in string.ascii_uppercase for second in string.ascii_lowercase]
PLACES = "def worded(text):\n    raise ValueError(text)\n\n"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.close()


def _worded(room: Room, number: int, module: object) -> IncidentRecord:
    """A failure at one place of the workspace, in words that no other has."""
    try:
        module.worded(f"the {KINDS[number % len(KINDS)].lower()} of {KINDS[number // len(KINDS)]} is gone")  # type: ignore[attr-defined]
    except ValueError as error:
        return room.book.record(failed(error, at=room.clock.now))
    raise AssertionError("nothing was raised")


def _kind(room: Room, number: int) -> IncidentRecord:
    """A failure whose type no other has."""
    return room.book.record(failed(type(KINDS[number], (Exception,), {})("x"), at=room.clock.now))


def test_failures_in_ever_other_words_become_a_few_rows_and_variants_of_the_newest(room: Room) -> None:
    module = load(room.root, "kernels/shop.py", PLACES)
    for number in range(2_000):
        room.clock.now += 0.01
        _worded(room, number, module)
    rows = room.book.all()
    assert len(rows) == ALIKE
    assert sum(row.count for row in rows) == 2_000
    assert [row.count for row in rows[1:]] == [1] * (ALIKE - 1)
    assert rows[0].variants == 2_000 - ALIKE
    assert [text for _, _, text in rows[0].timeline if text.startswith("a storm")] == [rows[0].timeline[1][2]]


def test_after_a_storm_another_failure_opens_an_incident_of_its_own(room: Room) -> None:
    module = load(room.root, "kernels/shop.py", PLACES)
    for number in range(ALIKE + 3):
        _worded(room, number, module)
    room.clock.now += ALIKE_WITHIN + 1
    _worded(room, 500, module)
    assert [row.count for row in room.book.all()][:2] == [1, 4]


def test_a_variant_that_comes_back_reopens_the_row_it_is_counted_on(room: Room) -> None:
    module = load(room.root, "kernels/shop.py", PLACES)
    for number in range(ALIKE + 1):
        newest = _worded(room, number, module)
    room.book.kernel_running("coding_agent", "supervisor")
    again = _worded(room, ALIKE + 1, module)
    assert (again.id, again.state, again.variants) == (newest.id, "reopened", 2)
    assert len(room.book.all()) == ALIKE
    assert again.signature == newest.signature


def test_too_many_different_failures_of_a_kernel_are_counted_on_one_row(room: Room) -> None:
    for number in range(200):
        room.clock.now += 0.1
        last = _kind(room, number)
    assert len(room.book.all()) == DIFFERENT + 1
    assert (last.phase, last.count, last.variants) == (STORM, 200 - DIFFERENT, 0)
    assert last.title.startswith("FailureStorm: ")
    other = room.book.record(failed(ValueError("x"), kernel="governance", at=room.clock.now))
    assert other.phase == "start"
    room.clock.now += DIFFERENT_WITHIN + 1
    assert _kind(room, 300).phase == "start"


def test_a_storm_is_looked_at_closely_only_so_often(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()

    def counted(error: BaseException, **about: object) -> object:
        looks.append(str(error))
        return capture(error, **about)  # type: ignore[arg-type]

    monkeypatch.setattr(intake, "capture", counted)
    module = load(room.root, "kernels/shop.py", PLACES)
    for number in range(5_000):
        room.clock.now += 0.001
        _worded(room, number, module)
    assert len(looks) <= LOOKS_AT_ONCE + 5 * LOOKS + 1
    assert sum(row.count for row in room.book.all()) == 5_000


def test_what_is_not_looked_at_and_like_nothing_is_counted_as_a_storm(room: Room) -> None:
    for number in range(300):
        _kind(room, number)
    assert sum(row.count for row in room.book.all()) == 300
    assert room.book.all()[0].phase == STORM


def test_a_storm_is_told_few_times_and_timed(room: Room) -> None:
    for _ in range(1_000):
        room.clock.now += 0.001
        record = room.book.record(failed(ValueError("x"), at=room.clock.now))
    assert isinstance(room.events[0], IncidentOpened)
    assert len(room.events) <= 60
    assert room.book.rate(record.id) == 1_000
    room.clock.now += 1
    room.book.flush()
    assert room.events[-1] == IncidentChanged(record.id, "open", "happened again", 1_000)
    room.clock.now += 120
    assert room.book.rate(record.id) == 0


def test_when_no_row_can_go_a_new_failure_is_counted_on_the_kernels_storm(tmp_path: Path) -> None:
    room = Room(tmp_path, keep=3)
    for number in range(10):
        room.clock.now += DIFFERENT_WITHIN
        _kind(room, number)
    rows = room.book.all()
    assert (len(rows), rows[0].phase, rows[0].count) == (4, STORM, 7)
    room.close()


# ---- what no exception announces


def _report(room: Room, text: str, kind: str = "Slow", kernel: str = "agent") -> IncidentRecord:
    return room.book.report(kernel, kind, text, "mesh", route="person", facts={"text": text})


def test_reports_in_ever_other_words_become_one_row_beside_those_that_were_told_apart(room: Room) -> None:
    for number in range(200):
        room.clock.now += 0.1
        last = _report(room, f"queue {_letters(number)} is long")
    assert len(room.book.all()) == DIFFERENT_REPORTS + 1
    assert (last.kind, last.phase, last.count, last.facts) == (STORM_KIND, TRIGGER, 200 - DIFFERENT_REPORTS, {})
    assert room.book.record(failed(ValueError("x"), kernel="agent", at=room.clock.now)).phase == "start"
    assert _report(room, "queue x is long", kernel="other").kind == "Slow"
    room.clock.now += DIFFERENT_WITHIN + 1
    assert _report(room, "something else").kind == "Slow"


def test_a_flood_of_reports_is_looked_at_closely_only_so_often(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = list[str]()

    def counted(failure: Failure, rules: tuple[Rule, ...]) -> Signature:
        looks.append(failure.kind)
        return sign(failure, rules)

    monkeypatch.setattr(intake, "sign", counted)
    for number in range(1_000):
        _report(room, f"queue {_letters(number)} is long")
    assert looks.count("Slow") == LOOKS_AT_ONCE
    assert sum(row.count for row in room.book.all()) == 1_000


def test_the_same_report_again_is_counted_with_what_was_found_last(room: Room) -> None:
    first = _report(room, "a", kind="Slow")
    room.book.report("agent", "Slow", "a", "mesh", route="nobody", facts={"value": 2})
    (record,) = room.book.all()
    assert (record.id, record.count, record.route, record.facts) == (first.id, 2, "nobody", {"value": 2})
    room.book.move(first.id, "resolved", "it is over", "mesh")
    assert _report(room, "a").state == "reopened"


def _letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
