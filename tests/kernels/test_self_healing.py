from pathlib import Path

import anyio
import pytest

from grace_tui.kernel import GraceError, IncidentChanged, IncidentOpened, KernelStateChanged, NotReady, TaskRecord
from grace_tui.kernel.testing import Bench, ManualClock, running, sample_incident, sample_kernel, sample_task
from kernels.immutable_log import ImmutableLog
from kernels.self_healing import SelfHealing

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


def agent_is(bench: Bench, state: str) -> None:
    bench.room.records = (sample_kernel("coding_agent", state=state),)
    bench.bus.publish("kernel.state", KernelStateChanged("coding_agent", "running", state), source="room")


def opened(incident_id: str) -> IncidentOpened:
    return IncidentOpened(incident_id, "librarian", "s", "it broke")


async def test_an_opened_incident_is_answered_once_and_recorded(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.bus.publish("incident.opened", opened("I1"), source="room")
        bench.bus.publish("incident.changed", IncidentChanged("I1", "in_repair", "queued"), source="room")
        await settle()
        assert bench.healer.responded == ["I1"]
        record = bench.audit.entries[-1].record
        assert (record["actor"], record["action"], record["resource"], record["result"]) == (
            "self_healing",
            "incident.answered",
            "I1",
            "queued",
        )
        assert bench.get(SelfHealing).summary() == "1 answered, 0 repaired"


async def test_an_incident_that_comes_back_is_answered_again(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.bus.publish("incident.opened", opened("I1"), source="room")
        await settle()
        bench.bus.publish("incident.changed", IncidentChanged("I1", "reopened", "came back", 2), source="room")
        await settle()
        assert bench.healer.responded == ["I1", "I1"]


async def test_open_incidents_are_answered_at_start_and_others_are_left(tmp_path: Path) -> None:
    async with running(ImmutableLog, workspace=tmp_path) as bench:
        for number, state in enumerate(("open", "in_repair", "resolved", "reopened"), 1):
            bench.incidents.add(sample_incident(f"I{number}", "librarian", state=state))
        await bench.start(SelfHealing)
        await settle()
        assert sorted(bench.healer.responded) == ["I1", "I4"]


async def test_a_measured_breach_is_left_to_its_rule(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.incidents.report("room", "CpuPressure", "97 %", by="trigger_mesh")
        bench.bus.publish("incident.opened", opened("I1"), source="room")
        await settle()
        assert bench.healer.responded == []
        assert any("left to the rule" in line for line in bench.logs["self_healing"].lines)


async def test_an_answer_that_fails_is_recorded_and_the_next_is_given(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        respond = bench.healer.respond

        async def refuse_first(incident_id: str, by: str) -> str:
            if incident_id == "I1":
                raise GraceError("no bundle")
            return await respond(incident_id, by)

        bench.healer.respond = refuse_first  # type: ignore[method-assign]
        for incident_id in ("I1", "I2"):
            bench.bus.publish("incident.opened", opened(incident_id), source="room")
        await settle()
        assert bench.healer.responded == ["I2"]
        assert "not answered: no bundle" in [entry.record["result"] for entry in bench.audit.entries]


async def test_without_immutable_log_the_answer_is_still_in_the_audit(tmp_path: Path) -> None:
    async with running(SelfHealing, workspace=tmp_path) as bench:
        bench.bus.publish("incident.opened", opened("I1"), source="room")
        await settle()
        assert bench.audit.entries[-1].record["action"] == "incident.answered"


async def test_answers_run_side_by_side_within_a_bound(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        going, most, gate = 0, 0, anyio.Event()

        async def slow(incident_id: str, by: str) -> str:
            nonlocal going, most
            going += 1
            most = max(most, going)
            await gate.wait()
            going -= 1
            return "queued"

        bench.healer.respond = slow  # type: ignore[method-assign]
        for number in range(10):
            bench.bus.publish("incident.opened", opened(f"I{number}"), source="room")
        await settle()
        assert most == 4
        gate.set()
        await settle()
        assert bench.get(SelfHealing).answered == 10


async def test_it_works_the_queue_while_coding_agent_is_down(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.tasks.add(sample_task("T1", "coding_agent"))
        agent_is(bench, "backing_off")
        await settle()
        assert bench.healer.worked == ["T1"]
        assert bench.get(SelfHealing).summary() == "0 answered, 1 repaired"


async def test_it_stops_claiming_when_coding_agent_runs(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=clock) as bench:
        work = bench.healer.work

        async def work_and_revive(task: TaskRecord, by: str) -> TaskRecord:
            agent_is(bench, "running")
            return await work(task, by)

        bench.healer.work = work_and_revive  # type: ignore[method-assign]
        for number in (1, 2):
            bench.tasks.add(sample_task(f"T{number}", "governance", queued_at=float(number)))
        agent_is(bench, "failed")
        await clock.advance(30)
        assert bench.healer.worked == ["T1"]


async def test_it_leaves_the_queue_to_a_running_coding_agent(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=clock) as bench:
        agent_is(bench, "running")
        bench.tasks.add(sample_task("T1", "governance"))
        await clock.advance(30)
        assert bench.healer.worked == []


async def test_the_plan_names_a_remembered_fix_and_does_nothing(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", signature="abc"))
        healing = bench.get(SelfHealing)
        assert "no fix is remembered" in await healing.plan("I1")
        bench.healer.known.append(
            {"signature": "abc", "operator": "widen_signature", "successes": 3, "failures": 0, "confidence": 0.9}
        )
        plan = await healing.plan("I1")
        assert "1. replay the remembered fix by widen_signature: 3 successes" in plan
        assert bench.healer.responded == []


async def test_an_unknown_incident_is_named(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match="no incident 'I9'"):
            await bench.get(SelfHealing).plan("I9")


async def test_counts_survive_a_restart(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.bus.publish("incident.opened", opened("I1"), source="room")
        await settle()
        saved = bench.get(SelfHealing).save_state()
        await bench.stop(SelfHealing)
        again = await bench.start(SelfHealing, saved_state=saved)
        assert again.summary() == "1 answered, 0 repaired"


async def test_the_probe_fails_when_incidents_are_not_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels.self_healing.wants_answer", lambda event: None)
    with pytest.raises(NotReady, match="would not answer"):
        async with running(ImmutableLog, SelfHealing, workspace=tmp_path):
            pass
