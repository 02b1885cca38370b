from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import CommandResult, DecisionMade, GraceError, IncidentOpened, NotReady
from grace_tui.kernel.testing import Bench, ManualClock, running, sample_incident, sample_kernel, sample_task
from kernels.agentic_spine import AgenticSpine, Plan, choose, dependants

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Word:
    allowed: bool
    decision: str


class Governance:
    def __init__(self, decision: str) -> None:
        self.decision = decision
        self.asked: list[dict[str, Any]] = []

    async def decide(self, **question: Any) -> Word:
        self.asked.append(question)
        return Word(self.decision == "allow", self.decision)


def open_incident(bench: Bench, incident_id: str, kernel: str, **changes: Any) -> None:
    bench.incidents.add(sample_incident(incident_id, kernel, **changes))
    bench.bus.publish("incident.opened", IncidentOpened(incident_id, kernel, "s", "t"), source="room")


def revive_on_restart(bench: Bench, ok: bool = True) -> None:
    command = bench.room.command

    async def restart(verb: str, target: str, *, by: str, reason: str = "") -> CommandResult:
        await command(verb, target, by=by, reason=reason)
        bench.room.records = (sample_kernel(target),)
        return CommandResult(ok, "restarted" if ok else "not allowed")

    bench.room.command = restart  # type: ignore[method-assign]


async def only_plan(bench: Bench) -> Plan:
    plans = await bench.get(AgenticSpine).recent()
    assert len(plans) == 1
    return plans[0]


async def test_a_dead_kernel_nobody_repairs_is_restarted_with_a_co_sign(tmp_path: Path) -> None:
    clock, governance = ManualClock(), Governance("allow")
    providers = {"governance": governance}
    async with running(AgenticSpine, workspace=tmp_path, clock=clock, providers=providers) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        revive_on_restart(bench)
        open_incident(bench, "I1", "librarian")
        await clock.advance(10)
        plan = await only_plan(bench)
        assert (plan.outcome, plan.co_sign, plan.risk) == ("worked", "co-signed by governance", 0.23)
        assert plan.retro == "RUNNING 0.5 s after the restart"
        assert bench.room.commands[0][:3] == ("kernel.restart", "librarian", "agentic_spine")
        assert governance.asked[0]["action"] == "kernel.restart"
        assert bench.bus.events(DecisionMade)[0].action == "restart"


