"""When a rule fires: once a breach, not at the edge, not for a spike, and again only after a while."""

import pytest

from grace_tui.healing.triggers import Reading, Rule, SubjectState, Verdict, gone, judge
from grace_tui.healing.triggers.rule import Worse

RULE = Rule(name="r", measure="m", kind="Kind", threshold=10, clear=5, in_a_row=2, cool_down=100)


def verdicts(values: list[float], rule: Rule = RULE, step: float = 30.0) -> list[Verdict]:
    state, found = SubjectState(), []
    for number, value in enumerate(values):
        state, verdict = judge(rule, state, Reading(value), number * step)
        found.append(verdict)
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([10, 10, 10, 10], ["", "fires", "", ""], id="once-after-two-in-a-row"),
        pytest.param([10, 9, 10, 9, 10, 9], [""] * 6, id="noise-at-the-edge"),
        pytest.param([0, 99, 0, 0], [""] * 4, id="one-spike"),
        pytest.param([10, 10, 7, 10, 10], ["", "fires", "", "", ""], id="not-clear-in-between"),
        pytest.param([10, 10, 7, 7, 5], ["", "fires", "", "", "clears"], id="clear-at-the-lower-edge"),
        pytest.param([10, 10, 5, 10, 10], ["", "fires", "clears", "", ""], id="cooling-down"),
        pytest.param([10, 10, 5, 0, 0, 0, 10, 10], ["", "fires", "clears", *[""] * 4, "fires"], id="cooled-down"),
    ],
)
def test_a_rule_fires_once_a_breach(values: list[float], expected: list[Verdict]) -> None:
    assert verdicts(values) == expected


def test_a_breach_that_grows_is_told_once_more() -> None:
    rule = Rule(
        name="r",
        measure="m",
        kind="Kind",
        threshold=10,
        clear=5,
        worse=Worse(at=20, severity="critical", route="agent"),
    )
    assert verdicts([10, 15, 20, 25, 12, 30], rule) == ["fires", "", "worsens", "", "", ""]
    assert verdicts([25, 25], rule) == ["fires", ""]
    assert [rule.severity_of(value) for value in (10, 20)] == ["moderate", "critical"]


def test_a_subject_that_is_gone_is_clear() -> None:
    state, _ = judge(RULE, SubjectState("a", breaches=1), Reading(10, subject="a"), 1.0)
    assert state.firing
    state, verdict = gone(RULE, state, 2.0)
    assert (state.firing, verdict) == (False, "clears")
    assert gone(RULE, state, 3.0)[1] == ""
