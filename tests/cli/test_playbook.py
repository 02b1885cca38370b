"""`grace-tui playbook`: what it asks the room, what it prints, and the check that needs no room."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.fake_room import FakeRoom, Shell

LISTED: dict[str, Any] = {
    "name": "free_disk",
    "says": "Frees room on a full disk.",
    "when": "incident.kind == 'DiskPressure'",
    "file": "shipped",
    "succeeded": 3,
    "failed": 1,
    "score": 0.6667,
    "automatic": True,
    "steps": ["archive", "tell"],
}
RUN: dict[str, Any] = {
    "id": "R-1",
    "playbook": "free_disk",
    "incident_id": "I-1",
    "kernel": "room",
    "state": "waiting_for_person",
    "started_at": 1_700_000_000.0,
    "question": "May I?",
}
GOOD = 'says = "Restarts it."\nwhen = "kernel.state == \'failed\'"\n[[step]]\naction = "restart"\n'


def test_playbooks_are_listed_with_their_record(room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    room.says("playbook.list", {"playbooks": [LISTED]}, text="bad.toml:3: no")
    assert grace("playbook", "list") == 0
    assert grace.out.splitlines()[1].split()[:5] == ["free_disk", "3", "1", "67%", "shipped"]
    assert "bad.toml:3: no" in grace.err
    assert grace("playbook", "list", "--json") == 0
    assert grace.json == [LISTED]


def test_runs_are_listed_with_what_they_ask(room: FakeRoom, grace: Shell) -> None:
    room.says("playbook.runs", {"runs": [RUN]})
    assert grace("playbook", "runs") == 0
    assert "waiting for person  May I?" in grace.out


def test_one_run_is_shown(room: FakeRoom, grace: Shell) -> None:
    room.says("playbook.runs", RUN, text="R-1: free_disk")
    assert grace("playbook", "runs", "R-1") == 0
    assert (grace.out, room.asked) == ("R-1: free_disk\n", [("playbook.runs", {"id": "R-1"})])


@pytest.mark.parametrize(("said", "yes"), [("yes", True), ("no", False)])
def test_an_answer_goes_to_the_room(room: FakeRoom, grace: Shell, said: str, yes: bool) -> None:
    room.says("playbook.answer", RUN, text="it goes on")
    assert grace("playbook", "answer", "R-1", said) == 0
    assert room.asked == [("playbook.answer", {"id": "R-1", "yes": yes})]
    assert "it goes on" in grace.err


def test_a_run_that_fails_after_your_yes_is_bad(room: FakeRoom, grace: Shell) -> None:
    room.says("playbook.answer", RUN, ok=False, text="free_disk (R-1) failed: no room")
    assert grace("playbook", "answer", "R-1", "yes") == 1
    assert "failed: no room" in grace.err


def test_a_playbook_that_never_ran_has_no_score(room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    room.says("playbook.list", {"playbooks": [{**LISTED, "succeeded": 0, "failed": 0, "score": 0.5}]})
    assert grace("playbook", "list") == 0
    assert grace.out.splitlines()[1].split()[:4] == ["free_disk", "0", "0", "–"]


def test_a_run_by_hand_tells_how_it_ended(room: FakeRoom, grace: Shell) -> None:
    room.says("playbook.run", RUN, ok=False, text="free_disk (R-1) undone: no")
    assert grace("playbook", "run", "free_disk", "I-1", "--yes", "--reason", "try it") == 1
    assert room.asked == [("playbook.run", {"name": "free_disk", "incident": "I-1", "reason": "try it"})]
    assert "undone: no" in grace.err


def test_a_run_by_hand_is_confirmed_first(room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    room.says("playbook.show", {"playbook": LISTED})
    monkeypatch.setattr("click.confirm", lambda text, err: "archive, tell" not in text)
    assert grace("playbook", "run", "free_disk", "I-1") == 1
    assert [verb for verb, _ in room.asked] == ["playbook.show"]
    assert "nothing was done" in grace.err


def test_a_check_needs_no_room_and_names_every_bad_line(tmp_path: Path, grace: Shell) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "good.toml").write_text(GOOD, encoding="utf-8")
    assert grace("playbook", "check", "-w", str(tmp_path)) == 0
    bad = tmp_path / "playbooks" / "bad.toml"
    bad.write_text(GOOD.replace('"restart"', '"restrat"') + "colour = 3\n", encoding="utf-8")
    assert grace("playbook", "check", "-w", str(tmp_path)) == 2
    assert f"{bad}:5: step 1: colour is not a key of a playbook" in grace.err
    assert grace("playbook", "check", "-w", str(tmp_path), str(bad), "--json") == 2
    assert [(found["line"], found["key"]) for found in grace.json["refused"]] == [(5, "step.0.colour")]


def test_a_check_of_one_file_tells_that_it_can_be_used(tmp_path: Path, grace: Shell) -> None:
    (tmp_path / "kernels").mkdir()
    good = tmp_path / "good.toml"
    good.write_text(GOOD, encoding="utf-8")
    assert grace("playbook", "check", "-w", str(tmp_path), str(good)) == 0
    assert grace.err == "1 playbook can be used\n"
    assert grace("playbook", "check", "-w", str(tmp_path), str(tmp_path / "none.toml")) == 2
    assert "none.toml: cannot be read: no such file" in grace.err