async def test_without_governance_a_low_risk_restart_is_done_and_marked(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        revive_on_restart(bench)
        open_incident(bench, "I1", "librarian")
        await clock.advance(10)
        plan = await only_plan(bench)
        assert (plan.co_sign, plan.outcome) == ("not co-signed: governance is down", "worked")


async def test_a_refused_restart_is_not_done(tmp_path: Path) -> None:
    clock = ManualClock()
    providers = {"governance": Governance("needs_approval")}
    async with running(AgenticSpine, workspace=tmp_path, clock=clock, providers=providers) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        open_incident(bench, "I1", "librarian")
        await clock.advance(10)
        plan = await only_plan(bench)
        assert (plan.co_sign, plan.outcome) == ("refused by governance: needs_approval", "not done")
        assert bench.room.commands == []


async def test_a_wide_blast_radius_is_too_risky_to_act_in(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        others = tuple(sample_kernel(f"k{n}", requires=("librarian",)) for n in range(3))
        bench.room.records = (sample_kernel("librarian", state="failed"), *others)
        open_incident(bench, "I1", "librarian")
        await clock.advance(10)
        plan = await only_plan(bench)
        assert plan.blast_radius == ("k0", "k1", "k2")
        assert plan.risk == 0.32
        assert (plan.outcome, bench.room.commands) == ("not done", [])


async def test_an_incident_with_a_repair_task_is_left_to_self_healing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        open_incident(bench, "I1", "librarian")
        await clock.advance(1)
        bench.tasks.add(sample_task("T1", "librarian", incident_id="I1"))
        await clock.advance(10)
        plan = await only_plan(bench)
        assert (plan.outcome, plan.retro) == ("left alone", "left to self_healing: a repair task exists")
        assert bench.room.commands == []


async def test_a_restart_that_does_not_help_lowers_the_next_confidence(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        open_incident(bench, "I1", "librarian")
        await clock.advance(40)
        assert (await only_plan(bench)).outcome == "did not help"
        open_incident(bench, "I2", "librarian")
        await clock.advance(40)
        second = (await bench.get(AgenticSpine).recent())[0]
        assert (second.confidence, second.outcome) == (0.6, "not done")
        assert len(bench.room.commands) == 1


async def test_a_refusing_room_is_believed(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        revive_on_restart(bench, ok=False)
        open_incident(bench, "I1", "librarian")
        await clock.advance(10)
        assert (await only_plan(bench)).retro == "the room said: not allowed"


@pytest.mark.parametrize(
    ("kernel", "incident", "action", "word"),
    [
        pytest.param({"state": "failed"}, {}, "restart", "no restart is planned", id="failed"),
        pytest.param({"state": "failed", "next_try": 2.0}, {}, "observe", "would not help", id="retry-planned"),
        pytest.param({"state": "running", "beat_age": 40.0}, {}, "restart", "beat is 40 s old", id="overdue"),
        pytest.param({"state": "running"}, {}, "observe", "is running", id="running"),
        pytest.param({"state": "quarantined"}, {}, "observe", "is quarantined", id="quarantined"),
        pytest.param({"state": "stopped"}, {}, "observe", "is stopped", id="stopped-by-somebody"),
        pytest.param({"state": "failed"}, {"state": "resolved"}, "observe", "resolved already", id="resolved"),
        pytest.param({"state": "failed"}, {"task_id": "T1"}, "observe", "repair task", id="task"),
    ],
)
def test_the_choice_follows_from_the_facts(
    kernel: dict[str, Any], incident: dict[str, Any], action: str, word: str
) -> None:
    found = choose(sample_incident("I1", "librarian", **incident), sample_kernel("librarian", **kernel), ())
    assert found[0] == action
    assert word in found[1]


def test_the_blast_radius_reaches_through_others_and_survives_circles() -> None:
    records = (
        sample_kernel("a", requires=("c",)),
        sample_kernel("b", requires=("a",)),
        sample_kernel("c", requires=("b",)),
        sample_kernel("d"),
    )
    assert dependants("a", records) == ("b", "c")


async def test_the_plan_is_told_without_acting(tmp_path: Path) -> None:
    async with running(AgenticSpine, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian", state="failed"),)
        bench.incidents.add(sample_incident("I1", "librarian"))
        text = await bench.get(AgenticSpine).plan("I1")
        assert "I1: bring librarian back" in text
        assert "blast radius: no other kernel requires it" in text
        assert bench.room.commands == []
        with pytest.raises(GraceError, match="no incident 'I9'"):
            await bench.get(AgenticSpine).plan("I9")


async def test_plans_survive_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(AgenticSpine, workspace=tmp_path, clock=clock) as bench:
        open_incident(bench, "I1", "nobody")
        await clock.advance(10)
        before = await bench.get(AgenticSpine).recent()
        saved = bench.get(AgenticSpine).save_state()
        await bench.stop(AgenticSpine)
        assert await (await bench.start(AgenticSpine, saved_state=saved)).recent() == before


async def test_plans_of_another_form_are_left_out(tmp_path: Path) -> None:
    saved = {"agentic_spine": {"plans": [{"incident_id": "I1"}]}}
    async with running(AgenticSpine, workspace=tmp_path, saved_state=saved) as bench:
        assert await bench.get(AgenticSpine).recent() == ()


async def test_the_probe_fails_when_it_would_restart_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels.agentic_spine.choose", lambda *facts: ("restart", "why not"))
    with pytest.raises(NotReady, match="would restart for a kernel that does not exist"):
        async with running(AgenticSpine, workspace=tmp_path):
            pass
