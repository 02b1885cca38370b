"""Failures that nobody repairs, and those whose work it is to answer them."""

from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel.testing import ManualClock, running, sample_incident, sample_task
from kernels.trigger_mesh import TriggerMesh

pytestmark = pytest.mark.anyio

RESTARTED = ((1.0, "supervisor", "resolved: running again"), (2.0, "self_healing", "nothing fits"))
WATCHED = ((1.0, "supervisor", "watching: running again; watched for 30 s"), (2.0, "self_healing", "nothing fits"))
SETTLED = (*RESTARTED, (3.0, "room", "reopened: happened again"), (4.0, "ann", "resolved: the cable is back"))


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        pytest.param({"count": 5}, True, id="nobody-repairs"),
        pytest.param({"count": 4}, False, id="too-few"),
        pytest.param({"count": 9, "task_id": "T1"}, False, id="has-a-task"),
        pytest.param({"count": 9, "owner": "me"}, False, id="somebody-has-taken-it"),
        pytest.param({"count": 9, "state": "in_repair"}, False, id="in-repair"),
        pytest.param({"count": 9, "state": "suppressed"}, False, id="silenced"),
        pytest.param({"count": 9, "state": "resolved", "timeline": RESTARTED}, True, id="only-restarted-each-time"),
        pytest.param(
            {"count": 9, "state": "resolved", "timeline": RESTARTED, "task_id": "T1"}, True, id="repaired-in-vain"
        ),
        pytest.param({"count": 9, "state": "watching", "timeline": WATCHED}, True, id="runs-again-for-a-while"),
        pytest.param({"count": 9, "state": "watching"}, False, id="repaired-and-watched"),
        pytest.param({"count": 9, "state": "resolved", "timeline": SETTLED}, False, id="settled-by-a-person"),
        pytest.param({"count": 9, "action": "it is not ours; left to a person"}, False, id="a-person-is-asked"),
        pytest.param({"count": 9, "phase": "trigger"}, False, id="reported-by-a-rule"),
        pytest.param({"count": 9, "last_at": 300.0}, False, id="long-ago"),
    ],
)
async def test_repeated_errors_that_nobody_repairs_are_repaired_by_a_playbook(
    tmp_path: Path, check: Any, changes: dict[str, Any], fires: bool
) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", **changes))
        found = await check(bench, "repeated_errors", 2)
        assert found.firing == (("I1",) if fires else ())
        told = [one for one in bench.incidents.all() if one.kind == "RepeatedErrors"]
        assert [(one.kernel, one.route, one.facts["incident"]) for one in told] == [
            ("librarian", "playbook:repair_repeated", "I1")
        ] * fires


async def test_failures_older_than_the_window_do_not_count(tmp_path: Path, check: Any) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        for at, count in ((1_000, 4), (1_700, 6), (2_400, 7)):
            clock.now = float(at)
            bench.incidents.add(sample_incident("I1", "librarian", count=count, last_at=float(at)))
            found = await check(bench, "repeated_errors")
        assert (found.value, found.firing) == (1, ())


async def test_failures_from_before_it_looked_count_only_where_all_are_within_the_window(
    tmp_path: Path, check: Any
) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock(10_000)) as bench:
        old = {"opened_at": 1_000.0, "last_at": 9_990.0}
        bench.incidents.add(sample_incident("I1", "librarian", count=38, **old))
        assert (await check(bench, "repeated_errors")).value == 0
        bench.incidents.add(sample_incident("I1", "librarian", count=40, **old))
        assert (await check(bench, "repeated_errors")).value == 2


async def test_an_agent_that_works_without_end_is_told(tmp_path: Path, check: Any) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock(10_000)) as bench:
        bench.tasks.add(sample_task("T1", "librarian", state="gating", started_at=9_500.0))
        bench.tasks.add(sample_task("T2", "librarian", queued_at=1.0))
        assert (await check(bench, "agent_stuck")).firing == ()
        bench.tasks.add(sample_task("T1", "librarian", state="gating", started_at=9_300.0))
        found = await check(bench, "agent_stuck")
        assert (found.detail, found.firing) == ("T1 gating", ("",))
        bench.tasks.add(sample_task("T1", "librarian", state="learned"))
        assert (await check(bench, "agent_stuck")).detail == "T2 queued"
        bench.tasks.add(sample_task("T2", "librarian", state="waiting_for_approval"))
        assert (await check(bench, "agent_stuck")).firing == ()
        assert [(one.kernel, one.state) for one in bench.incidents.all()] == [("coding_agent", "resolved")]


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        pytest.param({}, True, id="waits"),
        pytest.param({"last_at": 9_990.0}, False, id="just-came"),
        pytest.param({"action": "queued as T1"}, False, id="answered"),
        pytest.param({"owner": "me"}, False, id="taken"),
        pytest.param({"state": "acknowledged"}, False, id="acknowledged"),
        pytest.param({"phase": "trigger"}, False, id="told-by-a-rule"),
    ],
)
async def test_a_failure_that_waits_for_an_answer_is_told(
    tmp_path: Path, check: Any, changes: dict[str, Any], fires: bool
) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock(10_000)) as bench:
        bench.incidents.add(sample_incident("I1", "librarian", **{"last_at": 9_000.0, **changes}))
        assert (await check(bench, "healer_stuck")).firing == (("",) if fires else ())
