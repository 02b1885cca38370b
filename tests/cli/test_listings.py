"""Every listing verb: the right question, a neat table at 80 columns, and plain JSON."""

from typing import Any

import pytest

from grace_tui.cli.verbs.incident import SHOWN
from tests.cli.fake_room import FakeRoom, Shell, incident_view, kernel_view

TASK: dict[str, Any] = {
    "id": "T-1",
    "incident_id": "I-1",
    "kernel": "coding_agent",
    "title": "immutable_log.append accepts and stores subsystem",
    "priority": 10,
    "state": "gating",
    "queued_at": 1.0,
    "seconds": 2.5,
    "gates": [{"name": "parse", "state": "passed"}, {"name": "types", "state": "running"}],
}
SNAPSHOT = {"id": "s1", "at": 1_700_000_000.0, "reason": "before a repair", "files": 24, "bytes": 2048}
FIX = {"signature": "abc", "operator": "add_parameter", "successes": 2, "failures": 0, "confidence": 0.75, "more": 1}
ENTRY = {
    "sequence": 9,
    "at": 1_700_000_000.0,
    "record": {"actor": "me", "action": "kernel.stop", "resource": "librarian", "result": "done"},
    "hash": "ff",
    "previous": "ee",
}

LISTINGS = [
    pytest.param("kernel list", "kernel.list", "kernels", kernel_view("librarian"), "librarian", id="kernels"),
    pytest.param("incident list", "incident.list", "incidents", incident_view(), "governance", id="incidents"),
    pytest.param("task list", "task.list", "tasks", TASK, "gating    1/2", id="tasks"),
    pytest.param(
        "snapshot list", "snapshot.list", "snapshots", SNAPSHOT, "24  2.0 KiB  before a repair", id="snapshots"
    ),
    pytest.param(
        "knowledge list", "knowledge.list", "knowledge", FIX, "add_parameter       2       0    75%", id="fixes"
    ),
    pytest.param("audit tail", "audit.tail", "entries", ENTRY, "me     kernel.stop  librarian  done", id="audit"),
]


@pytest.mark.parametrize(("call", "verb", "key", "item", "words"), LISTINGS)
def test_listing_is_a_neat_table(
    room: FakeRoom,
    grace: Shell,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    verb: str,
    key: str,
    item: dict[str, Any],
    words: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    room.says(verb, {key: [item, item]})
    assert grace(*call.split()) == 0
    lines = grace.out.splitlines()
    assert len(lines) == 3
    assert words in lines[1]
    assert all(len(line) <= 80 for line in lines)
    assert room.asked[0][0] == verb


@pytest.mark.parametrize(("call", "verb", "key", "item", "words"), LISTINGS)
def test_listing_as_json_is_a_list(
    room: FakeRoom, grace: Shell, call: str, verb: str, key: str, item: dict[str, Any], words: str
) -> None:
    room.says(verb, {key: [item]})
    assert grace(*call.split(), "--json") == 0
    assert len(grace.json) == 1
    plain = {name: value for name, value in item.items() if name != "gates"}
    assert {name: grace.json[0][name] for name in plain} == plain


@pytest.mark.parametrize(
    ("call", "verb", "args"),
    [
        ("kernel show librarian", "kernel.show", {"name": "librarian"}),
        ("incident show I-1", "incident.show", {"id": "I-1"}),
        ("task show T-1", "task.show", {"id": "T-1"}),
        ("knowledge show abc", "knowledge.show", {"id": "abc"}),
    ],
)
def test_show_prints_every_field(room: FakeRoom, grace: Shell, call: str, verb: str, args: dict[str, str]) -> None:
    data = {"id": "x", "diff": "--- a\n+++ b\n", "timeline": [[1.5, "me", "opened"]], "known": False, "worker": None}
    room.says(verb, data)
    assert grace(*call.split()) == 0
    assert room.asked == [(verb, args)]
    assert "known     no\n" in grace.out
    assert "diff\n    --- a\n    +++ b\n" in grace.out
    assert "timeline\n    1.5, me, opened\n" in grace.out
    assert grace(*call.split(), "--json") == 0
    assert grace.json == data


def test_show_prefers_the_words_of_the_room(room: FakeRoom, grace: Shell) -> None:
    room.says("task.show", {"id": "T-1"}, text="T-1 learned\n  in 2 s\x1b[2J\n")
    assert grace("task", "show", "T-1") == 0
    assert grace.out == "T-1 learned\n  in 2 s\\x1b[2J\n"


def test_open_incidents_alone_are_listed(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.list", {"incidents": [incident_view(), incident_view(id="I-0", state="resolved")]})
    assert grace("incident", "list", "--open", "--json") == 0
    assert [incident["id"] for incident in grace.json] == ["I-1"]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--state", "resolved"], ["I-0"]),
        (["--kernel", "governance"], ["I-1", "I-0"]),
        (["--kernel", "librarian"], ["I-2"]),
        (["--kernel", "librarian", "--state", "resolved"], []),
        (["--owner", "ann"], ["I-2"]),
        (["--owner", ""], ["I-1", "I-0"]),
    ],
)
def test_incidents_are_listed_by_state_kernel_and_owner(
    room: FakeRoom, grace: Shell, options: list[str], ids: list[str]
) -> None:
    others = [incident_view(id="I-0", state="resolved"), incident_view(id="I-2", kernel="librarian", owner="ann")]
    room.says("incident.list", {"incidents": [incident_view(), *others]})
    assert grace("incident", "list", *options, "--json") == 0
    assert [incident["id"] for incident in grace.json] == ids


