from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from grace_tui.healing.answering.ladder import LEFT
from grace_tui.kernel import (
    GraceError,
    IncidentChanged,
    IncidentOpened,
    KernelStateChanged,
    NotReady,
    TaskRecord,
    Vitals,
)
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


async def test_a_measured_breach_is_answered_as_any_other_incident(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        breach = bench.incidents.report("room", "CpuPressure", "97 %", by="trigger_mesh")
        bench.bus.publish("incident.opened", opened(breach.id), source="room")
        await settle()
        assert bench.healer.responded == [breach.id]


async def test_an_incident_that_was_handed_to_a_person_is_not_answered_again_at_a_start(tmp_path: Path) -> None:
    async with running(ImmutableLog, workspace=tmp_path) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", action=f"2 repairs failed{LEFT}"))
        bench.incidents.add(sample_incident("I2", "librarian", route="nobody"))
        await bench.start(SelfHealing)
        await settle()
        assert bench.healer.responded == []


async def test_an_agent_that_beats_but_does_not_get_on_is_reported_once_and_resolved(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=clock) as bench:
        agent_is(bench, "running")
        held = sample_task("T1", "governance", state="trying", worker="coding_agent", detail="widening append")
        bench.tasks.add(held)
        await clock.advance(200)
        (stuck,) = bench.incidents.all()
        assert (stuck.kernel, stuck.kind, stuck.facts["held"], stuck.count) == ("coding_agent", "AgentStuck", "T1", 1)
        assert "beats, but made no progress with T1" in stuck.message
        await clock.advance(200)
        assert bench.incidents.all()[0].count == 1
        bench.tasks.add(replace(held, state="gating"))
        await clock.advance(20)
        assert bench.incidents.all()[0].state == "resolved"


async def test_an_agent_that_gets_on_is_left_alone(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=clock) as bench:
        agent_is(bench, "running")
        for number in range(6):
            bench.tasks.add(sample_task("T1", "governance", state="trying", worker="coding_agent", detail=str(number)))
            await clock.advance(60)
        assert bench.incidents.all() == ()


async def test_an_agent_in_a_process_that_spins_is_reported_with_what_it_uses(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("coding_agent", vitals=Vitals(7, cpu_percent=99.0, rss_bytes=1 << 26)),)
        await clock.advance(45)
        assert bench.incidents.all() == ()
        await clock.advance(45)
        (spinning,) = bench.incidents.all()
        assert (spinning.facts["what"], spinning.facts["value"], spinning.facts["rss_mb"]) == ("cpu", 99.0, 64)


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


async def test_what_a_person_takes_while_it_waits_for_its_turn_is_left_to_that_person(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        gate, answered = anyio.Event(), []

        async def slow(incident_id: str, by: str) -> str:
            answered.append(incident_id)
            await gate.wait()
            return "queued"

        bench.healer.respond = slow  # type: ignore[method-assign]
        for number in range(6):
            bench.incidents.add(sample_incident(f"I{number}", "librarian"))
            bench.bus.publish("incident.opened", opened(f"I{number}"), source="room")
        await settle()
        bench.incidents.add(sample_incident("I5", "librarian", state="acknowledged", owner="ann"))
        gate.set()
        await settle()
        assert answered == ["I0", "I1", "I2", "I3", "I4"]
        assert await bench.get(SelfHealing).respond("I5") == "queued"


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


async def test_the_plan_shows_the_ladder_and_who_would_work_and_does_nothing(tmp_path: Path) -> None:
    async with running(ImmutableLog, SelfHealing, workspace=tmp_path) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", state="acknowledged"))
        bench.healer.plans["I1"] = ("replay a known fix: no, none is known", "run playbook calm: it fits")
        plan = (await bench.get(SelfHealing).plan("I1")).splitlines()
        assert plan[1:] == [
            "1. replay a known fix: no, none is known",
            "2. run playbook calm: it fits",
            "3. repair tasks are worked by self_healing (coding_agent is absent)",
        ]
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
