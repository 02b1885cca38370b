"""`grace-tui trigger`: a neat list, plain JSON, and exit codes that say whether something fires."""

import json
from typing import Any

import pytest

from tests.cli.fake_room import FakeRoom, Shell

RULE: dict[str, Any] = {
    "name": "heartbeat_gap",
    "says": "A running kernel does not beat.",
    "unit": "x",
    "threshold": 1.0,
    "route": "playbook:restart_silent",
    "value": 0.03,
    "detail": "librarian: 1.0 of 30 s",
    "firing": [],
    "next_check": 12.4,
    "cool_down_left": 0.0,
    "problem": "",
}
FIRING = {**RULE, "firing": ["librarian"], "value": 1.4}
UNKNOWN = {**RULE, "value": None, "problem": "not measured: no such mount"}


def test_the_list_fits_a_small_terminal(room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    room.says("trigger.list", {"rules": [RULE, FIRING, UNKNOWN], "trouble": "triggers.toml:3: is wrong"})
    assert grace("trigger", "list") == 0
    lines = grace.out.splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    assert [line.split()[1] for line in lines[1:]] == ["0.03", "1.4", "–"]
    assert [state for line in lines for state in ("ok", "firing", "unknown") if state in line.split()] == [
        "ok",
        "firing",
        "unknown",
    ]
    assert "triggers.toml:3: is wrong" in grace.err


def test_json_is_what_the_room_said(room: FakeRoom, grace: Shell) -> None:
    room.says("trigger.list", {"rules": [RULE], "trouble": ""})
    assert grace("trigger", "list", "--json") == 0
    assert json.loads(grace.out) == {"rules": [RULE], "trouble": ""}


@pytest.mark.parametrize(("rule", "code"), [(RULE, 0), (FIRING, 1)])
def test_a_check_says_by_its_exit_code_whether_something_fires(
    room: FakeRoom, grace: Shell, rule: dict[str, Any], code: int
) -> None:
    room.says("trigger.check", {"rules": [rule]})
    assert grace("trigger", "check", "heartbeat_gap", "queue_growth") == code
    assert room.asked[-1] == ("trigger.check", {"names": ["heartbeat_gap", "queue_growth"]})
    assert grace("trigger", "check") == code
    assert room.asked[-1][1] == {"names": []}


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_a_drill_says_whether_the_rule_fired_and_was_undone(room: FakeRoom, grace: Shell, ok: bool, code: int) -> None:
    room.says("trigger.drill", {"fired": ok}, ok, "heartbeat_gap fired as I-1 and was resolved again")
    assert grace("trigger", "drill", "heartbeat_gap") == code
    assert "heartbeat_gap fired as I-1" in grace.err
    assert grace("trigger", "drill", "heartbeat_gap", "--json") == code
    assert json.loads(grace.out) == {"fired": ok}


def test_accept_is_audited_with_its_reason(room: FakeRoom, grace: Shell) -> None:
    room.says("trigger.accept", {}, text="config_drift: accepted 3 files as they are now")
    assert grace("trigger", "accept", "config_drift", "--reason", "we changed it") == 0
    assert room.asked == [("trigger.accept", {"name": "config_drift", "reason": "we changed it"})]
    assert "accepted 3 files" in grace.err


def test_show_prints_the_rooms_words(room: FakeRoom, grace: Shell) -> None:
    room.says("trigger.show", {"rule": RULE}, text="heartbeat_gap: quiet")
    assert grace("trigger", "show", "heartbeat_gap") == 0
    assert grace.out == "heartbeat_gap: quiet\n"
