"""A move is kept on disk, and forgotten with the version of the kernel that earned it."""

from pathlib import Path

import pytest

from grace_tui.room.moves import Moves


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    folder = tmp_path / "kernels"
    (folder / "deep").mkdir(parents=True)
    (folder / "spin.py").write_text("one")
    (folder / "deep/__init__.py").write_text("one")
    return folder


@pytest.mark.parametrize(("name", "file"), [("spin", "spin.py"), ("deep", "deep/__init__.py")])
def test_a_move_lasts_until_the_file_changes(tmp_path: Path, kernels: Path, name: str, file: str) -> None:
    path = tmp_path / "moved.json"
    Moves(path, kernels).add(name, "2 blocks")
    assert Moves(path, kernels).reason(name) == "2 blocks"
    (kernels / file).write_text("two")
    assert Moves(path, kernels).reason(name) == ""
    (kernels / file).write_text("one")
    assert Moves(path, kernels).reason(name) == "", "it was forgotten"


def test_nobody_else_is_moved(tmp_path: Path, kernels: Path) -> None:
    moves = Moves(tmp_path / "moved.json", kernels)
    moves.add("spin", "2 blocks")
    assert moves.reason("deep") == ""


def test_a_damaged_file_is_started_afresh(tmp_path: Path, kernels: Path) -> None:
    path = tmp_path / "moved.json"
    path.write_text("{half")
    moves = Moves(path, kernels)
    assert moves.reason("spin") == ""
    moves.add("spin", "2 blocks")
    assert Moves(path, kernels).reason("spin") == "2 blocks"
