"""Drills: the bus, the agent and the healer are brought back, and each helps the other up."""

from pathlib import Path

import pytest

from tests.room.bench import calm
from tests.room.playbooks.stage import back, done, failing, staged, succeeded


@pytest.mark.parametrize(
    ("playbook", "kernel", "spec"),
    [
        ("restart_bus", "message_bus", "critical=True"),
        ("restart_agent", "coding_agent", ""),
        ("restart_healer", "self_healing", ""),
    ],
)
async def test_what_was_given_up_is_started_again(tmp_path: Path, playbook: str, kernel: str, spec: str) -> None:
    failing(tmp_path, kernel, spec=spec)
    calm(tmp_path, *({"coding_agent", "self_healing"} - {kernel}))
    async with staged(tmp_path) as stage:
        incident = await stage.failed(kernel)
        back(tmp_path)
        succeeded(await stage.play(playbook, incident))
        assert stage.state(kernel) == "running"


@pytest.mark.parametrize(
    ("playbook", "kernel", "kind", "facts"),
    [
        ("unstick_agent", "coding_agent", "AgentStuck", {}),
        ("unstick_healer", "self_healing", "HealerStuck", {}),
        ("restart_growing", "grower", "MemoryPressure", {"rule": "memory_growth"}),
    ],
)
async def test_what_is_stuck_or_grows_is_restarted_and_what_it_did_is_kept(
    tmp_path: Path, playbook: str, kernel: str, kind: str, facts: dict[str, str]
) -> None:
    calm(tmp_path, kernel)
    async with staged(tmp_path) as stage:
        await stage.running(kernel)
        before = stage.starts(kernel)
        run = await stage.play(playbook, stage.report(kernel, kind, **facts))
        succeeded(run)
        assert done(run) == {"stack_dump": "done", "restart": "done"}
        assert stage.starts(kernel) > before


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
