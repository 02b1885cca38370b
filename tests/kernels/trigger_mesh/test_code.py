"""Kernels' code: what changed while the room was closed, what does not compile, and who is likely to fail next."""

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import KernelRecord
from grace_tui.kernel.testing import Bench, ManualClock, running, sample_incident, sample_kernel
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


def write(root: Path, text: str, name: str = "own") -> Path:
    path = root / "kernels" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def record(path: Path, since: float = 60.0, **changes: Any) -> KernelRecord:
    version = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return sample_kernel(path.stem, since=since, version=version, **changes)


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


async def ran_well(tmp_path: Path, check: Any, path: Path) -> None:
    """A room in which the kernel ran well with its file."""
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (record(path),)
        assert (await check(bench, "code_changed")).firing == ()


async def test_a_file_changed_while_the_room_was_closed_is_told_until_it_has_run_well(
    tmp_path: Path, check: Any
) -> None:
    path = write(tmp_path, "x = 1\n")
    await ran_well(tmp_path, check, path)
    write(tmp_path, "x = 2\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (record(path, since=5.0),)
        found = await check(bench, "code_changed", 3)
        assert (found.firing, found.value) == (("own",), 1)
        (incident,) = bench.incidents.all()
        assert (incident.kernel, incident.kind, incident.facts["files"]) == ("own", "CodeChanged", ["kernels/own.py"])
        bench.room.records = (record(path, since=31.0),)
        assert (await check(bench, "code_changed")).firing == ()
        assert bench.incidents.all()[0].state == "resolved"
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "code_changed")).value == 0


async def test_a_file_saved_while_the_room_is_open_is_no_change_before_boot(tmp_path: Path, check: Any) -> None:
    path = write(tmp_path, "x = 1\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (record(path),)
        await check(bench, "code_changed")
        write(tmp_path, "x = 2\n")
        bench.room.records = (record(path, since=1.0),)
        assert (await check(bench, "code_changed", 2)).firing == ()


async def test_a_helper_is_good_once_all_that_import_it_run_well_with_it(tmp_path: Path, check: Any) -> None:
    helper = write(tmp_path, "x = 1\n", "models/__init__")
    using = "from kernels.models import x\n"
    paths = [write(tmp_path, using, "own"), write(tmp_path, f"def f():\n    {using}", "other")]
    other = write(tmp_path, "y = 1\n", "alone")
    os.utime(helper, (500, 500))
    file = tmp_path / ".grace/triggers/healthy.json"
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (record(paths[0]), record(paths[1], since=5.0), record(other))
        await check(bench, "code_changed")
        assert set(json.loads(file.read_bytes())) == {"own", "alone"}
        bench.room.records = (*map(record, paths), record(other))
        await check(bench, "code_changed")
        assert set(json.loads(file.read_bytes())) == {"own", "other", "alone", "models"}
        helper.write_text("x = 2\n")  # after they began
        await check(bench, "code_changed")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "code_changed", 3)).firing == ("models",)


async def test_a_kernel_that_was_taken_away_is_told_in_one_room(tmp_path: Path, check: Any) -> None:
    path = write(tmp_path, "x = 1\n")
    await ran_well(tmp_path, check, path)
    path.unlink()
    for firing in (("own",), ()):
        async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
            assert (await check(bench, "code_changed", 3)).firing == firing


