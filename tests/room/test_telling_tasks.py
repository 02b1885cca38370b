"""What a task says for people: by whose word, each state's time, the candidates, and what can be done about it."""

from dataclasses import replace

import pytest

from grace_tui.kernel.records import GateVerdict, TaskRecord, TaskState, TriedPatch
from grace_tui.room.telling_tasks import acts, task, task_more

AT = 1_700_000_000.0
RECORD = TaskRecord("T-1", "I-1", "agent", "typeerror-1", 10, "failed", 1_000.0, "repair it", diff="--- a/x.py\n")
FIRST = TriedPatch(
    "unexpected_keyword",
    "Log.append accepts part",
    0.7,
    ("the only definition in the tree",),
    gates=(GateVerdict("compiles", "passed", 1.0), GateVerdict("tests", "failed", 900.0, "test_log fails")),
    refused="gate tests: test_log fails",
    diff="+new\n",
)


def test_the_best_two_are_told_with_evidence_and_verdicts() -> None:
    second = replace(FIRST, summary="Log.append forwards part", refused="", ask="others speak as much")
    said = task(replace(RECORD, candidates=(FIRST, second), policy="refused by governance: deny by protected-files"))
    assert "policy      refused by governance: deny by protected-files" in said
    assert "candidate 1: Log.append accepts part\n  by unexpected_keyword, score 0.70" in said
    assert "  because the only definition in the tree" in said
    assert "✗ tests            900 ms  test_log fails\n  gate tests: test_log fails\n    +new" in said
    assert "candidate 2: Log.append forwards part" in said
    assert "  only a person may decide: others speak as much" in said
    assert "  every gate passed" in said


def test_each_state_is_told_with_how_long_it_took() -> None:
    said = task_more(replace(RECORD, times=(("queued", AT), ("diagnosing", AT + 2.5), ("failed", AT + 3.0))))
    states = [line.split(" ", 4)[-1] for line in said.splitlines() if line.startswith("  2023")]
    assert states == ["queued for 2.5 s", "diagnosing for 500 ms", "failed"]


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("waiting_for_approval", ["approve", "reject", "edit"]),
        ("failed", ["retry", "edit"]),
        ("undone", ["retry"]),
        ("learned", ["undo"]),
        ("gating", []),
    ],
)
def test_what_can_be_done_is_told_as_it_is_typed(state: TaskState, verbs: list[str]) -> None:
    assert acts(replace(RECORD, state=state)) == [f"grace-tui task {verb} T-1" for verb in verbs]
