"""`grace-tui preflight` as a person or a script calls it: exit codes, what goes where, signals, undo."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui.cli.verbs.preflight import rows, summary
from grace_tui.healing.repair.preflight.report import Cause, Count, Repair, Report


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "app" / "core").mkdir(parents=True)
    for name, text in {"__init__": "", "one": "from app.clock import now\n", "core/__init__": ""}.items():
        (root / "app" / f"{name}.py").write_text(text)
    (root / "app" / "core" / "clock.py").write_text("def now() -> int:\n    return 1\n")
    return root


def start(tree: Path, *arguments: str) -> "subprocess.Popen[str]":
    state = {"XDG_STATE_HOME": str(tree.parent / "state"), "XDG_CACHE_HOME": str(tree.parent / "cache")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grace_tui", *arguments],
        cwd=tree,
        env={**os.environ, **state, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(tree: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(tree, *arguments)
    output, errors = process.communicate()
    return process.returncode, output, errors


def test_what_fails_is_a_table_and_the_exit_code_says_so(tree: Path) -> None:
    code, output, errors = call(tree, "preflight", "--python", sys.executable)
    assert code == 1
    head, row = output.splitlines()
    assert head.split() == ["BLOCKS", "CLASS", "FAILURE", "AT", "PROVIDER"]
    assert row.split()[:2] == ["1", "inside"]
    assert "No module named 'app.clock'" in row
    assert "3 of 4 modules can be imported; 1 fail" in errors


def test_it_is_repaired_and_taken_back(tree: Path) -> None:
    code, output, errors = call(tree, "preflight", "--heal", "--json", "--python", sys.executable)
    report = json.loads(output)
    assert (code, report["before"]["imported"], report["imported"], report["failing"]) == (0, 3, 4, 0)
    assert report["files_changed"] == ["app/clock.py"]
    assert call(tree, "preflight", "--python", sys.executable)[0] == 0
    assert call(tree, "heal", "undo")[0] == 0
    assert not (tree / "app" / "clock.py").exists()
    assert errors


def test_a_wrong_call_is_explained(tree: Path) -> None:
    code, _, errors = call(tree, "preflight", "--dry-run")
    assert (code, "--dry-run is for --heal" in errors) == (2, True)
    code, _, errors = call(tree, "preflight", "--python", "/no/such/python")
    assert (code, "/no/such/python could not be run" in errors) == (2, True)


def test_ctrl_c_ends_it_in_order(tree: Path) -> None:
    (tree / "app" / "hangs.py").write_text("while True:\n    pass\n")
    process = start(tree, "preflight", "--python", sys.executable, "--timeout", "3600")
    assert process.stderr is not None
    assert "reading the sources" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, "no file was changed" in errors) == (130, True)


def test_a_summary_says_what_it_was_before() -> None:
    cause = Cause("third_party", "No module named x", "a.py", 3, "x", "not installed", 2, ("a", "b"))
    repair = Repair("moved_module", "a is b", "", "a.py", ("a.py",), 3)
    report = Report("/tree", "python", 10, 8, [cause], before=Count(5, 5, 2), repairs=[repair], rounds=1, seconds=4.0)
    assert summary(report) == [
        "5 -> 8 of 10 modules can be imported; 2 fail of 1 cause (4 s with python)",
        "1 repair in 1 round; 1 file changed",
    ]
    assert rows(report)[0][:2] == ["2", "third party"]
