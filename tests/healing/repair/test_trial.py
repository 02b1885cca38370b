"""A tree on trial: commands see it with the edits, and not one real file changes, whatever they do."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.process import Limits
from grace_tui.healing.repair.trial import Trial, sweep_trials

COPIED = "asked for"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "a tree, odd: named"
    for name, text in {"main.py": "print('real')\n", "data/rows.txt": "1\n", ".git/HEAD": "ref\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".grace").mkdir()
    (root / ".grace/secret").touch()
    return root


@pytest.fixture(params=["", COPIED], ids=["covered", "copied"])
async def trial(request: pytest.FixtureRequest, tree: Path) -> AsyncIterator[Trial]:
    made = Trial(tree, copied=request.param)
    yield made
    made.close()
    assert not made.folder.exists()


def contents(root: Path) -> dict[str, tuple[int, bytes]]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mode, path.read_bytes()) for path in files}


async def shell(trial: Trial, words: str, **env: str) -> str:
    """What a shell says in the trial, both of its outputs."""
    done = (await trial.run(["sh", "-c", f"exec 2>&1; {words}"], env=env)).completed
    return done.stdout.strip()


async def test_commands_see_the_edits_and_no_real_file_changes(trial: Trial, tree: Path) -> None:
    before = contents(tree)
    (tree / "main.py").chmod(0o755)
    trial.write([FileEdit("main.py", "print('real')\n", "print('tried')\n"), FileEdit("new/part.py", None, "X = 1\n")])
    said = await shell(trial, "python main.py; cat new/part.py; test -x main.py && echo kept; rm -r data .git; ls")
    assert said.splitlines() == ["tried", "X = 1", "kept", "main.py", "new"]
    (tree / "main.py").chmod(0o644)
    assert contents(tree) == before


async def test_edits_are_stacked_and_taken_off(trial: Trial) -> None:
    trial.write([FileEdit("main.py", None, "print('one')\n"), FileEdit("other.py", None, "")])
    trial.write([FileEdit("main.py", None, "print('two')\n")])
    assert await shell(trial, "python main.py; ls *.py") == "two\nmain.py\nother.py"
    assert trial.read("main.py") == b"print('two')\n"
    trial.reset()
    assert await shell(trial, "python main.py; ls *.py") == "real\nmain.py"


async def test_runs_see_nothing_of_one_another(trial: Trial) -> None:
    at_once = [
        shell(trial, f"echo {name} > data/rows.txt; mkdir {name}; sleep 0.1; ls; cat data/rows.txt") for name in "ab"
    ]
    assert [said.split() for said in await asyncio.gather(*at_once)] == [
        ["a", "data", "main.py", "a"],
        ["b", "data", "main.py", "b"],
    ]
    assert await shell(trial, "ls; cat data/rows.txt") == "data\nmain.py\n1"


async def test_a_file_changed_back_in_size_and_time_is_brought_back_too(trial: Trial) -> None:
    assert await shell(trial, "touch -r data/rows.txt mark; echo 2 > data/rows.txt; touch -r mark data/rows.txt") == ""
    assert await shell(trial, "cat data/rows.txt") == "1"


async def test_the_tree_is_tried_as_it_is_at_that_moment(trial: Trial, tree: Path) -> None:
    assert await shell(trial, "cat data/rows.txt") == "1"
    (tree / "data/rows.txt").write_text("2\n")
    (tree / ".git/HEAD").unlink()
    assert await shell(trial, "cat data/rows.txt; ls .git") == "2"


async def test_files_beside_the_tree_stay_as_they_are(trial: Trial, tree: Path) -> None:
    outside = tree.parent / "outside.txt"
    outside.write_text("mine\n")
    (tree / "link").symlink_to(outside)
    await shell(trial, f"echo theirs > link; echo theirs > '{outside}'; rm '{outside}'")
    if "other files read-only" in trial.isolation:
        assert outside.read_text() == "mine\n"


async def test_the_room_s_state_is_not_shown(trial: Trial) -> None:
    assert await shell(trial, "ls .grace 2>/dev/null") == ""


async def test_output_names_the_files_of_the_tree(trial: Trial, tree: Path) -> None:
    assert await shell(trial, "pwd -P; echo $MINE", MINE=str(tree / "data")) == f"{tree}\n{tree}/data"
    said = (await trial.run([sys.executable, "-c", "import os; print(os.getcwd())"], folder="data")).completed
    assert said.stdout.strip() == f"{tree}/data"


async def test_a_person_s_command_has_their_environment_and_a_kernel_little(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "here")
    code = [sys.executable, "-c", "import os; print(os.environ.get('MINE'))"]
    assert (await trial.run(code)).completed.stdout == "here\n"
    assert (await trial.run(code, clean=True)).completed.stdout == "None\n"


async def test_a_run_that_takes_too_long_is_told(trial: Trial) -> None:
    assert (await trial.run(["sleep", "60"], limits=Limits(seconds=0.3))).completed.timed_out


async def test_reports_stay_until_the_trial_is_closed(trial: Trial) -> None:
    await shell(trial, "echo said > $SHARED/report", SHARED=str(trial.shared))
    assert (trial.shared / "report").read_text() == "said\n"


async def test_an_installation_that_leads_to_the_tree_is_read_on_trial(
    trial: Trial, tree: Path, tmp_path: Path
) -> None:
    """As `pip install -e` leaves it: a `.pth` file with the absolute path."""
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    site = next(home.glob("lib/python*/site-packages"))
    (site / "here.pth").write_text(f"{tree}/data\n")
    trial.write([FileEdit("data/thing.py", None, "WHERE = 'on trial'\n")])
    done = (await trial.run([str(home / "bin/python"), "-c", "import thing; print(thing.WHERE)"])).completed
    assert done.stdout == "on trial\n", done.stderr


@pytest.mark.parametrize("copied", ["", COPIED], ids=["covered", "copied"])
async def test_a_tree_is_tried_through_a_link_to_it(tree: Path, copied: str) -> None:
    link = tree.parent / "link"
    link.symlink_to(tree)
    trial = Trial(link, copied=copied)
    trial.write([FileEdit("main.py", None, "print('tried')\n")])
    try:
        assert (await trial.run(["python", str(link / "main.py")])).completed.stdout == "tried\n"
    finally:
        trial.close()


async def test_a_tree_that_holds_the_temporary_folder_is_tried_from_another(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tree / "tmp"))
    trial = Trial(tree)
    try:
        assert not trial.folder.is_relative_to(tree)
        assert await shell(trial, "python main.py") == "real"
    finally:
        trial.close()


@pytest.mark.parametrize("path", ["../outside.py", "link/outside.py", "/outside.py"])
def test_an_edit_outside_of_the_tree_is_refused(tree: Path, path: str) -> None:
    (tree / "link").symlink_to(tree.parent)
    trial = Trial(tree)
    try:
        with pytest.raises(ValueError, match="lies outside"):
            trial.write([FileEdit(path, None, "")])
        assert not trial.edits
    finally:
        trial.close()


def test_what_runs_on_trial_ends_when_its_owner_is_killed(tree: Path) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from grace_tui.healing.repair.trial import Trial\n"
        "trial = Trial(Path(sys.argv[1]))\n"
        "words = ['sh', '-c', 'echo $$ > $SHARED/pid; exec sleep 60']\n"
        "print(trial.shared, flush=True)\n"
        "asyncio.run(trial.run(words, env={'SHARED': str(trial.shared)}))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(tree)], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert owner.stdout is not None
    shared = Path(owner.stdout.readline().strip())
    deadline = time.monotonic() + 20
    while not (shared / "pid").exists() or not (shared / "pid").read_text().strip():
        assert time.monotonic() < deadline
        os.sched_yield()
    running = psutil.Process(int((shared / "pid").read_text()))
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    running.wait(20)
    sweep_trials()
    assert not shared.exists()
