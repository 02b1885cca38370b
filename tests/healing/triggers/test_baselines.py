"""Baselines: kept over a restart, private, and told where the file is damaged."""

from pathlib import Path

from grace_tui.healing.triggers.baselines import Baselines


def test_what_was_accepted_is_there_at_the_next_opening(tmp_path: Path) -> None:
    path = tmp_path / "triggers" / "baseline.json"
    Baselines(path).put("a", {"x": "1"})
    again = Baselines(path)
    again.put("b", 2.5)
    assert (Baselines(path).get("a"), Baselines(path).get("b"), Baselines(path).get("c")) == ({"x": "1"}, 2.5, None)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_again_writes_nothing(tmp_path: Path) -> None:
    baselines = Baselines(tmp_path / "b.json")
    baselines.put("a", {"x": 1})
    before = (tmp_path / "b.json").stat().st_ino
    baselines.put("a", {"x": 1})
    assert (tmp_path / "b.json").stat().st_ino == before


def test_a_damaged_file_is_put_aside_and_told(tmp_path: Path) -> None:
    for damage in ("{", "[1]"):
        (tmp_path / "b.json").write_text(damage)
        baselines = Baselines(tmp_path / "b.json")
        assert baselines.get("a") is None
        assert "the baselines are taken anew, and the old file is kept as b.json.corrupt" in baselines.problem
        assert (tmp_path / "b.json.corrupt").read_text() == damage
        baselines.put("a", 1)
        assert Baselines(tmp_path / "b.json").get("a") == 1
