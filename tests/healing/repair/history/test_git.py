"""What sources were before, from git."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grace_tui.healing.repair.history import GitHistory, NoHistory, SnapshotHistory, history_of
from grace_tui.healing.snapshots import Snapshots
from grace_tui.kernel.testing import ManualClock

Write = Callable[[Path, dict[str, str]], None]
GIT = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
LONG = "".join(f"ROW_{number} = {number}\n" for number in range(20))


def commit(root: Path, words: str) -> None:
    subprocess.run([*GIT, "init", "-q"], cwd=root, check=True)
    subprocess.run([*GIT, "add", "-A"], cwd=root, check=True)
    subprocess.run([*GIT, "commit", "-q", "-m", words], cwd=root, check=True)


@pytest.fixture
def repository(tmp_path: Path, write: Write) -> Path:
    root = tmp_path / "repository"
    write(root, {"shop/__init__.py": "", "shop/files.py": "def load(): ...\n", "shop/rows.py": LONG, "data.txt": "a"})
    commit(root, "one")
    write(root, {"shop/files.py": "def fetch(): ...\n"})
    commit(root, "two")
    return root


def test_versions_begin_with_what_is_not_committed(repository: Path, write: Write) -> None:
    write(repository, {"shop/files.py": "def fetch(:\n"})
    history = history_of(repository)
    assert [version.text for version in history.versions("shop/files.py")] == [
        "def fetch(): ...\n",
        "def load(): ...\n",
    ]
    assert history.text_before("shop/files.py") == "def fetch(): ...\n"
    good = history.last_good("shop/files.py")
    assert good is not None
    assert good.text == "def fetch(): ...\n"


def test_files_are_followed_through_moves(repository: Path) -> None:
    (repository / "shop/rows.py").rename(repository / "shop/table.py")
    commit(repository, "moved")
    (repository / "shop/table.py").rename(repository / "shop/tables.py")
    history = history_of(repository)
    assert history.moved("shop/rows.py") == ("shop/tables.py", "shop/table.py")
    assert [version.path for version in history.versions("shop/tables.py")] == ["shop/table.py", "shop/rows.py"]
    assert next(history.versions("shop/rows.py")).text == LONG


def test_deleted_files_and_lost_names_are_known(repository: Path) -> None:
    (repository / "data.txt").unlink()
    history = history_of(repository)
    assert [version.path for version in history.deleted()] == ["data.txt"]
    place = history.defined("load")[0]
    assert (place.path, place.qualname, place.version.text) == ("shop/files.py", "load", "def load(): ...\n")
    assert not history.defined("never")


def test_folder_inside_a_repository_sees_its_own_files(repository: Path, write: Write) -> None:
    write(repository, {"shop/files.py": "X = 1\n"})
    history = history_of(repository / "shop")
    assert [changed.path for changed in history.changes[0].files] == ["files.py"]
    assert next(history.versions("files.py")).text == "def fetch(): ...\n"


def test_line_ends_alone_are_no_change(repository: Path) -> None:
    (repository / "shop/files.py").write_bytes(b"def fetch(): ...\r\n")
    assert [change.words for change in history_of(repository).changes if "since" in change.words] == []


def test_nothing_of_the_repository_is_run_or_written(repository: Path, write: Write, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "diff.x.textconv", "diff.external"):
        subprocess.run([*GIT, "config", key, f"touch {ran}; cat"], cwd=repository, check=True)
    write(repository, {".gitattributes": "*.py filter=x diff=x\n", "shop/files.py": "X = 1\n"})
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*") if path.is_file()}
    history = history_of(repository)
    assert next(history.versions("shop/files.py")).text == "def fetch(): ...\n"
    assert history.defined("load")
    assert not ran.exists()
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*") if path.is_file()} == before


def test_variables_of_another_repository_do_not_mislead(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert isinstance(history_of(repository), GitHistory)
    assert "GIT_DIR" in os.environ


def test_tree_without_git_has_no_history(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"a.py": ""})
    history = history_of(tmp_path)
    assert isinstance(history, NoHistory)
    assert history.text_before("a.py") is None


def test_workspace_without_git_has_its_snapshots(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {"kernels/log.py": "def append(): ...\n", "kernels/old.py": LONG})
    Snapshots(tmp_path, tmp_path / ".grace" / "snapshots", ManualClock(1_795_392_000.0)).take_now("at rest")
    (tmp_path / "kernels/old.py").rename(tmp_path / "kernels/new.py")
    write(tmp_path, {"kernels/log.py": "def add(): ...\n"})
    history = history_of(tmp_path)
    assert isinstance(history, SnapshotHistory)
    assert history.text_before("kernels/log.py") == "def append(): ...\n"
    assert history.moved("kernels/old.py") == ("kernels/new.py",)
    assert history.defined("append")[0].path == "kernels/log.py"
