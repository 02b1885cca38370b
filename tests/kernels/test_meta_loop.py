from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import DecisionMade, GateVerdict, NotReady, TaskFinished
from grace_tui.kernel.testing import running, sample_incident, sample_task
from kernels.meta_loop import MetaLoop

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


def finished(task_id: str, outcome: str = "learned", **changes: Any) -> TaskFinished:
    values: dict[str, Any] = {"operator": "widen", "signature": "s", "seconds": 2.0, "known": False, **changes}
    return TaskFinished(task_id, "I1", "librarian", outcome=outcome, **values)


async def test_the_healing_loop_is_measured(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", count=2, resolved_at=1_006.0, state="resolved"))
        bench.incidents.add(sample_incident("I2", "sandbox", resolved_at=1_010.0, state="resolved"))
        bench.incidents.add(sample_incident("I3", "sandbox"))
        for event in (finished("T1"), finished("T2", known=True, seconds=1.0), finished("T3", "undone")):
            bench.bus.publish("task.finished", event, source="room")
        await settle()
        found = await bench.get(MetaLoop).measure()
        assert (found.repairs, found.outcomes) == (3, {"learned": 2, "undone": 1})
        assert found.replay_share == pytest.approx(1 / 3)
        assert (found.repair_seconds, found.mttr, found.open_incidents) == (1.5, 8.0, 1)
        assert (found.clusters, found.kernels) == ({"coarse-I1": 2}, {"librarian": 2, "sandbox": 2})


async def test_without_repairs_nothing_is_claimed(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        found = await bench.get(MetaLoop).measure()
        assert (found.replay_share, found.repair_seconds, found.mttr) == (None, None, None)
        assert bench.get(MetaLoop).summary() == "no repair yet"


async def test_a_failure_that_recurs_is_proposed_once_with_evidence(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", coarse="c", count=9))
        bench.incidents.add(sample_incident("I2", "sandbox", coarse="c"))
        bench.incidents.add(sample_incident("I3", "sandbox", coarse="one crash loop", count=50))
        for task_id in ("T1", "T2"):
            bench.bus.publish("task.finished", finished(task_id), source="room")
        await settle()
        (proposal,) = await bench.get(MetaLoop).proposals()
        assert (proposal.subject, proposal.evidence) == ("c", "3 outages of librarian, sandbox")
        assert [event.resource for event in bench.bus.events(DecisionMade)] == ["c"]


async def test_a_gate_that_always_takes_most_of_the_time_is_proposed(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        for number, ms in enumerate((1_600, 1_900, 1_200)):
            gates = (GateVerdict("tests", "passed", ms), GateVerdict("lint", "passed", 100))
            bench.tasks.add(sample_task(f"T{number}", "librarian", gates=gates))
            bench.bus.publish("task.finished", finished(f"T{number}"), source="room")
        await settle()
        (proposal,) = await bench.get(MetaLoop).proposals()
        assert (proposal.subject, proposal.evidence) == ("gate tests", "at least 60% of the time of 3 repairs")


async def test_an_operator_that_fails_more_often_than_not_is_proposed(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        for number, outcome in enumerate(("failed", "undone", "learned")):
            bench.bus.publish("task.finished", finished(f"T{number}", outcome, seconds=0.0), source="room")
        await settle()
        (proposal,) = await bench.get(MetaLoop).proposals()
        assert (proposal.subject, proposal.evidence) == ("operator widen", "2 of 3 repairs failed")


async def test_the_history_survives_a_restart_and_takes_in_what_was_missed_once(tmp_path: Path) -> None:
    async with running(MetaLoop, workspace=tmp_path) as bench:
        bench.bus.publish("task.finished", finished("T1"), source="room")
        await settle()
        saved = bench.get(MetaLoop).save_state()
        await bench.stop(MetaLoop)
        bench.tasks.add(sample_task("T1", "librarian", state="learned"))
        bench.tasks.add(sample_task("T2", "librarian", state="failed"))
        bench.tasks.add(sample_task("T3", "librarian"))
        again = await bench.start(MetaLoop, saved_state=saved)
        assert (await again.measure()).outcomes == {"learned": 1, "failed": 1}


async def test_a_history_of_another_form_is_left_out(tmp_path: Path) -> None:
    saved = {"meta_loop": {"repairs": [{"task_id": "T1", "shoe_size": 43}]}}
    async with running(MetaLoop, workspace=tmp_path, saved_state=saved) as bench:
        assert (await bench.get(MetaLoop).measure()).repairs == 0


async def test_the_probe_fails_when_slow_gates_are_not_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.meta_loop.slow_gates", lambda repairs: [])
    with pytest.raises(NotReady, match="measured its sample wrongly"):
        async with running(MetaLoop, workspace=tmp_path):
            pass
