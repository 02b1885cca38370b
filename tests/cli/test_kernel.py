"""The kernel verbs: several at once, waiting until it is done, and following a log."""

import pytest

from grace_tui.cli.verbs.kernel import COLUMNS
from tests.cli.fake_room import Data, FakeRoom, Reply, Shell, kernel_view

VITALS = {"pid": 7, "cpu_percent": 12.4, "rss_bytes": 50 << 20}


def test_list_shows_host_and_vitals(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.list", {"kernels": [kernel_view("web", isolation="command", vitals=VITALS, critical=True)]})
    assert grace("kernel", "list") == 0
    assert [line.split() for line in grace.out.splitlines()] == [
        ["KERNEL", "STATE", "SINCE", "RESTARTS", "HOST", "CPU", "RSS", "DETAIL"],
        ["web", "*", "running", "1", "min", "05", "s", "2", "command", "12%", "50", "MiB", "3", "keys"],
    ]


@pytest.mark.parametrize(
    ("columns", "titles"),
    [
        ("200", ["KERNEL", "STATE", "SINCE", "RESTARTS", "HOST", "CPU", "RSS", "DETAIL"]),
        ("80", ["KERNEL", "STATE", "SINCE", "RESTARTS", "RSS", "DETAIL"]),
        ("60", ["KERNEL", "STATE", "SINCE", "DETAIL"]),
        ("40", ["KERNEL", "STATE", "SINCE", "DETAIL"]),
    ],
)
def test_narrow_terminal_gets_fewer_columns(
    room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch, columns: str, titles: list[str]
) -> None:
    view = kernel_view("voice_conversation", state="quarantined", error="x" * 90, isolation="process", vitals=VITALS)
    room.says("kernel.list", {"kernels": [view]})
    monkeypatch.setenv("COLUMNS", columns)
    assert grace("kernel", "list") == 0
    assert grace.out.splitlines()[0].split() == titles


def test_detail_wins_over_what_a_running_kernel_says(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.list", {"kernels": [kernel_view("web", detail="grace.toml changed")]})
    assert grace("kernel", "list") == 0
    assert grace.out.splitlines()[1].endswith("grace.toml changed")
    assert COLUMNS[-1].flexible


def test_several_kernels_are_driven_and_one_refusal_stops_no_other(room: FakeRoom, grace: Shell) -> None:
    def stop(args: Data) -> Reply:
        return (args["name"] != "b", f"{args['name']} said", {})

    room.replies["kernel.stop"] = stop
    assert grace("kernel", "stop", "a", "b", "c") == 1
    assert [args["name"] for _, args in room.asked] == ["a", "b", "c"]
    assert grace.err == "a said\ngrace-tui: b said\nc said\n"
    assert grace("kernel", "stop", "a", "c", "--json") == 0
    assert [found["kernel"] for found in grace.json] == ["a", "c"]


def test_act_without_a_name_is_a_wrong_call(room: FakeRoom, grace: Shell) -> None:
    assert grace("kernel", "stop") == 2
    assert "say which kernel" in grace.err


@pytest.mark.parametrize(
    ("words", "names"), [(["a", "--wait"], ["a"]), (["--wait", "5", "a"], ["a"]), (["--wait", "a", "b"], ["a", "b"])]
)
def test_wait_takes_seconds_or_nothing(room: FakeRoom, grace: Shell, words: list[str], names: list[str]) -> None:
    room.says("kernel.start", {}, text="is starting")
    room.says("kernel.wait", {})
    assert grace("kernel", "start", *words) == 0
    assert [args["name"] for verb, args in room.asked if verb == "kernel.wait"] == names
    assert all(args["until"] == "running" for verb, args in room.asked if verb == "kernel.wait")
    assert grace.err == "".join(f"{name} is running\n" for name in names)


def test_wait_that_is_in_vain_ends_with_1(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.restart", {}, text="is restarting")
    room.says("kernel.wait", {"over": True}, ok=False, text="a is quarantined: no disk")
    assert grace("kernel", "restart", "a", "--wait", "60") == 1
    assert grace.err == "grace-tui: a is quarantined: no disk\n"


def test_wait_ends_at_its_limit(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.start", {}, text="is starting")
    room.says("kernel.wait", {"over": False}, ok=False, text="a is starting: waits for db")
    assert grace("kernel", "start", "a", "--wait", "0") == 1
    assert grace.err == "grace-tui: a is starting: waits for db\n"


def test_negative_wait_is_a_wrong_call(room: FakeRoom, grace: Shell) -> None:
    assert grace("kernel", "start", "a", "--wait=-1") == 2


def test_grep_chooses_lines(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.logs", {"lines": ["one", "two", "three"]})
    assert grace("kernel", "logs", "a", "--grep", "t.*e") == 0
    assert grace.out == "three\n"
    assert grace("kernel", "logs", "a", "--grep", "(") == 2


def test_many_lines_are_read_from_the_files(room: FakeRoom, grace: Shell) -> None:
    def logs(args: Data) -> Reply:
        start = int(args["place"] or 0)
        return (True, "", {"lines": [f"{n}" for n in range(start, min(start + 300, 700))], "place": str(start + 300)})

    room.replies["kernel.logs"] = logs
    assert grace("kernel", "logs", "a", "-n", "650") == 0
    assert grace.out.split() == [f"{n}" for n in range(650)]


def test_log_is_followed_until_the_room_closes(room: FakeRoom, grace: Shell) -> None:
    def logs(args: Data) -> Reply:
        parts: dict[str, Data] = {
            "": {"lines": ["one", "\x1b[2Jtwo"], "place": "p1"},
            "p1": {"lines": [], "place": "p1b"},
            "p1b": {"lines": ["three"], "place": "p2", "missed": True},
        }
        if args["place"] not in parts:
            return (False, "the room is not open", {})
        return (True, "", parts[args["place"]])

    room.replies["kernel.logs"] = logs
    assert grace("kernel", "logs", "a", "-f", "-n", "2") == 1
    assert grace.out == "one\n\\x1b[2Jtwo\nthree\n"
    assert "lines were rotated away" in grace.err
    assert "the room is not open" in grace.err


@pytest.mark.parametrize(
    ("call", "verb", "about"),
    [
        ("incident ack I-1", "incident.ack", {"incident": "I-1", "act": "ack"}),
        ("task approve T-1", "task.approve", {"task": "T-1", "act": "approve"}),
        ("task reject T-1", "task.reject", {"task": "T-1", "act": "reject"}),
    ],
)
def test_decision_is_handed_on(room: FakeRoom, grace: Shell, call: str, verb: str, about: dict[str, str]) -> None:
    room.says(verb, {}, text="done")
    assert grace(*call.split(), "--reason", "seen") == 0
    assert room.asked == [(verb, {"id": call.split()[2], "reason": "seen"})]
    assert (grace.out, grace.err) == ("", "done\n")
    assert grace(*call.split(), "--json") == 0
    assert grace.json == {**about, "ok": True, "text": "done"}
    room.says(verb, {}, ok=False, text="no such thing")
    assert grace(*call.split()) == 1