async def test_a_kernel_that_runs_other_code_than_its_file_has_is_not_taken_as_good(tmp_path: Path, check: Any) -> None:
    path = write(tmp_path, "x = 1\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        old = record(path)
        write(tmp_path, "x = 2\n")
        bench.room.records = (old,)
        await check(bench, "code_changed")
        assert not (tmp_path / ".grace" / "triggers" / "healthy.json").exists()


async def test_a_workspace_that_never_ran_has_changed_nothing(tmp_path: Path, check: Any) -> None:
    write(tmp_path, "def broken(:\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "code_changed")).value == 0
        assert (await check(bench, "syntax_broken")).value == 0


async def test_a_file_broken_while_the_room_was_closed_is_named_and_settled_when_it_compiles(
    tmp_path: Path, check: Any
) -> None:
    path = write(tmp_path, "x = 1\n")
    await ran_well(tmp_path, check, path)
    write(tmp_path, "x = 1\ndef broken(:\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "syntax_broken", 2)
        assert found.firing == ("kernels/own.py",)
        assert found.detail.startswith("kernels/own.py:2: ")
        (incident,) = [one for one in bench.incidents.all() if one.kind == "SyntaxBroken"]
        assert (incident.kernel, incident.facts["line"]) == ("own", 2)
        path.write_bytes(b"\xef\xbb\xbfx = 1\n")
        assert (await check(bench, "syntax_broken")).firing == ()
        settled = bench.incidents.get(incident.id)
        assert settled is not None
        assert settled.state == "resolved"


async def test_a_kernel_that_never_ran_and_does_not_compile_is_named_in_a_room_that_was_opened_anew(
    tmp_path: Path, check: Any
) -> None:
    path = write(tmp_path, "def broken(:\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (record(path, state="failed"),)
        assert (await check(bench, "syntax_broken", 2)).firing == ("kernels/own.py",)
        bench.room.records = (record(path, state="stopped"),)
        assert (await check(bench, "syntax_broken")).firing == ("kernels/own.py",)


# ---- risk

TANGLED = "def f(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(30)) + "pass\n" * 1_000


def crashes(bench: Bench, count: int, days_ago: float = 0.0, **changes: Any) -> None:
    at = bench.clock.time() - days_ago * 86_400
    bench.incidents.add(sample_incident("I1", "own", count=count, opened_at=at, last_at=at, **changes))


async def test_a_tangled_kernel_that_crashes_is_likely_to_fail_and_each_part_is_shown(
    tmp_path: Path, check: Any
) -> None:
    path = write(tmp_path, TANGLED)
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock(1e9)) as bench:
        bench.room.records = (record(path),)
        assert (await check(bench, "predicted_failure")).firing == ()
        crashes(bench, 12)
        found = await check(bench, "predicted_failure")
        assert found.firing == ("own",)
        for part in ("crashes 12 (+0.", "churn unknown", "complexity 31 (+0.", "coverage unknown", "size 1"):
            assert part in found.detail
        predicted = next(one for one in bench.incidents.all() if one.kind == "PredictedFailure")
        assert (predicted.kernel, predicted.route) == ("own", "person")


@pytest.mark.parametrize(
    "history",
    [
        pytest.param({"count": 12, "days_ago": 40.0}, id="long-ago"),
        pytest.param({"count": 12, "phase": "trigger"}, id="told-by-a-rule"),
        pytest.param({"count": 1}, id="one-crash"),
    ],
)
async def test_a_kernel_without_a_history_is_not(tmp_path: Path, check: Any, history: dict[str, Any]) -> None:
    path = write(tmp_path, TANGLED)
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock(1e9)) as bench:
        bench.room.records = (record(path),)
        crashes(bench, **history)
        assert (await check(bench, "predicted_failure")).firing == ()


async def test_churn_and_coverage_count_where_they_are_known(tmp_path: Path, check: Any) -> None:
    path = write(tmp_path, "x = 0\n")
    git(tmp_path, "init", "-q")
    for number in range(3):
        write(tmp_path, f"x = {number}\n")
        git(tmp_path, "add", "kernels")
        git(tmp_path, "commit", "-qm", "x")
    (tmp_path / "coverage.xml").write_text('<coverage><class filename="kernels/own.py" line-rate="0.5"/></coverage>')
    async with running(TriggerMesh, workspace=tmp_path) as bench:
        bench.room.records = (record(path),)
        found = await check(bench, "predicted_failure")
        assert "churn 3 (+0.04)" in found.detail
        assert "coverage 50% (+0.07)" in found.detail
