"""`grace-tui silence`: what is asked of the room, and what a wrong call is told."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.cli.fake_room import FakeRoom, Shell

FAR = 4_000_000_000.0
SILENCE: dict[str, Any] = {
    "id": "S-20261201-0001-k3f9",
    "matcher": "kernel web-*",
    "reason": "we move the database",
    "by": "ann",
    "starts_at": 1_000.0,
    "ends_at": FAR,
    "hidden": 2,
    "failures": 17,
}
OVER = SILENCE | {"id": "S-20261130-0001-k3f9", "ends_at": 2_000.0}


def asked(room: FakeRoom) -> dict[str, Any]:
    verb, arguments = room.asked[-1]
    return {"verb": verb, **arguments}


def test_silences_are_listed_with_what_they_hid(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.list", {"silences": [SILENCE, OVER]})
    assert grace("silence", "list") == 0
    head, first, second = grace.out.splitlines()
    assert head.split() == ["SILENCE", "ENDS", "HID", "FAILURES", "BY", "HIDES", "REASON"]
    ends = datetime.fromtimestamp(FAR).strftime("%Y-%m-%d %H:%M")
    assert first.split(maxsplit=3) == [
        SILENCE["id"],
        *ends.split(),
        "2        17  ann  kernel web-*  we move the database",
    ]
    assert second.split()[1] == "ended"


def test_those_in_force_are_listed_alone(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.list", {"silences": [SILENCE, OVER]})
    assert grace("silence", "list", "--active", "--json") == 0
    assert [found["id"] for found in grace.json] == [SILENCE["id"]]


def test_one_is_shown_in_the_rooms_words_or_as_data(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.show", {"silence": SILENCE, "ledger": []}, text="S-1: in force\nledger")
    assert grace("silence", "show", "S-1") == 0
    assert (grace.out, asked(room)) == ("S-1: in force\nledger\n", {"verb": "silence.show", "id": "S-1"})
    assert grace("silence", "show", "S-1", "--json") == 0
    assert grace.json["silence"] == SILENCE


def test_one_begins_with_what_fits_why_and_for_how_long(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.add", {"silence": SILENCE}, text="S-1 hides kernel web-*; 1 incident hidden now\n  I-1  web-2")
    assert grace("silence", "add", "--kernel", "web-*", "--kind", "X?", "--reason", "we move it", "--for", "1d 2h") == 0
    matcher = {"kernel": "web-*", "kind": "X?"}
    assert asked(room) == {"verb": "silence.add", "matcher": matcher, "reason": "we move it", "for": 93_600.0}
    assert (grace.out, grace.err) == ("", "S-1 hides kernel web-*; 1 incident hidden now\n  I-1  web-2\n")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-01T08:00", datetime(2026, 12, 1, 8)),
        ("2026-12-01 08:00:30", datetime(2026, 12, 1, 8, 0, 30)),
        ("2026-12-01T08:00Z", datetime(2026, 12, 1, 8, tzinfo=UTC)),
        ("2026-12-01T08:00+05:30", datetime(2026, 12, 1, 8, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_one_ends_at_a_local_moment_or_one_with_a_zone(
    room: FakeRoom, grace: Shell, text: str, moment: datetime
) -> None:
    room.says("silence.add", {"silence": SILENCE})
    assert grace("silence", "add", "--phase", "run", "--reason", "r", "--until", text, "--json") == 0
    assert asked(room)["ends_at"] == moment.timestamp()
    assert grace.json == {"silence": SILENCE}


def test_a_dry_run_begins_nothing(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.preview", {"hides": [], "stays": []}, text="title *disk* would hide 0 incidents now")
    assert grace("silence", "add", "--title", "*disk*", "--reason", "r", "--for", "2h", "--dry-run") == 0
    assert [verb for verb, _ in room.asked] == ["silence.preview"]
    assert grace.out == "title *disk* would hide 0 incidents now\n"


def test_one_is_ended_with_a_reason(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.end", {"silence": OVER}, text="S-1 ended; 1 open again")
    assert grace("silence", "end", "S-1", "--reason", "moved") == 0
    assert (grace.err, asked(room)) == (
        "S-1 ended; 1 open again\n",
        {"verb": "silence.end", "id": "S-1", "reason": "moved"},
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reason", "r", "--for", "2h"), "say what to hide: one of --kernel, --kind, --title, --signature, --phase"),
        (("--kernel", "x", "--for", "2h"), "missing option '--reason'"),
        (("--kernel", "x", "--reason", "r"), "say when it ends: either --for or --until"),
        (("--kernel", "x", "--reason", "r", "--for", "2h", "--until", "2026-12-01"), "either --for or --until"),
        (("--kernel", "x", "--reason", "r", "--for", "soon"), "'soon' is not a time such as"),
        (("--kernel", "x", "--reason", "r", "--until", "8 o'clock"), "is not a moment such as 2026-12-01T08:00"),
    ],
)
def test_a_wrong_call_is_told_what_is_right(room: FakeRoom, grace: Shell, words: tuple[str, ...], told: str) -> None:
    assert grace("silence", "add", *words) == 2
    assert told in grace.err
    assert room.asked == []


def test_what_the_room_refuses_is_told(room: FakeRoom, grace: Shell) -> None:
    room.says("silence.add", {}, ok=False, text="a silence ends a second to 31 days after it began")
    assert grace("silence", "add", "--kernel", "x", "--reason", "r", "--for", "32d") == 1
    assert "a silence ends a second to 31 days after it began" in grace.err
