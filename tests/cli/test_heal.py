"""`grace-tui heal` as a person or a script calls it: exit codes, what goes where, signals, undo."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

LOG = "class Log:\n    def append(self, event):\n        self.row = {'event': event}\n"
MAIN = """\
import sys
from log import Log
Log().append("started", subsystem="mail")
print("ready", flush=True)
sys.stdin.read()
"""
"""Waits for its input to end: in a trial it has none."""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "log.py").write_text(LOG)
    (root / "main.py").write_text(MAIN)
    return root


def start(tree: Path, *arguments: str) -> "subprocess.Popen[str]":
    state = {"XDG_STATE_HOME": str(tree.parent / "state"), "XDG_CACHE_HOME": str(tree.parent / "cache")}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "grace_tui", "heal", *arguments],
        cwd=tree,
        env={**os.environ, **state, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def call(tree: Path, *arguments: str) -> tuple[int, str, str]:
    with start(tree, *arguments) as process:
        stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


def line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


def test_heal_passes_the_output_through_and_says_how_to_undo(tree: Path) -> None:
    code, stdout, stderr = call(tree, "--", sys.executable, "main.py")
    assert (code, stdout) == (0, "ready\n")
    assert "TypeError" in stderr
    assert "grace-tui heal undo" in stderr
    assert "subsystem" in (tree / "log.py").read_text()


def test_json_is_all_of_stdout(tree: Path) -> None:
    code, stdout, stderr = call(tree, "--json", "--", sys.executable, "main.py")
    report = json.loads(stdout)
    assert code == 0
    assert "ready" in stderr
    assert report["healed"]
    assert report["files_changed"] == ["log.py"]
    assert {gate["name"] for gate in report["attempts"][0]["gates"]} >= {"compiles", "paths", "consumers", "replay"}


def test_dry_run_prints_nothing_but_the_diff(tree: Path) -> None:
    code, stdout, _ = call(tree, "--dry-run", "--", sys.executable, "main.py")
    assert code == 0
    assert stdout.startswith("--- a/log.py\n+++ b/log.py\n")
    assert (tree / "log.py").read_text() == LOG


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["--", "true"], 0, "", id="nothing-to-heal"),
        pytest.param(["--", "sh", "-c", "exit 3"], 1, "no Python failure was seen", id="no-python-failure"),
        pytest.param([], 2, "needs a command", id="no-command"),
        pytest.param(["--", "no-such-program-here"], 2, "there is no such program", id="no-program"),
        pytest.param(["--root", "no-such-folder", "--", "true"], 2, "does not exist", id="no-folder"),
        pytest.param(["--steps", "0", "--", "true"], 2, "steps", id="no-steps"),
        pytest.param(["undo"], 1, "is there to be undone", id="nothing-to-undo"),
        pytest.param(["--", "undo"], 2, "there is no such program", id="a-program-called-undo"),
    ],
)
def test_exit_codes(tree: Path, arguments: list[str], code: int, said: str) -> None:
    found, _, stderr = call(tree, *arguments)
    assert found == code
    assert said in stderr


def test_undo_puts_the_files_back_and_refuses_where_one_changed_since(tree: Path) -> None:
    call(tree, "--", sys.executable, "main.py")
    healed = (tree / "log.py").read_text()
    (tree / "log.py").write_text(f"{healed}# mine\n")
    code, _, stderr = call(tree, "undo")
    assert code == 1
    assert "changed since" in stderr
    (tree / "log.py").write_text(healed)
    assert call(tree, "undo")[0] == 0
    assert (tree / "log.py").read_text() == LOG
    assert call(tree, "undo")[0] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_the_command_runs_for_the_last_time_puts_every_file_back(tree: Path, number: int) -> None:
    with start(tree, "--", sys.executable, "main.py") as process:
        assert line(process.stdout) == "ready\n"
        process.send_signal(number)
        _, stderr = process.communicate()
    assert process.returncode == 128 + number
    assert "every file is as it was before" in stderr
    assert (tree / "log.py").read_text() == LOG


def test_heal_that_is_killed_leaves_the_whole_repair_and_the_next_one_says_so(tree: Path) -> None:
    with start(tree, "--", sys.executable, "main.py") as process:
        assert line(process.stdout) == "ready\n"
        process.kill()
        process.communicate()
    code, _, stderr = call(tree, "--", "true")
    assert code == 0
    assert "was killed while the command ran; 1 changed file stayed" in stderr
    assert "subsystem" in (tree / "log.py").read_text()
    assert call(tree, "undo")[0] == 0
    assert (tree / "log.py").read_text() == LOG


def test_second_heal_of_a_tree_is_refused_while_the_first_is_at_work(tree: Path) -> None:
    with start(tree, "--", sys.executable, "main.py") as process:
        assert line(process.stdout) == "ready\n"
        code, _, stderr = call(tree, "--", "true")
        process.communicate()
    assert code == 1
    assert "another heal is at work" in stderr
    assert process.returncode == 0
