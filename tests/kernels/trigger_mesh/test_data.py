"""Data: a changed byte, a damaged database, a worse model and a broken chain are told."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import AuditReport, GraceError
from grace_tui.kernel.testing import ManualClock, running
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio


def model(root: Path, data: bytes, name: str = "net.bin") -> Path:
    path = root / "models" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


async def test_a_changed_data_file_is_told_until_it_is_accepted(tmp_path: Path, check: Any) -> None:
    model(tmp_path, b"weights")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "data_integrity")).detail == "1 file as accepted"
        model(tmp_path, b"more", "new.bin")
        assert (await check(bench, "data_integrity")).value == 0
        model(tmp_path, b"damage!")
        found = await check(bench, "data_integrity", 3)
        assert (found.detail, found.firing, found.severity) == (
            "models/net.bin changed",
            ("models/net.bin",),
            "critical",
        )
        assert len(bench.incidents.all()) == 1
        assert await bench.get(TriggerMesh).accept("data_integrity") == "2 files as they are now"
        assert bench.incidents.all()[0].state == "resolved"


async def test_a_data_file_that_is_touched_or_restored_is_no_damage(tmp_path: Path, check: Any) -> None:
    path = model(tmp_path, b"weights")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await check(bench, "data_integrity")
        os.utime(path, (1, 1))
        assert (await check(bench, "data_integrity")).value == 0
        path.unlink()
        assert (await check(bench, "data_integrity")).detail == "models/net.bin gone"
        model(tmp_path, b"weights")
        assert (await check(bench, "data_integrity")).firing == ()


async def test_a_damaged_database_is_told(tmp_path: Path, check: Any) -> None:
    path = tmp_path / ".grace" / "memory.db"
    path.parent.mkdir(mode=0o700)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT)")
        connection.executemany("INSERT INTO t (text) VALUES (?)", [("x" * 200,)] * 100)
    connection.close()
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "database_integrity")).detail == "1 sound"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        found = await check(bench, "database_integrity")
        assert found.firing == (".grace/memory.db",)


async def test_a_model_whose_figure_dropped_is_told(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        assert (await check(bench, "model_drift")).detail == "there is no models/metrics.json"
        with pytest.raises(GraceError, match=r"there is no models/metrics\.json to accept"):
            await bench.get(TriggerMesh).accept("model_drift")
        for accuracy, firing in ((0.9, ()), (0.8, ()), (0.7, ("",)), (0.8, ("",)), (0.88, ())):
            model(tmp_path, json.dumps({"accuracy": accuracy}).encode(), "metrics.json")
            assert (await check(bench, "model_drift")).firing == firing
        assert [(one.kind, one.count) for one in bench.incidents.all()] == [("ModelDrift", 1)]


async def test_a_figure_that_cannot_be_read_is_said(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        model(tmp_path, b'{"loss": 1}', "metrics.json")
        assert "no number under accuracy (KeyError)" in (await check(bench, "model_drift")).problem


async def test_a_broken_audit_chain_fires_and_long_walks_are_rare(alone: Any) -> None:
    rule, walks = await alone("audit_chain"), 0

    def verify() -> AuditReport:
        nonlocal walks
        walks += 1
        return AuditReport(False, 9, "h", "entry 3 was changed", seconds=2.0)

    rule.bench.audit.verify = verify
    for _ in range(3):
        rule.clock.now += 60
        found = await rule.check()
    assert (walks, found.detail) == (1, "entry 3 was changed")
    assert rule.kernels_told() == ["immutable_log"]
