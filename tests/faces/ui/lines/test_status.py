"""How a kernel stands is told as fully as there is room for."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.status import host_sign, status
from tests.faces.ui.crowd import BACKING_OFF, MIGRATE, QUARANTINED, WAITING
from tests.faces.ui.sample import ALL

BUS = ALL[0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "running"}, "running"),
        ({"state": "paused", "since": 95}, "paused 1 min"),
        ({"state": "completed", "since": 95}, "completed 1 min ago"),
        ({"state": "backing_off", "next_try": 4.2}, "backing off, next try 4.2 s"),
        ({"state": "backing_off"}, "backing off 12 min"),
        ({"state": "quarantined", "since": 61}, "quarantined 1 min"),
        ({"state": "failed", "since": 3, "repair": "trying"}, "failed 3 s, trying"),
        ({"state": "starting", "waits_for": ("db", "cache")}, "waits for db, cache"),
        ({"state": "exploded"}, "exploded"),
    ],
)
def test_status_is_told_in_words(changes: dict[str, object], expected: str) -> None:
    assert status(msgspec.structs.replace(BUS, **changes)) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (60, "backing off, next try 3.2 s (2 of 5 left)"),
        (40, "next try 3.2 s (2 of 5 left)"),
        (24, "next try 3.2 s, 2 left"),
        (16, "next try 3.2 s"),
        (8, "try 3 s"),
        (2, "try 3 s"),
    ],
)
def test_status_says_less_where_there_is_less_room(width: int, expected: str) -> None:
    assert status(BACKING_OFF, width) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [(40, "quarantined after 6 failures in 60 s"), (20, "quarantined 1 min"), (8, "given up")],
)
def test_status_of_a_quarantined_kernel_says_after_what(width: int, expected: str) -> None:
    assert status(QUARANTINED, width) == expected


@pytest.mark.parametrize(
    ("width", "expected"), [(30, "waits for mailer, web-1"), (20, "waits for mailer +1"), (8, "waiting")]
)
def test_status_of_a_waiting_kernel_says_for_whom(width: int, expected: str) -> None:
    assert status(WAITING, width) == expected


def test_what_is_being_done_stands_longest() -> None:
    assert status(msgspec.structs.replace(BACKING_OFF, repair="trying"), 9) == "⚙ trying"


def test_only_processes_and_programs_have_a_sign_of_their_host() -> None:
    hosts = [host_sign(msgspec.structs.replace(BUS, isolation=host)) for host in ("task", "process", "command", "odd")]
    assert (hosts, host_sign(MIGRATE)) == (["", " &", " $", ""], " $")
