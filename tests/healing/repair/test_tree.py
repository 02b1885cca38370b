"""The allow-list: what a repair may read and change."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.tree import EditedTree, FileTree, module_name
from grace_tui.healing.repair.trial import Trial, sweep_trials


def test_tree_leaves_out_state_logs_policies_and_hidden_folders(root: Path) -> None:
    files = FileTree(root).files
    assert "kernels/log.py" in files
    assert not [path for path in files if path.startswith((".grace", "logs", "policies"))]


def test_tree_refuses_links_that_leave_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text("X = 1\n")
    (root / "kernels/link.py").symlink_to(outside)
    (root / "kernels/folder").symlink_to(tmp_path)
    tree = FileTree(root)
    assert "kernels/link.py" not in tree.files
    assert not tree.allows("kernels/link.py")
    assert not tree.allows("kernels/folder/new.py")
    with pytest.raises(FileNotFoundError):
        tree.read("kernels/link.py")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("kernels/log.py", True),
        ("kernels/new.py", True),
        ("kernels/new.toml", False),
        ("policies/new.py", False),
        (".grace/new.py", False),
        ("../new.py", False),
        ("/tmp/new.py", False),
    ],
)
def test_tree_allows(root: Path, path: str, allowed: bool) -> None:
    assert FileTree(root).allows(path) is allowed


@pytest.mark.parametrize(
    ("path", "name"),
    [("kernels/models/__init__.py", "kernels.models"), ("src/app/x.py", "app.x"), ("main.py", "main")],
)
def test_module_is_named_by_its_path(path: str, name: str) -> None:
    assert module_name(path) == name


def test_trials_of_killed_rooms_are_swept_and_living_ones_kept(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # of its own: other rooms sweep the common one
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = Path(tempfile.mkdtemp(prefix=f"grace-trial-{ended.pid}-"))
    trial = Trial(root)
    try:
        assert sweep_trials() >= 1
        assert not left.exists()
        assert trial.folder.exists()
    finally:
        trial.close()


def test_folders_that_hold_packages_are_sources_where_the_root_is_no_workspace(
    tmp_path: Path, write: Callable[[Path, dict[str, str]], None]
) -> None:
    write(
        tmp_path,
        {
            "logs/__init__.py": "",
            "policies/rule.py": "",
            "build/lib/app/__init__.py": "",
            "app/build/steps.py": "",
            "env/pyvenv.cfg": "",
            "env/lib/x.py": "",
            "venv_tools/make.py": "",
        },
    )
    tree = FileTree(tmp_path)
    assert tree.files == ("app/build/steps.py", "logs/__init__.py", "policies/rule.py", "venv_tools/make.py")
    assert tree.allows("policies/new.py")
    assert not tree.allows("build/new.py")
    assert not tree.allows("env/lib/new.py")


def test_edited_tree_reads_as_if_it_were_written(root: Path) -> None:
    tree = EditedTree(FileTree(root), [FileEdit("kernels/log.py", "", "X = 1\n"), FileEdit("kernels/new.py", None, "")])
    assert tree.read("kernels/log.py") == "X = 1\n"
    assert tree.modules()["kernels.new"] == "kernels/new.py"
    assert tree.read("kernels/rules.py") == (root / "kernels/rules.py").read_text()
    assert not tree.allows("policies/new.py")
