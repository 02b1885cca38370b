"""Which rung is taken, and what is said of the others: the whole decision, without a room."""

from dataclasses import replace

import pytest

from grace_tui.healing.answering.ladder import LEFT, Case, Rung, climb, is_left
from grace_tui.kernel.testing import sample_incident

CASE = Case(sample_incident("I-1", "librarian"))
CODE = replace(CASE, diagnosis="unexpected_keyword")
MEASURED = replace(CASE, no_code="it was measured")


def fits(case: Case) -> Case:
    """With a playbook whose condition holds."""
    return replace(case, picked="calm", picked_why="host.load > 4")


def taken(case: Case) -> Rung:
    return climb(case).taken


def routed(case: Case, route: str) -> Case:
    return replace(case, incident=replace(case.incident, route=route))


@pytest.mark.parametrize(
    ("case", "act", "target"),
    [
        pytest.param(fits(replace(CODE, broke="T-1", fix="f")), "undo", "T-1", id="what-broke-it-comes-first"),
        pytest.param(fits(replace(CODE, fix="append stores part")), "replay", "", id="then-a-proven-fix"),
        pytest.param(fits(CODE), "agent", "", id="code-with-a-diagnosis-goes-to-the-agent"),
        pytest.param(fits(CASE), "playbook", "calm", id="without-a-diagnosis-a-playbook-goes-first"),
        pytest.param(fits(MEASURED), "playbook", "calm", id="a-measured-breach-takes-a-playbook"),
        pytest.param(CASE, "agent", "", id="without-a-playbook-the-agent-tries"),
        pytest.param(MEASURED, "person", "", id="without-code-and-playbook-a-person-is-asked"),
        pytest.param(routed(CASE, "nobody"), "nothing", "", id="a-rule-may-ask-nobody"),
        pytest.param(routed(replace(CODE, fix="f"), "person"), "replay", "", id="a-proven-fix-needs-no-person"),
        pytest.param(routed(CODE, "person"), "person", "", id="a-rule-may-ask-a-person"),
        pytest.param(routed(replace(CASE, no_code=""), "agent"), "agent", "", id="a-rule-may-ask-the-agent"),
        pytest.param(fits(replace(CASE, moved="it runs in a process now")), "nothing", "", id="a-moved-block-is-done"),
    ],
)
def test_the_first_rung_that_nothing_speaks_against_is_taken(case: Case, act: str, target: str) -> None:
    assert (taken(case).act, taken(case).target) == (act, target)


ACTS = ("calm succeeded", "calm succeeded", "calm failed")


@pytest.mark.parametrize(
    ("case", "act"),
    [
        pytest.param(fits(replace(CASE, acts=ACTS[:2])), "playbook", id="below-the-budget"),
        pytest.param(fits(replace(CASE, acts=ACTS)), "agent", id="spent-by-playbooks-the-agent-has-one-go"),
        pytest.param(fits(replace(CASE, acts=(*ACTS, "T-1 failed"), coded=True)), "person", id="then-a-person"),
        pytest.param(fits(replace(MEASURED, acts=ACTS)), "person", id="where-no-code-is-to-blame-at-once"),
        pytest.param(replace(CODE, acts=ACTS, fix="f", coded=True), "replay", id="a-proven-fix-costs-nothing"),
    ],
)
def test_a_spent_budget_goes_from_playbooks_to_the_agent_to_a_person(case: Case, act: str) -> None:
    assert taken(case).act == act


def test_a_person_is_told_what_spent_the_budget() -> None:
    why = taken(fits(replace(MEASURED, acts=ACTS))).why
    assert why == "the budget of 3 acts in 1 h is spent: calm succeeded, calm succeeded, calm failed"


def test_a_loop_stops_every_act_and_is_the_reason() -> None:
    loop = "repairs go round in circles: T-1, T-2, T-3"
    ladder = climb(fits(replace(CODE, loop=loop, broke="T-3", fix="f")))
    assert [rung.act for rung in ladder.rungs] == ["undo", "replay", "agent", "playbook", "person"]
    assert ladder.taken.why == loop


def test_repairs_that_failed_are_not_tried_for_ever() -> None:
    assert taken(replace(CODE, failed_tasks=1)).act == "agent"
    assert taken(replace(CODE, failed_tasks=2)).why == "2 repairs failed"
    assert taken(replace(CODE, failed_tasks=1, agent_tried=True, last_failure="no place")).why == (
        "the repair failed: no place"
    )


def test_the_ladder_tells_each_rung_and_why_it_was_not_taken() -> None:
    assert climb(fits(MEASURED)).lines() == [
        "take back a repair: no, no repair of late touched what failed",
        "replay a known fix: no, no fix is known for this signature",
        "run playbook calm: host.load > 4",
    ]


def test_what_was_left_to_a_person_wants_no_answer() -> None:
    assert is_left(replace(CASE.incident, action=f"2 repairs failed{LEFT}"))
    assert is_left(replace(CASE.incident, route="nobody"))
    assert not is_left(CASE.incident)
