from pathlib import Path

import pytest

from grace_tui.kernel import DecisionMade, GraceError, NotReady
from grace_tui.kernel.testing import ManualClock, running, sample_incident, sample_task
from kernels.clarity_framework import ClarityFramework, risk_word

pytestmark = pytest.mark.anyio


def decision(resource: str = "I1", rationale: str = "it was proven before") -> DecisionMade:
    return DecisionMade("healer", "replay", resource, rationale, ("queue a task", "leave it"), 0.9, 0.35)


async def test_a_decision_on_the_bus_is_explained_as_a_chain(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ClarityFramework, workspace=tmp_path, clock=clock) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", count=3))
        bench.tasks.add(sample_task("T1", "librarian", incident_id="I1", state="learned"))
        bench.bus.publish("decision.made", decision(), source="healer")
        await clock.advance(0)
        assert (await bench.get(ClarityFramework).explain("I1")).splitlines() == [
            "D1: replay I1",
            "situation: I1, librarian: ValueError: bad value (seen 3x, now open)",
            "alternatives: queue a task, leave it",
            "evidence: T1 is learned: 0 gates passed; the same was decided 1x here",
            "decision: healer chose replay",
            "because: it was proven before",
            "confidence 0.90, risk 0.35 (medium)",
        ]


async def test_a_recorded_decision_is_kept_once_and_told_on_the_bus(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ClarityFramework, workspace=tmp_path, clock=clock) as bench:
        clarity = bench.get(ClarityFramework)
        kept = await clarity.record("scheduler", "skip", "snapshot", "the disk is full", ["wait"], 0.8, 0.1)
        await clock.advance(0)
        assert kept == "D1"
        assert [one.id for one in await clarity.recent()] == ["D1"]
        assert bench.bus.events(DecisionMade)[0].rationale == "the disk is full"
        assert "the disk is full" in await clarity.explain("D1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "act", "r", "why"), "needs its actor"),
        (("me", "act", "r", " "), "needs its rationale"),
        (("me", "act", "r", "why", (), 1.5), r"confidence is 1\.5; expected 0 to 1"),
        (("me", "act", "r", "why", (), 1.0, -1.0), r"risk is -1\.0; expected 0 to 1"),
    ],
)
async def test_a_decision_without_substance_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    async with running(ClarityFramework, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match=message):
            await bench.get(ClarityFramework).record(*arguments)  # type: ignore[arg-type]


async def test_what_was_never_decided_is_said_to_be_so(tmp_path: Path) -> None:
    async with running(ClarityFramework, workspace=tmp_path) as bench:
        assert await bench.get(ClarityFramework).explain("I7") == "no decision about I7 is kept"


async def test_decisions_survive_a_stop_and_a_torn_last_line(tmp_path: Path) -> None:
    async with running(ClarityFramework, workspace=tmp_path) as bench:
        await bench.get(ClarityFramework).record("a", "b", "first", "why")
        await bench.stop(ClarityFramework)
        with (tmp_path / ".grace" / "decisions.jsonl").open("a") as file:
            file.write('{"id": "D2", "torn')
        again = await bench.start(ClarityFramework)
        assert [one.resource for one in await again.recent()] == ["first"]
        assert await again.record("a", "b", "second", "why") == "D2"
        assert any("unreadable" in line for line in bench.logs["clarity_framework"].lines)


async def test_a_hand_over_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with running(ClarityFramework, workspace=tmp_path, clock=ManualClock()) as bench:
        old = bench.get(ClarityFramework)
        await old.record("a", "b", "first", "why")
        saved = old.save_state()
        await bench.stop(ClarityFramework)
        again = await bench.start(ClarityFramework, saved_state=saved)
        assert [one.id for one in await again.recent()] == ["D1"]
        (tmp_path / ".grace" / "decisions.jsonl").unlink()
        await bench.stop(ClarityFramework)
        third = await bench.start(ClarityFramework, saved_state=saved)
        assert [one.id for one in await third.recent()] == ["D1"]


async def test_the_file_is_trimmed_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.clarity_framework.KEPT", 3)
    monkeypatch.setattr("kernels.clarity_framework.LINES_BEFORE_TRIM", 5)
    async with running(ClarityFramework, workspace=tmp_path) as bench:
        for number in range(8):
            await bench.get(ClarityFramework).record("a", "b", f"r{number}", "why")
        assert bench.get(ClarityFramework).summary() == "3 decisions"
        await bench.stop(ClarityFramework)
        await bench.start(ClarityFramework)
        assert len((tmp_path / ".grace" / "decisions.jsonl").read_text().splitlines()) == 3


async def test_the_probe_keeps_nothing(tmp_path: Path) -> None:
    async with running(ClarityFramework, workspace=tmp_path) as bench:
        await bench.get(ClarityFramework).probe()
        assert await bench.get(ClarityFramework).recent() == ()


async def test_the_probe_fails_when_explaining_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.clarity_framework.reasoning", lambda *parts: "because")
    with pytest.raises(NotReady, match="explained its sample as 'because'"):
        async with running(ClarityFramework, workspace=tmp_path):
            pass


@pytest.mark.parametrize(("risk", "word"), [(0.29, "low"), (0.3, "medium"), (0.6, "high"), (0.8, "critical")])
def test_risk_has_a_word(risk: float, word: str) -> None:
    assert risk_word(risk) == word
