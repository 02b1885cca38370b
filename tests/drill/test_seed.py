"""The seed drill, played for real: what was broken is repaired at its provider, learned, and remembered."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grace_tui.drill.seed import BROKEN, plant
from grace_tui.workspace import make_workspace

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The answer of one real drill."""
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "XDG_DATA_HOME": str(home / "data"), "TMPDIR": str(home)}
    words = [sys.executable, "-m", "grace_tui", "drill", "seed", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=home, env=environment, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not list(home.glob("grace-drill-*")), "the drill left its workspace behind"
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_first_boot_loses_exactly_the_two_consumers(played: Any) -> None:
    first = played["first_boot"]
    assert (first["running"], first["total"], set(first["failed"])) == (18, 20, set(BROKEN))
    assert {incident["kernel"] for incident in played["incidents"]} == set(BROKEN)
    assert all(incident["signature"] and incident["opened_ms"] > 0 for incident in played["incidents"])


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_both_are_repaired_at_their_providers_with_every_gate_told(played: Any) -> None:
    assert [task["priority"] for task in played["tasks"]] == [10, 10]
    assert {task["operator"] for task in played["tasks"]} == {"unexpected_keyword", "missing_export"}
    for task in played["tasks"]:
        assert task["state"] == "learned"
        assert task["seconds"] >= task["repair_seconds"] > 0
        assert task["gates"]
        assert all({"name", "state", "ms"} <= set(gate) for gate in task["gates"])
    assert played["consumers_unchanged"] is True
    assert played["final"] == {"running": 20, "total": 20}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_second_boot_heals_both_from_memory(played: Any) -> None:
    second = played["second_boot"]
    assert (second["running"], second["total"], len(second["known"])) == (20, 20, 2)
    assert second["seconds"] < played["healed_seconds"]
    assert (played["healed"], played["problems"]) == (True, [])


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_the_report_tells_what_was_measured(played: Any) -> None:
    text = Path(played["report"]).read_text(encoding="utf-8")
    assert "18 of 20 running" in text
    for incident in played["incidents"]:
        assert incident["signature"] in text
    for task in played["tasks"]:
        assert f"{task['kernel']}: {task['operator']}" in text


def test_planting_changes_the_two_providers_only_and_the_same_way_twice(tmp_path: Path) -> None:
    root = make_workspace(tmp_path / "room").root
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    plant(root)
    changed = {path.relative_to(root).as_posix() for path, data in before.items() if path.read_bytes() != data}
    assert changed == {"kernels/immutable_log.py", "kernels/models/__init__.py"}
    assert '"subsystem": subsystem' not in (root / "kernels/immutable_log.py").read_text()
    planted = {path: path.read_bytes() for path in before}
    for path in changed:
        (root / path).write_bytes(before[root / path])
    plant(root)
    assert {path: path.read_bytes() for path in before} == planted
