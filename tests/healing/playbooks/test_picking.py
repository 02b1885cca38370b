"""Which playbook is picked for an incident: by condition, then by record; budgets, routes, and the reason for none."""

from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.playbooks.playbooks import Budget
from grace_tui.kernel.records import IncidentRecord
from tests.healing.playbooks.shop import Shop

WELL = '[[step]]\naction = "slow"\n'
BADLY = '[[step]]\naction = "flaky"\nwith = { times = 99 }\n'


def playbook(steps: str = WELL, when: str = "true", more: str = "") -> str:
    return f'says = "A test."\nwhen = "{when}"\n{more}\n{steps}'


async def test_only_playbooks_whose_condition_holds_are_picked(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", playbook(when="incident.kind == 'Other'"))
    shop.write("b", playbook(when="incident.kind == 'QueueGrowth' and facts.depth > 3"))
    shop.write("c", playbook(when="facts.nothing > 3"))
    incident = shop.incident(facts={"depth": 9})
    judged = shop.playbooks.judge(incident)
    assert judged.pick is not None
    assert judged.pick.name == "b"
    assert (
        judged.pick.why == "incident.kind is QueueGrowth, facts.depth is 9; it has neither worked nor failed yet (0.50)"
    )
    assert judged.refused == {
        "a": "its condition does not hold",
        "c": "its condition does not hold: facts.nothing is not known",
    }


async def test_the_one_that_did_best_is_picked_and_equal_ones_go_by_name(tmp_path: Path) -> None:
    shop = Shop(tmp_path, budget=Budget(runs=100))
    for name in ("c", "b"):
        shop.write(name, playbook())
    pick = shop.playbooks.pick(shop.incident())
    assert pick is not None
    assert pick.name == "b"
    assert pick.why.endswith("before c (0.50)")
    await shop.run("c", shop.incident("One"))
    better = shop.playbooks.pick(shop.incident())
    assert better is not None
    assert better.name == "c"
    assert better.why == "it fits everything; worked 1 of 1 time (0.67); before b (0.50)"


async def test_a_run_that_hands_the_incident_on_has_neither_worked_nor_failed(tmp_path: Path) -> None:
    shop = Shop(tmp_path, budget=Budget(runs=100))
    handing = '[[step]]\naction = "escalate"\nwith = { to = "person", reason = "look at it" }\n'
    shop.write("a", playbook(BADLY + 'on_failure = "goto:escalate"\nthen = "end"\n' + handing))
    run = await shop.run("a", shop.incident("One"))
    assert run.state == "succeeded"
    (record,) = shop.playbooks.all()
    assert (record.succeeded, record.failed, record.score) == (0, 0, 0.5)


async def test_failures_count_against_a_playbook_and_interruptions_do_not(tmp_path: Path) -> None:
    shop = Shop(tmp_path, budget=Budget(runs=100))
    shop.write("a", playbook(BADLY))
    await shop.run("a", shop.incident("One"))
    (record,) = shop.playbooks.all()
    assert (record.succeeded, record.failed, record.score) == (0, 1, 0.3333)
    run = shop.playbooks.runs()[0]
    shop.playbooks.records.save(replace(run, state="interrupted"))
    (record,) = shop.playbooks.all()
    assert (record.succeeded, record.failed, record.score) == (0, 0, 0.5)


async def test_a_playbook_that_failed_for_an_incident_is_not_picked_for_it_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", playbook(BADLY))
    shop.write("b", playbook(when="attempts > 0"))
    incident = shop.incident()
    run = await shop.run("a", incident)
    judged = shop.playbooks.judge(incident)
    assert judged.pick is not None
    assert judged.pick.name == "b"
    assert judged.refused["a"] == f"it failed here: {run.id} failed"
    assert shop.playbooks.judge(incident, {"b": "somebody said so"}).refused["b"] == "somebody said so"


@pytest.mark.parametrize(("own", "left"), [("", 2), ("budget = { runs = 3, within = '1h' }", 3)])
async def test_a_spent_budget_stops_automatic_runs_for_its_coarse_signature(
    tmp_path: Path, own: str, left: int
) -> None:
    shop = Shop(tmp_path, budget=Budget(runs=2, within=600.0))
    shop.write("a", playbook(more=own))
    incident = shop.incident()
    await shop.driven(shop.playbooks.run("a", incident.id, "ann", automatic=False))
    for _ in range(left):
        assert shop.playbooks.pick(incident) is not None
        await shop.run("a", incident)
    judged = shop.playbooks.judge(incident)
    assert judged.pick is None
    assert f"its budget is spent: {left} automatic runs" in judged.why
    assert shop.playbooks.pick(shop.incident("Another")) is not None
    await shop.clock.advance(3600)
    assert shop.playbooks.pick(incident) is not None
    assert shop.playbooks.spent(incident.coarse, 7200) == left


async def test_a_budget_outlives_the_room(tmp_path: Path) -> None:
    shop = Shop(tmp_path, budget=Budget(runs=1))
    shop.write("a", playbook())
    incident = shop.incident()
    await shop.run("a", incident)
    shop.reopen()
    assert shop.playbooks.pick(incident) is None


@pytest.mark.parametrize(
    ("route", "picked", "why"),
    [
        ("playbook:b", "b", "its rule asks for it; it has neither worked nor failed yet (0.50)"),
        ("playbook:c", "c", "its rule asks for it; it has neither worked nor failed yet (0.50)"),
        ("agent", None, "its rule asks the agent to act"),
        ("person", None, "its rule asks a person to act"),
        ("nobody", None, "its rule asks nobody to act"),
    ],
)
async def test_a_route_comes_first(tmp_path: Path, route: str, picked: str | None, why: str) -> None:
    shop = Shop(tmp_path)
    shop.write("a", playbook())
    shop.write("b", playbook(when="incident.kind == 'Other'"))
    shop.write("c", playbook(more="automatic = false"))
    judged = shop.playbooks.judge(shop.incident(route=route))
    assert (judged.pick.name if judged.pick else None) == picked
    assert (judged.pick.why if judged.pick else judged.why).startswith(why)


async def test_a_route_to_a_playbook_that_is_not_there_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("restart", playbook(when="incident.kind == 'Other'"))
    judged = shop.playbooks.judge(shop.incident(route="playbook:restrat"))
    assert judged.why == "restrat: its rule asks for restrat, which does not exist; did you mean restart?"


async def test_a_playbook_that_is_not_automatic_is_run_by_a_rule_or_a_person_only(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", playbook(more="automatic = false"))
    incident = shop.incident()
    judged = shop.playbooks.judge(incident)
    assert (judged.pick, judged.why) == (None, "no playbook's condition holds")
    assert (await shop.run("a", incident)).state == "succeeded"


async def test_nothing_is_picked_for_an_incident_that_is_over(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a", playbook())
    over: IncidentRecord = replace(shop.incident(), state="resolved")
    assert shop.playbooks.judge(over).why == "I1 is resolved"
