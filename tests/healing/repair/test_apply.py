"""All of a patch or nothing of it, also when the process is killed between any two steps."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui.disk import FileMoved
from grace_tui.healing.repair.apply import Journal, UndoRefused, UnknownEntry
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.process import PACKAGE_HOME

EDITS = (
    FileEdit("a.py", "A = 1\n", "A = 2\n"),
    FileEdit("sub/b.py", "B = 1\n", "B = 2\n"),
    FileEdit("new.py", None, "N = 1\n"),
)

KILLED = """
import os, signal, sys
from pathlib import Path
from grace_tui.healing.repair.apply import Journal
from grace_tui.healing.repair.patch import FileEdit

def step(name):
    print(name, flush=True)
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

root = Path(sys.argv[1])
journal = Journal(root, root / "journal", step)
edits = (
    FileEdit("a.py", "A = 1\\n", "A = 2\\n"),
    FileEdit("sub/b.py", "B = 1\\n", "B = 2\\n"),
    FileEdit("new.py", None, "N = 1\\n"),
)
if sys.argv[2] == "apply":
    journal.apply("T1", edits)
else:
    journal.undo("T1")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_text("A = 1\n")
    (tmp_path / "a.py").chmod(0o755)
    (tmp_path / "sub/b.py").write_text("B = 1\n")
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    names = ("a.py", "sub/b.py", "new.py")
    return {name: (folder / name).read_text() for name in names if (folder / name).exists()}


BEFORE = {"a.py": "A = 1\n", "sub/b.py": "B = 1\n"}
AFTER = {"a.py": "A = 2\n", "sub/b.py": "B = 2\n", "new.py": "N = 1\n"}


def test_apply_writes_every_file_and_undo_takes_exactly_that_back(folder: Path) -> None:
    journal = Journal(folder, folder / "journal")
    assert journal.apply("T1", EDITS).state == "applied"
    assert texts(folder) == AFTER
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o755
    assert journal.undo("T1").state == "undone"
    assert texts(folder) == BEFORE
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o755


def test_apply_refuses_a_file_that_changed_and_writes_nothing(folder: Path) -> None:
    (folder / "sub/b.py").write_text("B = 'mine'\n")
    with pytest.raises(FileMoved):
        Journal(folder, folder / "journal").apply("T1", EDITS)
    assert texts(folder) == {**BEFORE, "sub/b.py": "B = 'mine'\n"}


def test_apply_rolls_back_when_a_file_changes_between_two_writes(folder: Path) -> None:
    def step(name: str) -> None:
        if name == "file 0":
            (folder / "sub/b.py").write_text("B = 'mine'\n")

    with pytest.raises(FileMoved):
        Journal(folder, folder / "journal", step).apply("T1", EDITS)
    assert texts(folder) == {**BEFORE, "sub/b.py": "B = 'mine'\n"}


def test_undo_refuses_when_a_file_changed_since_and_keeps_both_texts(folder: Path) -> None:
    journal = Journal(folder, folder / "journal")
    journal.apply("T1", EDITS)
    (folder / "a.py").write_text("A = 'mine'\n")
    with pytest.raises(UndoRefused, match=r"a\.py changed since"):
        journal.undo("T1")
    assert texts(folder) == {**AFTER, "a.py": "A = 'mine'\n"}
    assert journal.get("T1").edits[0].before == "A = 1\n"


def test_undo_of_something_never_applied_is_an_error(folder: Path) -> None:
    with pytest.raises(UnknownEntry):
        Journal(folder, folder / "journal").undo("T9")


@pytest.mark.parametrize(
    ("step", "outcome", "expected"),
    [
        ("journal", "rolled back", BEFORE),
        ("file 0", "rolled back", BEFORE),
        ("file 1", "rolled back", BEFORE),
        ("file 2", "finished", AFTER),
        ("applied", None, AFTER),
    ],
)
def test_apply_killed_after_a_step_is_finished_or_rolled_back(
    folder: Path, step: str, outcome: str | None, expected: dict[str, str]
) -> None:
    killed(folder, "apply", step)
    recovered = Journal(folder, folder / "journal").recover()
    assert [entry.outcome for entry in recovered] == ([outcome] if outcome else [])
    assert texts(folder) == expected
    assert Journal(folder, folder / "journal").recover() == ()


@pytest.mark.parametrize("step", ["undoing", "undone 2", "undone 1", "undone 0", "undone"])
def test_undo_killed_after_a_step_is_finished(folder: Path, step: str) -> None:
    Journal(folder, folder / "journal").apply("T1", EDITS)
    killed(folder, "undo", step)
    Journal(folder, folder / "journal").recover()
    assert texts(folder) == BEFORE


def test_recovery_sweeps_only_what_a_killed_write_left(folder: Path) -> None:
    killed(folder, "apply", "file 0")
    (folder / ".grace-ab12cd_x").write_text("half")
    (folder / ".grace-notes.txt").write_text("mine")
    Journal(folder, folder / "journal").recover()
    assert not (folder / ".grace-ab12cd_x").exists()
    assert (folder / ".grace-notes.txt").read_text() == "mine"


def test_recovery_leaves_a_file_that_somebody_changed(folder: Path) -> None:
    killed(folder, "apply", "file 0")
    (folder / "a.py").write_text("A = 'mine'\n")
    (outcome,) = Journal(folder, folder / "journal").recover()
    assert (outcome.outcome, outcome.files) == ("conflict", ("a.py",))
    assert texts(folder) == {**BEFORE, "a.py": "A = 'mine'\n"}


def test_recovery_reports_an_unreadable_journal(folder: Path) -> None:
    (folder / "journal").mkdir()
    (folder / "journal/T1.json").write_text("{")
    (outcome,) = Journal(folder, folder / "journal").recover()
    assert outcome.outcome == "unreadable"
    assert "T1.json" in outcome.detail


def killed(folder: Path, act: str, step: str) -> None:
    argv = [sys.executable, "-c", KILLED, str(folder), act, step]
    done = subprocess.run(argv, env={"PYTHONPATH": PACKAGE_HOME}, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert done.stdout.splitlines()[-1] == step
