"""Schema drift: the live answers against their schema, over a real api_server."""

import json
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.testing import Bench, ManualClock, running, sample_incident, sample_kernel
from kernels.api_server import ApiServer
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio

FORM = {
    "type": "object",
    "properties": {"state": {"type": "string"}, "total": {"type": "integer"}, "lag": {"type": "number"}},
}
VIEW = {"state": "steady", "total": 2, "lag": 0.5}


def tells(bench: Bench, **changes: Any) -> None:
    bench.room.view = {name: value for name, value in {**VIEW, **changes}.items() if value is not None}


async def test_the_live_api_is_asked_and_as_it_should_be(tmp_path: Path, check: Any) -> None:
    async with running(ApiServer, TriggerMesh, workspace=tmp_path) as bench:
        bench.room.form = FORM
        tells(bench)
        bench.room.records = (sample_kernel("librarian"),)
        bench.incidents.add(sample_incident("I1", "librarian"))
        found = await check(bench, "schema_drift")
        assert (found.value, found.problem) == (0, "")
        assert found.detail.startswith("as accepted, http://127.0.0.1:")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": None}, "/status total: missing"),
        ({"total": "2"}, "/status total: string where integer should be"),
        ({"lag": 1, "more": True}, ""),
    ],
)
async def test_a_field_that_is_missing_or_of_another_type_is_told(
    tmp_path: Path, check: Any, changes: dict[str, Any], told: str
) -> None:
    async with running(ApiServer, TriggerMesh, workspace=tmp_path) as bench:
        bench.room.form = FORM
        tells(bench, **changes)
        found = await check(bench, "schema_drift", 2)
        assert found.firing == (("",) if told else ())
        if told:
            assert found.detail == told
            tells(bench)
            assert (await check(bench, "schema_drift")).firing == ()


async def test_without_an_api_server_the_status_is_looked_at(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.form = FORM
        tells(bench, total=None)
        assert (await check(bench, "schema_drift")).detail == "/status total: missing"
        tells(bench)
        assert "status only: " in (await check(bench, "schema_drift")).detail


async def test_a_schema_that_loses_a_field_is_told_until_it_is_accepted(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.form = FORM
        await check(bench, "schema_drift")
    path = tmp_path / ".grace" / "triggers" / "baseline.json"
    tables = json.loads(path.read_text())
    tables["schema_drift"]["/status .uptime"] = "number"
    path.write_text(json.dumps(tables))
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.form = FORM
        found = await check(bench, "schema_drift", 2)
        assert (found.detail, found.firing) == ("/status .uptime: gone", ("",))
        await bench.get(TriggerMesh).accept("schema_drift")
        assert (await check(bench, "schema_drift")).firing == ()
