"""`grace-tui incident evidence`: the files of a bundle, and what one of them says."""

from tests.cli.fake_room import FakeRoom, Shell

FILES = [
    {"name": "traceback.txt", "says": "the failure", "bytes": 1234},
    {"name": "locals.json", "says": "variables", "missing": "there were none"},
]


def test_the_files_are_listed(room: FakeRoom, grace: Shell) -> None:
    listed = {"bundle": "logs/incidents/I-1", "files": FILES}
    room.says("incident.evidence", listed, text="     1234  traceback.txt  the failure\n")
    assert grace("incident", "evidence", "I-1") == 0
    assert grace.out == "     1234  traceback.txt  the failure\n"
    assert room.asked == [("incident.evidence", {"id": "I-1", "file": ""})]
    assert grace("incident", "evidence", "I-1", "--json") == 0
    assert grace.json == listed


def test_one_file_is_printed_and_its_control_characters_are_shown(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.evidence", {"file": "kernel.log"}, text="one\n\x1b[2Jtwo\n")
    assert grace("incident", "evidence", "I-1", "kernel.log") == 0
    assert grace.out == "one\n\\x1b[2Jtwo\n"
    assert room.asked == [("incident.evidence", {"id": "I-1", "file": "kernel.log"})]
    assert grace("incident", "evidence", "I-1", "kernel.log", "--json") == 0
    assert grace.json == {"file": "kernel.log", "text": "one\n\x1b[2Jtwo\n"}


def test_what_there_is_not_is_refused(room: FakeRoom, grace: Shell) -> None:
    room.says("incident.evidence", {}, ok=False, text="I-1 has no evidence")
    assert grace("incident", "evidence", "I-1") == 1
    assert (grace.out, "I-1 has no evidence" in grace.err) == ("", True)
