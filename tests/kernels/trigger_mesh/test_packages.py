"""Packages and programs: regressions are told, newer ones are taken."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.testing import ManualClock, running
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


def accepted(root: Path, name: str, version: str | None) -> None:
    """Change what was accepted for one package."""
    path = root / ".grace" / "triggers" / "baseline.json"
    tables = json.loads(path.read_text())
    if version is None:
        del tables["dependency_regression"][name]
    else:
        tables["dependency_regression"][name] = version
    path.write_text(json.dumps(tables))


@pytest.mark.parametrize(
    ("name", "version", "told"),
    [
        pytest.param("psutil", "99.0", f"psutil {metadata.version('psutil')}, was 99.0", id="older"),
        pytest.param("no-such-package", "1.0", "no-such-package 1.0 is gone", id="gone"),
        pytest.param("psutil", "0.1", "", id="newer"),
        pytest.param("psutil", None, "", id="additional"),
    ],
)
async def test_packages_are_compared_with_those_that_were_accepted(
    tmp_path: Path, check: Any, name: str, version: str | None, told: str
) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "dependency_regression")).value == 0
    accepted(tmp_path, name, version)
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "dependency_regression")
        assert (found.detail, found.firing) == ((told, ("",)) if told else ("as accepted", ()))
        await bench.get(TriggerMesh).accept("dependency_regression")
        assert (await check(bench, "dependency_regression")).firing == ()


async def test_what_the_project_asks_for_is_looked_at(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nrequires-python = '>=99'\n")
        assert "pyproject.toml asks for >=99" in (await check(bench, "dependency_regression")).detail


async def test_packages_replaced_under_the_room_are_shown_and_open_no_incident(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "packages_replaced")).value == 0
        assert (await bench.get(TriggerMesh).drill("packages_replaced")).fired
        assert [one.state for one in bench.incidents.all()] == ["resolved"]


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ('["no-such-program", "-x"]', "no-such-program"),
        ('"no-such-program -x"', "no-such-program"),
        ('["./bin/absent"]', "./bin/absent"),
        ('["./bin/there"]', ""),
        ('["sh", "-c", "true"]', ""),
    ],
)
async def test_a_command_whose_program_is_not_there_is_told_for_its_kernel(
    tmp_path: Path, check: Any, command: str, missing: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "there").write_text("")
    (tmp_path / "grace.toml").write_text(f"[kernels.web]\ncommand = {command}\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "missing_binary")
        assert found.firing == ((missing,) if missing else ())
        assert [(one.kernel, one.kind) for one in bench.incidents.all()] == [("web", "MissingBinary")] * bool(missing)


async def test_settings_that_cannot_be_read_are_not_this_rules_to_tell(tmp_path: Path, check: Any) -> None:
    (tmp_path / "grace.toml").write_text('[kernels.web]\ncommand = "unclosed \'quote"\n[kernels.other]\ncommand = 3\n')
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "missing_binary")).firing == ()
        (tmp_path / "grace.toml").write_text("[")
        assert (await check(bench, "missing_binary")).problem == ""
