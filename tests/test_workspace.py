"""A workspace is found where it is, made whole or not at all, and private where it must be."""

import os
import stat
from pathlib import Path

import pytest

from grace_tui.workspace import (
    Workspace,
    WorkspaceError,
    default_workspace,
    find_workspace,
    make_workspace,
    private_folder,
    shipped,
)


def tree(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def test_workspace_is_a_folder_with_kernels(tmp_path: Path) -> None:
    assert find_workspace(tmp_path) is None
    (tmp_path / "kernels").mkdir()
    assert find_workspace(tmp_path) == Workspace(tmp_path)


def test_parents_are_not_searched(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    assert find_workspace(tmp_path / "kernels") is None


def test_current_folder_is_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kernels").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_workspace() == Workspace(tmp_path)


def test_properties_create_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "room")
    for name in ("kernels", "themes", "kernel_tests", "settings_file", "state", "logs", "room_log", "socket"):
        assert isinstance(getattr(workspace, name), Path)
    assert tree(tmp_path) == set()


def test_prepare_makes_a_private_state_folder(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.prepare()
    assert workspace.logs.is_dir()
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700


def test_prepare_takes_rights_away_from_others(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.state.mkdir(mode=0o755)
    workspace.state.chmod(0o755)
    workspace.prepare()
    assert stat.S_IMODE(workspace.state.stat().st_mode) == 0o700


def test_state_folder_may_not_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WorkspaceError, match="is a link"):
        private_folder(tmp_path / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_state_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 12345, 12345)
    with pytest.raises(WorkspaceError, match="belongs to user 12345"):
        private_folder(tmp_path / "state")


def test_prepare_names_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(WorkspaceError, match=r"logs: file exists"):
        Workspace(tmp_path).prepare()


def test_default_workspace_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_workspace().root == tmp_path / "grace-tui" / "default"


def test_relative_data_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert default_workspace().root == Path.home() / ".local/share/grace-tui/default"


def test_shipped_folder_has_kernels() -> None:
    assert (shipped() / "kernels").is_dir()


def test_new_workspace_has_what_is_shipped(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "deep" / "room")
    assert made.exists
    kernels = {path.name for path in (shipped() / "kernels").glob("*.py")}
    assert {path.name for path in made.kernels.glob("*.py")} == kernels
    assert (made.root / "pytest.ini").is_file()
    assert made.settings_file.read_text().startswith("# Settings of this workspace.")
    assert not list(made.root.rglob("__pycache__"))
    assert tree(tmp_path / "deep") & {".grace-new"} == set()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["room"]


def test_new_workspace_keeps_what_the_folder_has(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "grace.toml").write_text("[room]\nname = 'mine'\n")
    made = make_workspace(tmp_path)
    assert made.exists
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert "mine" in (tmp_path / "grace.toml").read_text()


@pytest.mark.parametrize("taken", ["kernels", "themes", "tests/kernels"])
def test_new_workspace_overwrites_nothing(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir(parents=True)
    before = tree(tmp_path)
    with pytest.raises(WorkspaceError, match=f"has {taken}/ already"):
        make_workspace(tmp_path)
    assert tree(tmp_path) == before


def test_new_workspace_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="is a file; name a folder"):
        make_workspace(tmp_path / "file")


def test_failed_copy_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "package" / "shipped" / "kernels"
    source.mkdir(parents=True)
    (source / "gone.py").symlink_to(tmp_path / "nowhere.py")
    monkeypatch.setattr("grace_tui.__file__", str(tmp_path / "package" / "__init__.py"))
    with pytest.raises(WorkspaceError):
        make_workspace(tmp_path / "room" / "here")
    assert list((tmp_path / "room").iterdir()) == []


def test_installation_without_kernels_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace_tui.__file__", str(tmp_path / "package" / "__init__.py"))
    with pytest.raises(WorkspaceError, match="has no kernels; install grace-tui again"):
        shipped()


def test_move_that_fails_halfway_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    rename = Path.rename

    def fail_at_kernels(self: Path, target: Path) -> Path:
        if self.name == "kernels" and target.parent == tmp_path and self.parent.name != "tests":
            raise OSError(28, "No space left on device", str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_at_kernels)
    with pytest.raises(WorkspaceError, match="no space left"):
        make_workspace(tmp_path)
    assert tree(tmp_path) == {"notes.txt"}


def test_bare_workspace_has_an_empty_kernels_folder(tmp_path: Path) -> None:
    made = make_workspace(tmp_path / "room", bare=True)
    assert made.exists
    assert list(made.kernels.iterdir()) == []
    assert not made.kernel_tests.exists()


def test_settings_that_cannot_be_used_make_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"grace.toml: would not be usable: screen.thme is not a setting"):
        make_workspace(tmp_path / "room", settings="[screen]\nthme = 1\n")
    assert not (tmp_path / "room").exists()
