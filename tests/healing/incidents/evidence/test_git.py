"""What git tells of a workspace: its changes, from a real repository, without touching it or running what it says."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from grace_tui.healing.incidents.evidence import git as module
from grace_tui.healing.incidents.evidence.git import Git, NoGit

AS_SOMEBODY = ("-c", "user.name=me", "-c", "user.email=me@localhost", "-c", "commit.gpgsign=false")


def git(root: Path, *words: str) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    subprocess.run(["git", *AS_SOMEBODY, *words], cwd=root, env=own, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit, whose workspace is a folder of it."""
    root = tmp_path / "project/room"
    root.mkdir(parents=True)
    (root / "a.py").write_text("x = 1\n")
    (root.parent / "other.txt").write_text("elsewhere\n")
    git(root.parent, "init", "-q")
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-q", "-m", "Begin")
    return root


def test_changes_are_told_against_the_last_commit_below_the_workspace(repository: Path) -> None:
    (repository / "a.py").write_text("x = 2\n")
    (repository.parent / "other.txt").write_text("changed too\n")
    told = Git(repository).changes()
    assert told.startswith("# against ")
    assert told.partition("\n")[0].endswith(": Begin")
    assert "--- a/a.py\n+++ b/a.py\n" in told
    assert "-x = 1\n+x = 2\n" in told
    assert "other" not in told


def test_a_clean_tree_says_so(repository: Path) -> None:
    assert Git(repository).changes().endswith("Begin\nnothing has changed\n")


def test_the_repository_is_not_touched_and_nothing_of_it_is_run(repository: Path) -> None:
    ran = repository.parent / "ran"
    for key in ("diff.external", "core.fsmonitor", "diff.loud.textconv", "core.pager"):
        git(repository, "config", key, f"touch {ran}; true")
    (repository / ".gitattributes").write_text("*.py diff=loud\n")
    (repository / "a.py").write_text("x = 3\n")
    os.utime(repository / "a.py", (1, 1))
    index = repository.parent / ".git/index"
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    assert "+x = 3" in Git(repository).changes()
    assert not ran.exists()
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before
    assert not (repository.parent / ".git/index.lock").exists()


def test_a_large_diff_is_bounded(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 4_000)
    (repository / "a.py").write_text("y = 1\n" * 100_000)
    assert len(Git(repository).changes()) < 4_200


def test_a_folder_without_a_repository_has_nothing_to_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "somebody else's"))
    with pytest.raises(NoGit, match="not a git repository"):
        Git(tmp_path).changes()


def test_a_repository_without_a_commit_has_nothing_to_tell(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(NoGit, match="does not have any commits yet"):
        Git(tmp_path).changes()


def test_a_machine_without_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGit, match="there is no git on this machine"):
        Git(tmp_path).changes()


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git that never answers; returns the pipe that tells when it has begun."""
    program, pipe = tmp_path / "bin/git", tmp_path / "begun"
    program.parent.mkdir()
    os.mkfifo(pipe)
    program.write_text(f"#!/bin/sh\necho begun > {pipe}\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return pipe


def test_a_git_that_hangs_is_given_up(endless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    reader = threading.Thread(target=endless.read_text, daemon=True)
    reader.start()
    with pytest.raises(NoGit, match=r"git did not answer within 0\.2 s"):
        Git(endless.parent).changes()


def test_a_room_that_closes_ends_the_question(endless: Path) -> None:
    asked = Git(endless.parent)
    refused: list[str] = []

    def ask() -> None:
        with pytest.raises(NoGit) as error:
            asked.changes()
        refused.append(str(error.value))

    thread = threading.Thread(target=ask)
    thread.start()
    endless.read_text()
    asked.stop()
    thread.join(10)
    assert refused == ["the room closed first"]
    with pytest.raises(NoGit, match="the room closed first"):
        asked.changes()
