"""`status` shows what the room says, and can wait for it."""

from collections.abc import Mapping
from typing import Any

import pytest

from grace_tui.cli.conditions import parse_condition
from grace_tui.cli.exits import Ended
from grace_tui.workspace import Workspace
from tests.cli.fake_room import FakeRoom, Shell, room_view


def test_status_as_json_is_the_room_view(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view())
    assert grace("status", "--json") == 0
    assert grace.json["running"] == 1
    assert [kernel["name"] for kernel in grace.json["kernels"]] == ["message_bus", "governance"]


def test_status_shows_what_is_wrong_and_what_is_done(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view())
    assert grace("status") == 0
    for words in (
        "lab on box: degraded, open for 12 min 09 s (grace-tui 0.1.0)",
        "kernels    1 of 2 running, 1 failed",
        "governance  failed  1 min 05 s  ImportError: no name",
        "I-1       governance  in_repair  cannot import async_session  trying",
        "memory 118 MiB",
    ):
        assert words in grace.out
    assert "message_bus" not in grace.out


def test_status_of_a_steady_room_is_calm(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view(state="steady", running=2, failed=0, kernels=[], incidents=[]))
    assert grace("status") == 0
    assert len(grace.out.splitlines()) == 6


def test_status_of_a_room_with_a_failed_kernel_is_not_called_steady(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view(state="steady"))
    assert grace("status") == 0
    assert grace.out.startswith("lab on box: up, 1 kernel failed, open for")


def test_status_tells_what_wants_attention(room: FakeRoom, grace: Shell) -> None:
    told = ["calm asks: May I?", *(f"left {number}" for number in range(11))]
    room.says("status", room_view(warnings=told))
    assert grace("status") == 0
    assert "attention  calm asks: May I?\n" in grace.out
    assert "attention  left 8\n           and 2 more\n" in grace.out


def test_status_waits_until_it_holds(room: FakeRoom, grace: Shell) -> None:
    def boots(args: Mapping[str, Any]) -> tuple[bool, str, Mapping[str, Any]]:
        return True, "", room_view(running=min(len(room.asked), 2))

    room.replies["status"] = boots
    assert grace("status", "--wait", "running=2", "--wait", "total>=2", "--timeout", "20", "--json") == 0
    assert grace.json["running"] == 2
    assert len(room.asked) == 2


def test_status_that_never_holds_ends_with_1(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view())
    assert grace("status", "--wait", "running=2", "--wait", "state=steady", "--timeout", "0") == 1
    assert grace.err == "grace-tui: after 0 s running is 1, not 2; state is degraded, not steady\n"
    assert grace.out == ""


def test_waiting_for_a_room_that_never_opens_ends_with_3(workspace: Workspace, grace: Shell) -> None:
    assert grace("status", "--wait", "running=2", "--timeout", "0.3") == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("running", "say what to wait for as in running=20"),
        ("runing=2", "runing is none of sequence, at, workspace"),
        ("running=many", "many is not a number"),
        ("state>=steady", "state is a word; compare it with ="),
        ("kernels=2", "kernels is none of"),
    ],
)
def test_wrong_condition_is_told(text: str, message: str) -> None:
    with pytest.raises(Ended, match=message) as caught:
        parse_condition(text)
    assert caught.value.code == 2


def test_what_is_wrong_with_the_room_comes_first(room: FakeRoom, grace: Shell) -> None:
    view = room_view(degraded=["message_bus"], stall="librarian holds the loop", completed=1)
    room.says("status", view)
    assert grace("status") == 0
    lines = grace.out.splitlines()
    assert lines[0].startswith("lab on box: stalled, open for")
    assert lines[1] == "stalled    librarian holds the loop"
    assert lines[2] == "degraded   without message_bus"
    assert "1 failed, 1 completed" in lines[3]


def test_what_the_room_has_to_say_is_told(room: FakeRoom, grace: Shell) -> None:
    room.says("status", room_view(banner="grace.toml:3: bad is not a setting; what was read before stays in force"))
    assert grace("status") == 0
    assert grace.out.splitlines()[1].startswith("notice     grace.toml:3: bad is not a setting")
