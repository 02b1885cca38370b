"""A heal that is killed at any step leaves every file as it was, or exactly the transaction; the next one tells."""

import os
import signal
from pathlib import Path

import pytest

from grace_tui.healing.repair.apply import Journal, UndoRefused
from grace_tui.healing.repair.heal.home import Home
from grace_tui.healing.repair.heal.ledger import Ledger, NothingToUndo
from grace_tui.healing.repair.patch import FileEdit
from tests.healing.repair.heal.conftest import LOG

EDITS = (FileEdit("log.py", LOG, f"{LOG}# one\n"), FileEdit("new/made.py", None, "two = 2\n"))
STEPS = ("journal", "file 0", "file 1", "applied")


def holds(tree: Path) -> tuple[str, bool]:
    return (tree / "log.py").read_text(), (tree / "new" / "made.py").exists()


def killed_at(step: str, home: Home) -> None:
    """Apply in a child that is killed right after `step`."""
    child = os.fork()
    if not child:
        journal = Journal(home.root, home.journal, lambda name: os.kill(os.getpid(), 9) if name == step else None)
        Ledger(home, journal).begin(("python", "main.py"), EDITS)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("step", STEPS)
def test_killed_heal_is_undone_or_whole(tree: Path, home: Home, step: str) -> None:
    killed_at(step, home)
    said = Ledger(home).recover()
    assert holds(tree) in [(LOG, False), (f"{LOG}# one\n", True)]
    assert len(said) >= 1
    assert "killed" in said[0]
    assert Ledger(home).recover() == ()


@pytest.mark.parametrize("step", STEPS)
def test_killed_heal_can_be_taken_back_wholly(tree: Path, home: Home, step: str) -> None:
    killed_at(step, home)
    ledger = Ledger(home)
    ledger.recover()
    if holds(tree)[1]:
        ledger.take_back(ledger.last())
    assert holds(tree) == (LOG, False)
    assert not (tree / "new").exists()


def test_undo_takes_the_last_heal_first_and_tells_when_there_is_none(tree: Path, home: Home) -> None:
    ledger = Ledger(home)
    heal = ledger.begin(("python",), EDITS)
    ledger.end(heal, "healed")
    times = (tree / "log.py").stat().st_mtime_ns
    ledger.take_back(ledger.last())
    assert holds(tree) == (LOG, False)
    assert (tree / "log.py").stat().st_mtime_ns != times
    with pytest.raises(NothingToUndo):
        ledger.last()


def test_undo_leaves_a_file_that_changed_since(tree: Path, home: Home) -> None:
    ledger = Ledger(home)
    heal = ledger.begin(("python",), EDITS)
    (tree / "log.py").write_text("mine = 1\n")
    with pytest.raises(UndoRefused):
        ledger.take_back(heal)
    assert (tree / "log.py").read_text() == "mine = 1\n"


def test_files_keep_what_undo_cannot_see_in_their_text(tree: Path, home: Home) -> None:
    (tree / "log.py").chmod(0o750)
    os.utime(tree / "log.py", ns=(10**18, 10**18))
    ledger = Ledger(home)
    ledger.take_back(ledger.begin(("python",), EDITS))
    status = (tree / "log.py").stat()
    assert (status.st_mode & 0o777, status.st_mtime_ns) == (0o750, 10**18)


def test_text_of_no_encoding_goes_through_the_journal_byte_for_byte(tree: Path, home: Home) -> None:
    raw = b"name = 'caf\xe9'\n"
    (tree / "raw.py").write_bytes(raw)
    text = raw.decode("utf-8", "surrogateescape")
    ledger = Ledger(home)
    heal = ledger.begin(("python",), (FileEdit("raw.py", text, f"{text}more = 1\n"),))
    assert (tree / "raw.py").read_bytes() == raw + b"more = 1\n"
    ledger.take_back(heal)
    assert (tree / "raw.py").read_bytes() == raw
