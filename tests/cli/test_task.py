"""`task edit`: the diff in the person's editor, or from a file; unchanged means nothing is done."""

from pathlib import Path

import pytest

from grace_tui.faces.editing import Draft, editor
from tests.cli.fake_room import FakeRoom, Shell

DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x\n+y\n"


def shows(room: FakeRoom) -> list[str]:
    room.says("task.show", {"id": "T-1", "diff": "", "candidates": [{"diff": DIFF}]})
    room.says("task.edit", {}, text="T-1 edited, and waiting for approval")
    return ["-w", str(room.workspace.root), "task", "edit", "T-1"]


def test_a_diff_from_a_file_is_put_through_the_gates(room: FakeRoom, grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "mine.diff").write_text(DIFF.replace("+y", "+z"))
    assert grace(*shows(room), "--diff", str(tmp_path / "mine.diff")) == 0
    assert room.asked[-1] == ("task.edit", {"id": "T-1", "diff": DIFF.replace("+y", "+z")})
    assert "waiting for approval" in grace.err


def test_without_a_terminal_it_says_how_to_pass_a_diff(room: FakeRoom, grace: Shell) -> None:
    assert grace(*shows(room)) == 2
    assert "grace-tui task edit T-1 --diff FILE" in grace.err


def test_a_refused_diff_is_told(room: FakeRoom, grace: Shell, tmp_path: Path) -> None:
    words = shows(room)
    room.says("task.edit", {}, ok=False, text="line 4 of the diff: 'x' is not line 1 of a.py: 'w'")
    (tmp_path / "mine.diff").write_text(DIFF)
    assert grace(*words, "--diff", str(tmp_path / "mine.diff")) == 1
    assert "line 4 of the diff" in grace.err


@pytest.mark.parametrize(
    ("environ", "argv"),
    [
        ({"EDITOR": "nano -w", "VISUAL": ""}, ["nano", "-w"]),
        ({"EDITOR": "nano", "VISUAL": "code --wait"}, ["code", "--wait"]),
        ({}, ["vi"]),
    ],
)
def test_the_editor_is_the_persons_own(environ: dict[str, str], argv: list[str]) -> None:
    assert editor(environ) == argv


def test_a_draft_is_what_was_left_and_gone_afterwards() -> None:
    with Draft("a\r\n\udce9\n", "T-1.diff") as draft:
        assert draft.read() == draft.before
        assert draft.path.suffix == ".diff"
    assert not draft.path.exists()
    assert draft.read() == ""