def test_old_incidents_are_listed_when_all_are_asked_for(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.list", {"incidents": [incident_view(id=f"I-{number}") for number in range(SHOWN + 2)]})
    assert grace("incident", "list") == 0
    assert (len(grace.out.splitlines()), grace.err) == (SHOWN + 1, "2 older ones are left out; --all lists them\n")
    assert grace("incident", "list", "--all") == 0
    assert (len(grace.out.splitlines()), grace.err) == (SHOWN + 3, "")


def test_an_incident_is_listed_with_its_owner_and_rate(
    room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    room.says("incident.list", {"incidents": [incident_view(owner="ann", rate=12.5)]})
    assert grace("incident", "list") == 0
    assert "in_repair  ann    3  12.5  cannot import async_session" in grace.out


@pytest.mark.parametrize("act", ["resolve", "reopen", "release"])
def test_a_decision_about_an_incident_needs_a_reason(room: FakeRoom, grace: Shell, act: str) -> None:
    room.says(f"incident.{act}", {}, text="done")
    assert grace("incident", act, "I-1") == 2
    assert room.asked == []
    assert grace("incident", act, "I-1", "--reason", "seen") == 0
    assert room.asked == [(f"incident.{act}", {"id": "I-1", "reason": "seen"})]


def test_several_incidents_are_settled_at_once_and_a_refusal_keeps_nothing_from_the_others(
    room: FakeRoom, grace: Shell
) -> None:
    room.replies["incident.resolve"] = lambda args: (args["id"] != "I-2", f"{args['id']} seen", {})
    assert grace("incident", "resolve", "I-1", "I-2", "I-1", "I-3", "--reason", "seen") == 1
    assert [args["id"] for _, args in room.asked] == ["I-1", "I-2", "I-3"]
    assert grace.err == "I-1 seen\ngrace-tui: I-2 seen\nI-3 seen\n"
    assert grace("incident", "resolve", "I-1", "I-3", "--reason", "seen", "--json") == 0
    assert [(each["incident"], each["ok"]) for each in grace.json] == [("I-1", True), ("I-3", True)]
    assert grace("incident", "resolve", "--reason", "seen") == 2


def test_a_line_is_noted_with_an_incident(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.note", {}, text="noted with I-1")
    assert grace("incident", "note", "I-1", "seen since noon") == 0
    assert room.asked == [("incident.note", {"id": "I-1", "text": "seen since noon"})]
    assert grace.err == "noted with I-1\n"


def test_an_incident_is_given_an_owner(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.take", {}, text="done")
    assert grace("incident", "ack", "I-1", "--owner", "ann") == 0
    assert room.asked == [("incident.take", {"id": "I-1", "owner": "ann", "reason": ""})]


@pytest.mark.parametrize("act", ["start", "stop", "restart", "pause", "resume"])
def test_kernel_is_driven(room: FakeRoom, grace: Shell, act: str) -> None:
    room.says(f"kernel.{act}", {}, text=f"librarian: {act} asked for")
    assert grace("kernel", act, "librarian", "--reason", "because") == 0
    assert room.asked == [(f"kernel.{act}", {"name": "librarian", "reason": "because"})]
    assert (grace.out, grace.err) == ("", f"librarian: {act} asked for\n")
    assert grace("kernel", act, "librarian", "--json") == 0
    assert grace.json == {"kernel": "librarian", "act": act, "ok": True, "text": f"librarian: {act} asked for"}


def test_log_without_a_line_prints_none(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.logs", {"lines": []})
    assert grace("kernel", "logs", "librarian") == 0
    assert (grace.out, grace.err) == ("", "librarian has written nothing yet\n")


def test_log_lines_are_shown_and_never_obeyed(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.logs", {"lines": ["plain", "\x1b[2Jevil\u202e \x9b"]})
    assert grace("kernel", "logs", "librarian", "-n", "7") == 0
    assert room.asked == [("kernel.logs", {"name": "librarian", "lines": 7})]
    assert grace.out == "plain\n\\x1b[2Jevil\\u202e \\x9b\n"
    assert grace("kernel", "logs", "librarian", "--json") == 0
    assert grace.out.isascii()
    assert grace.json[0] == "plain"


def test_audit_that_holds_ends_with_0(room: FakeRoom, grace: Shell) -> None:
    room.says("audit.verify", {"ok": True, "entries": 41, "head": "0123456789abcdef0123", "seconds": 0.012})
    assert grace("audit", "verify") == 0
    assert grace.out == "ok: 41 entries, head 0123456789abcdef, in 12 ms\n"


@pytest.mark.parametrize("answer_is_ok", [True, False])
def test_broken_audit_ends_with_1(room: FakeRoom, grace: Shell, answer_is_ok: bool) -> None:
    report = {"ok": False, "entries": 41, "head": "", "problem": "entry 7 was changed"}
    room.says("audit.verify", report, ok=answer_is_ok)
    assert grace("audit", "verify") == 1
    assert grace.out == "broken: entry 7 was changed (of 41 entries)\n"
    assert grace("audit", "verify", "--json") == 1
    assert grace.json["problem"] == "entry 7 was changed"
