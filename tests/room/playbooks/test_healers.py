"""Drills: the bus, the agent and the healer are brought back, and each helps the other up."""

from pathlib import Path

import pytest

from tests.room.bench import calm
from tests.room.playbooks.stage import back, done, failing, staged, succeeded


async def test_restart_bus_starts_the_bus_again(tmp_path: Path) -> None:
    failing(tmp_path, "message_bus", spec="critical=True")
    async with staged(tmp_path) as stage:
        incident = await stage.failed("message_bus")
        back(tmp_path)
        succeeded(await stage.play("restart_bus", incident))
        assert stage.state("message_bus") == "running"


async def test_restart_agent_starts_the_agent_again(tmp_path: Path) -> None:
    failing(tmp_path, "coding_agent")
    calm(tmp_path, "self_healing")
    async with staged(tmp_path) as stage:
        incident = await stage.failed("coding_agent")
        back(tmp_path)
        succeeded(await stage.play("restart_agent", incident))
        assert stage.state("coding_agent") == "running"


async def test_restart_healer_starts_the_healer_again(tmp_path: Path) -> None:
    failing(tmp_path, "self_healing")
    calm(tmp_path, "coding_agent")
    async with staged(tmp_path) as stage:
        incident = await stage.failed("self_healing")
        back(tmp_path)
        succeeded(await stage.play("restart_healer", incident))
        assert stage.state("self_healing") == "running"


async def test_unstick_agent_restarts_the_agent_and_keeps_where_it_stood(tmp_path: Path) -> None:
    calm(tmp_path, "coding_agent")
    async with staged(tmp_path) as stage:
        await stage.running("coding_agent")
        before = stage.starts("coding_agent")
        run = await stage.play("unstick_agent", stage.report("coding_agent", "AgentStuck"))
        succeeded(run)
        assert done(run) == {"stack_dump": "done", "restart": "done"}
        assert stage.starts("coding_agent") > before


async def test_unstick_healer_restarts_the_healer_and_keeps_where_it_stood(tmp_path: Path) -> None:
    calm(tmp_path, "self_healing")
    async with staged(tmp_path) as stage:
        await stage.running("self_healing")
        before = stage.starts("self_healing")
        run = await stage.play("unstick_healer", stage.report("self_healing", "HealerStuck"))
        succeeded(run)
        assert done(run) == {"stack_dump": "done", "restart": "done"}
        assert stage.starts("self_healing") > before


@pytest.mark.parametrize("reported", ["coding_agent", "self_healing"])
async def test_restart_both_starts_the_healer_first(tmp_path: Path, reported: str) -> None:
    failing(tmp_path, "self_healing")
    failing(tmp_path, "coding_agent")
    async with staged(tmp_path) as stage:
        await stage.failed("self_healing")
        await stage.failed("coding_agent")
        incident = await stage.failed(reported)
        back(tmp_path)
        run = await stage.play("restart_both", incident)
        succeeded(run)
        assert (stage.state("self_healing"), stage.state("coding_agent")) == ("running", "running")
        assert stage.starts("self_healing") < stage.starts("coding_agent")


async def test_restart_both_asks_a_person_where_neither_comes_back(tmp_path: Path) -> None:
    failing(tmp_path, "self_healing")
    failing(tmp_path, "coding_agent")
    async with staged(tmp_path) as stage:
        await stage.failed("self_healing")
        incident = await stage.failed("coding_agent")
        run = await stage.play("restart_both", incident)
        assert (run.state, done(run)["hand_on"]) == ("failed", "done")
        after = stage.room.parts.book.get(incident.id)
        assert after is not None
        assert "both down" in str(after.timeline)
