import json
from pathlib import Path

import anyio
import pytest

from grace_tui.kernel import DecisionMade, GraceError, NotReady, TaskFinished
from grace_tui.kernel.testing import Bench, running, sample_task
from kernels.learning_integration import LearningIntegration, Outcomes

pytestmark = pytest.mark.anyio


async def learn(bench: Bench, *outcomes: str, signature: str = "s", first: int = 1) -> None:
    """Publish finished repairs and wait until they are taken in."""
    learning = bench.get(LearningIntegration)
    for number, outcome in enumerate(outcomes, first):
        event = TaskFinished(f"T{number}", "I1", "librarian", "widen", signature, outcome, 1.0, False)
        bench.bus.publish("task.finished", event, source="room")
    with anyio.fail_after(5):
        while len(learning.seen) < first - 1 + len(outcomes):
            await bench.clock.sleep(0.002)


@pytest.mark.parametrize(
    ("successes", "failures", "confidence", "standing"),
    [(0, 0, 0.5, "ordinary"), (1, 0, 2 / 3, "ordinary"), (2, 0, 0.75, "promoted"), (0, 1, 1 / 3, "demoted")],
)
def test_confidence_is_the_mean_of_what_is_known(
    successes: int, failures: int, confidence: float, standing: str
) -> None:
    outcomes = Outcomes(successes, failures)
    assert outcomes.confidence == pytest.approx(confidence)
    assert outcomes.standing == standing


async def test_outcomes_count_for_the_signature_and_the_operator(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        await learn(bench, "learned", "learned", "undone")
        await learn(bench, "failed", signature="other", first=4)
        learning = bench.get(LearningIntegration)
        assert await learning.confidence("s") == pytest.approx(3 / 5)
        assert await learning.confidence("other") == pytest.approx(1 / 3)
        assert await learning.confidence("widen", "operator") == pytest.approx(1 / 2)
        assert await learning.confidence("never seen") == 0.5
        assert [row["name"] for row in await learning.outcomes()] == ["s", "widen", "other"]
        assert learning.summary() == "2 signatures, 1 operators"


async def test_crossing_a_threshold_is_proposed_with_its_evidence(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        await learn(bench, "learned", "learned", "learned")
        told = [(event.action, event.resource) for event in bench.bus.events(DecisionMade)]
        assert told == [("promote", "signature s"), ("promote", "operator widen")]
        assert "2 of 2 repairs held: confidence 0.67 -> 0.75" in bench.bus.events(DecisionMade)[0].rationale


async def test_a_repair_counts_once(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        await learn(bench, "learned")
        await learn(bench, "learned")
        assert await bench.get(LearningIntegration).confidence("s") == pytest.approx(2 / 3)


async def test_counts_survive_a_crash_without_saved_state(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        await learn(bench, "learned")
        path = tmp_path / ".grace" / "learning.json"
        with anyio.fail_after(5):
            while not path.exists():
                await bench.clock.sleep(0.002)
        await bench.stop(LearningIntegration)
        again = await bench.start(LearningIntegration)
        assert await again.confidence("s") == pytest.approx(2 / 3)


async def test_repairs_that_ended_meanwhile_are_taken_in_at_start(tmp_path: Path) -> None:
    async with running(workspace=tmp_path) as bench:
        bench.tasks.add(sample_task("T1", "librarian", state="undone", signature="s", operator="widen"))
        bench.tasks.add(sample_task("T2", "librarian", signature="s"))
        learning = await bench.start(LearningIntegration)
        assert await learning.confidence("s") == pytest.approx(1 / 3)
        assert json.loads((tmp_path / ".grace" / "learning.json").read_text())["seen"] == ["T1"]


async def test_an_unreadable_file_is_kept_aside_and_named(tmp_path: Path) -> None:
    (tmp_path / ".grace").mkdir()
    (tmp_path / ".grace" / "learning.json").write_text('{"counts": [{"kind": 1}]}')
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        assert (tmp_path / ".grace" / "learning.unreadable").exists()
        assert any("kept aside" in line for line in bench.logs["learning_integration"].lines)


async def test_a_saved_state_of_another_form_gives_way_to_the_file(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        await learn(bench, "learned")
        with anyio.fail_after(5):
            while not (tmp_path / ".grace" / "learning.json").exists():
                await bench.clock.sleep(0.002)
        await bench.stop(LearningIntegration)
        again = await bench.start(LearningIntegration, saved_state={"counts": [{"sum": 3}], "seen": ["a", "b"]})
        assert await again.confidence("s") == pytest.approx(2 / 3)


async def test_an_unknown_kind_is_named(tmp_path: Path) -> None:
    async with running(LearningIntegration, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match="kind is 'kernel'; expected signature or operator"):
            await bench.get(LearningIntegration).confidence("s", "kernel")  # type: ignore[arg-type]


async def test_the_probe_fails_when_failures_teach_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outcomes, "after", lambda self, learned: Outcomes(self.successes + 1, self.failures))
    with pytest.raises(NotReady, match="does not gain confidence"):
        async with running(LearningIntegration, workspace=tmp_path):
            pass
