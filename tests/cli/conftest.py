"""A workspace, a room that is only a socket, and the command line to ask it with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.workspace import Workspace
from tests.cli.fake_room import FakeRoom, Shell


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace, which is also the current folder; the default one would lie beside it."""
    root = tmp_path / "room"
    (root / "kernels").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("COLUMNS", raising=False)
    return Workspace(root)


@pytest.fixture
def room(workspace: Workspace) -> Iterator[FakeRoom]:
    found = FakeRoom(workspace)
    yield found
    found.close()


@pytest.fixture
def grace(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)
