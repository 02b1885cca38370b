"""Answers of the healer: the rung that is taken, what becomes of it, and what comes after it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.answering.ladder import LEFT
from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.healer import Verdict
from grace_tui.kernel.errors import GraceError, ProviderDown
from grace_tui.kernel.events import DecisionMade, KernelFailed
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.answering.stage import ASKS, FAILS, WRITES, Stage
from tests.healing.bench import FIXED, LOG, Room, load

Make = Callable[..., Stage]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Stage] = []

    def stage(limits: Limits | None = None, **playbooks: str) -> Stage:
        made.append(Stage(tmp_path / "workspace", limits, **playbooks))
        return made[-1]

    yield stage
    for each in made:
        each.close()


async def test_a_measured_breach_is_answered_by_the_playbook_whose_condition_holds(make: Make) -> None:
    stage = make(calm=WRITES)
    breach = stage.measure()
    assert await stage.answer(breach) == "playbook calm succeeded: note"
    now = stage.now(breach)
    assert (now.state, now.action) == ("watching", "playbook calm succeeded: note")
    assert any(text.startswith("in_repair: playbook calm: ") for _, _, text in now.timeline)
    (decision,) = [event for event in stage.hooks.events if isinstance(event, DecisionMade)]
    assert (decision.actor, decision.action) == ("self_healing", "run playbook calm")
    assert "replay a known fix: no, no fix is known for this signature" in decision.alternatives


async def test_a_breach_that_no_playbook_fits_is_left_to_a_person_once(make: Make) -> None:
    stage = make(calm=WRITES)
    breach = stage.measure("DiskPressure")
    said = await stage.answer(breach)
    assert said == f"it was measured; no code of the workspace raised it{LEFT}"
    assert await stage.answer(breach) == said
    now = stage.now(breach)
    assert now.state == "open"
    assert [text for _, _, text in now.timeline].count(said) == 1
    stage.healer.follow_up.look()
    assert stage.hooks.warnings[f"incident {breach.id}"] == f"agent: DiskPressure: 97 %: {said}"
    stage.book.move(breach.id, "acknowledged", "mine", "me")
    stage.healer.follow_up.look()
    assert stage.hooks.warnings[f"incident {breach.id}"] == ""


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ("playbook:other", "playbook other succeeded: note"),
        ("playbook:missing", "playbook calm succeeded: note"),
        ("person", f"its rule routes to a person{LEFT}"),
        ("nobody", "the rule that measured it asks nobody to act; no other act is due"),
    ],
)
async def test_the_route_of_its_rule_decides(make: Make, route: str, said: str) -> None:
    stage = make(calm=WRITES, other=WRITES.replace("incident.kind == 'CpuPressure'", "false"))
    assert await stage.answer(stage.measure(route=route)) == said


async def test_a_route_to_the_agent_queues_a_task(make: Make) -> None:
    stage = make(calm=WRITES)
    said = await stage.answer(stage.measure(route="agent"))
    (task,) = stage.queue.all()
    assert said == f"queued {task.id} at priority 10: no fix is known for this signature"


async def test_a_playbook_that_fails_gives_way_to_the_next_then_to_a_person(make: Make) -> None:
    stage = make(always=FAILS, better=WRITES)
    assert await stage.answer(stage.measure()) == "playbook better succeeded: note"
    assert [run.playbook for run in stage.playbooks.runs()] == ["better", "always"]


async def test_with_all_playbooks_failed_a_person_hears_of_each(make: Make) -> None:
    stage = make(always=FAILS)
    said = await stage.answer(stage.measure())
    assert "always: it failed here" in said or "playbook always failed" in said
    assert said.endswith(LEFT)


async def test_code_with_a_diagnosis_goes_to_the_agent_and_after_it_to_the_playbook(make: Make) -> None:
    stage = make(calm=WRITES.replace("incident.kind == 'CpuPressure'", "true"))
    (stage.root / "kernels/log.py").write_text(LOG.replace('{"actor": actor, "action": action}', "{}"))
    task = await stage.repair()
    assert task.state == "failed"
    (run,) = stage.playbooks.runs()
    assert (run.playbook, run.state, stage.incident(task).state) == ("calm", "succeeded", "watching")


async def test_a_run_that_asks_leaves_the_incident_in_repair_and_is_followed_to_its_end(make: Make) -> None:
    stage = make(asks=ASKS)
    breach = stage.measure()
    assert await stage.answer(breach) == "playbook asks waits for a person: calmer now"
    (run,) = stage.playbooks.runs()
    assert await stage.answer(breach) == "playbook asks is waiting for person already"
    stage.healer.follow_up.look()
    assert stage.now(breach).state == "in_repair"
    await stage.playbooks.answer(run.id, True, "me")
    stage.healer.follow_up.look()
    assert stage.now(breach).state == "watching"


async def test_a_question_that_is_answered_with_no_brings_the_incident_back(make: Make) -> None:
    stage = make(asks=ASKS)
    breach = stage.measure()
    await stage.answer(breach)
    (run,) = stage.playbooks.runs()
    await stage.playbooks.answer(run.id, False, "me")
    stage.healer.follow_up.look()
    assert stage.now(breach).state == "reopened"


async def test_the_budget_of_a_coarse_signature_ends_in_a_person(make: Make) -> None:
    stage = make(Limits(budget=2, loop=9), calm=WRITES)
    breach = stage.measure()
    for _ in range(2):
        await stage.answer(breach)
        stage.book.move(breach.id, "reopened", "happened again", "room")
    said = await stage.answer(breach)
    assert said == f"the budget of 2 acts in 1 h is spent: calm succeeded, calm succeeded{LEFT}"


async def test_a_person_who_lets_it_try_again_gives_a_new_budget(make: Make) -> None:
    stage = make(Limits(budget=1, loop=9), calm=WRITES.replace("says =", "budget = {runs = 9}\nsays ="))
    breach = stage.measure()
    await stage.answer(breach)
    stage.book.move(breach.id, "reopened", "happened again", "room")
    assert (await stage.answer(breach)).endswith(LEFT)
    stage.healer.release(breach.id, "me", "the fan was dirty")
    assert await stage.answer(breach) == "playbook calm succeeded: note"


async def test_a_playbook_that_succeeds_in_vain_is_seen_as_a_loop_over_a_restart(make: Make) -> None:
    stage = make(Limits(budget=9), calm=WRITES)
    breach = stage.measure()
    for _ in range(3):
        await stage.answer(breach)
        stage.book.move(breach.id, "reopened", "happened again", "room")
    stage.healer = stage.new_healer()
    stage.playbooks = stage.open_playbooks()
    said = await stage.answer(breach)
    assert "it succeeded 3 times and the failure came back" in said
    assert said.endswith(LEFT)


async def test_a_playbook_whose_runs_fail_is_not_picked_any_more_and_told_once(make: Make) -> None:
    stage = make(Limits(budget=99, playbook_failures=2), always=FAILS)
    for number in range(2):
        await stage.answer(stage.book.report(f"k{number}", "CpuPressure", "97 %", by="t"))
    said = await stage.answer(stage.book.report("k3", "CpuPressure", "97 %", by="t"))
    assert said.startswith("always: its last 2 runs failed; ")
    for _ in range(2):
        stage.healer.follow_up.look()
    assert stage.hooks.warnings["playbook always"] == "always: its last 2 runs failed; not picked any more"
    assert stage.hooks.actions().count("playbook.given_up") == 1


async def test_a_block_of_the_loop_is_never_queued_as_code(make: Make) -> None:
    stage = make()
    block = stage.book.record(KernelFailed("agent", "block", stage.clock.time(), RuntimeError("held the loop")))
    said = await stage.answer(block)
    assert said == f"nothing to repair from: it held the loop, and no diagnosis fits that{LEFT}"
    assert stage.queue.all() == ()


async def test_a_kernel_that_was_moved_for_its_blocks_needs_nothing_more(make: Make) -> None:
    stage = make()
    stage.hooks.out_of_the_loop["agent"] = "2 blocks of the loop within 600 s"
    block = stage.book.record(KernelFailed("agent", "block", stage.clock.time(), RuntimeError("held the loop")))
    assert await stage.answer(block) == "2 blocks of the loop within 600 s; no other act is due"


async def test_a_defect_in_what_is_asked_costs_a_person_a_look_and_no_more(make: Make) -> None:
    stage = make(calm=WRITES)

    def broken(*asked: object) -> object:
        raise RuntimeError("a defect")

    stage.playbooks.judge = broken  # type: ignore[method-assign,assignment]
    said = await stage.answer(stage.measure())
    assert said == f"answering it failed: RuntimeError: a defect{LEFT}"
    assert "answer.raised" in stage.hooks.actions()


async def test_a_damaged_file_of_knowledge_is_moved_aside_and_told(make: Make) -> None:
    stage = make()
    await stage.repair()
    stage.break_again()
    (file,) = (stage.root / ".grace/knowledge").glob("*.toml")
    file.write_text("=")
    assert (await stage.healer.respond((await stage.fail()).id, "first_aid")).startswith("queued ")
    assert not file.exists()
    assert file.with_name(f"{file.name}.corrupt-1").read_text() == "="
    assert "was moved to" in stage.hooks.warnings[f"knowledge {file.name}"]


async def test_the_plan_tells_the_ladder_and_acts_on_nothing(make: Make) -> None:
    stage = make(calm=WRITES)
    breach = stage.measure()
    plan = await stage.healer.plan(breach.id)
    assert plan[:2] == [
        "take back a repair: no, no repair of late touched what failed",
        "replay a known fix: no, no fix is known for this signature",
    ]
    assert plan[2].startswith("run playbook calm: ")
    assert (stage.playbooks.runs(), stage.now(breach).state) == ((), "open")
    with pytest.raises(GraceError, match="no incident 'I-9'"):
        await stage.healer.plan("I-9")


async def test_an_answer_waits_for_a_cause_and_is_none_once_that_hides_the_incident(tmp_path: Path) -> None:
    clock = ManualClock(time.time())
    room = Room(tmp_path / "workspace", clock, group_wait=0.2)
    down = ProviderDown("agent", "log", "failed")
    incident = room.book.record(KernelFailed("agent", "run", clock.time(), down))
    answer = asyncio.create_task(room.healer.respond(incident.id, "self_healing"))
    await clock.advance(0.1)
    assert not answer.done()
    room.book.record(KernelFailed("log", "run", clock.time(), OSError("no disk")))
    await clock.advance(0.2)
    assert await answer == f"{incident.id} is suppressed"
    room.close()


async def test_a_rejected_repair_is_left_to_the_person_who_rejected_it(make: Make) -> None:
    stage = make()
    stage.hooks.verdict = Verdict(False, "ask")
    task = await stage.repair()
    await stage.healer.reject(task.id, "me")
    assert stage.incident(task).action == f"{task.id} was rejected by me{LEFT}"


# ---- repairs that break something


def break_in_append(stage: Stage, kernel: str = "other") -> KernelFailed:
    """A failure that comes from inside `Log.append`, as the files are now."""
    source = (stage.root / "kernels/log.py").read_text()
    line = next(number for number, text in enumerate(source.splitlines(), 1) if "return {" in text)
    code = compile(
        "\n" * (line - 1) + "def f():\n    raise KeyError('part')", str(stage.root / "kernels/log.py"), "exec"
    )
    names: dict[str, Callable[[], None]] = {}
    exec(code, names)
    function = names["f"]
    function.__code__ = function.__code__.replace(co_name="append", co_qualname="Log.append")
    try:
        function()
    except KeyError as error:
        return KernelFailed(kernel, "run", stage.clock.time(), error)
    raise AssertionError("it does not fail")


async def test_a_repair_that_breaks_another_kernel_is_taken_back_and_trusted_less(make: Make) -> None:
    stage = make()
    task = await stage.repair()
    assert FIXED in stage.log
    broken = stage.book.record(break_in_append(stage))
    said = await stage.answer(broken)
    assert said == f"{task.id} was taken back: {broken.id}: it fails in what {task.id} changed in kernels/log.py"
    assert stage.log == LOG
    assert stage.healer.knowledge()[0]["trusted"] is False
    found = stage.queue.get(task.id)
    assert found is not None
    assert (found.state, stage.now(broken).state) == ("undone", "watching")


async def test_a_repair_is_not_blamed_once_somebody_changed_its_file(make: Make) -> None:
    stage = make()
    await stage.repair()
    (stage.root / "kernels/log.py").write_text(stage.log + "\n# mine\n")
    assert "take back a repair: no, " in (await stage.healer.plan(stage.book.record(break_in_append(stage)).id))[0]


async def test_a_repair_that_is_made_and_taken_back_again_and_again_stops(make: Make) -> None:
    """The patch for one kernel breaks another; taken back, the first fails anew."""
    stage = make(Limits(budget=9, loop=2))
    for number in range(2):
        task = await stage.repair()
        assert task.state == "learned", task.detail
        await stage.answer(stage.book.record(break_in_append(stage, f"other{number}")))
        assert stage.log == LOG
    said = await stage.healer.respond((await stage.fail()).id, "self_healing")
    assert said.startswith("repairs go round in circles: this failure was repaired 2 times, ")
    assert said.endswith(LEFT)


async def test_a_task_of_an_incident_that_is_hidden_meanwhile_leaves_it_hidden(make: Make) -> None:
    stage = make()
    incident = await stage.fail()
    await stage.answer(incident)
    stage.book.hide(incident.id, "S-1", "hidden by silence S-1", "ann")
    task = stage.queue.claim("agent")
    assert task is not None
    done = await stage.healer.work(task, "agent")
    assert done.state == "failed"
    now = stage.now(incident)
    assert (now.state, now.hidden_by) == ("suppressed", "S-1")
    assert [each.id for each in stage.queue.all()] == [task.id]


async def test_what_a_person_begins_during_the_look_is_left_to_go_on(make: Make) -> None:
    stage = make(calm=WRITES, asks=ASKS.replace("incident.kind == 'CpuPressure'", "false"))
    breach = stage.measure()
    look = stage.healer.answers.gatherer.look

    async def meanwhile(*asked: Any) -> Any:
        sight = await look(*asked)
        await stage.playbooks.run("asks", breach.id, "ann", automatic=False)
        return sight

    stage.healer.answers.gatherer.look = meanwhile  # type: ignore[assignment, method-assign]
    assert await stage.answer(breach) == "playbook asks is waiting for person already"
    assert [run.playbook for run in stage.playbooks.runs()] == ["asks"]


async def test_an_answer_after_a_failed_repair_that_breaks_costs_a_person_a_look(make: Make) -> None:
    stage = make(calm=WRITES)
    breach = stage.measure(route="agent")
    await stage.answer(breach)
    task = stage.queue.claim("agent")
    assert task is not None

    async def broken(*asked: Any) -> Any:
        raise OSError("no space left on the device")

    stage.healer.answers.gatherer.look = broken  # type: ignore[assignment, method-assign]
    assert (await stage.healer.work(task, "agent")).state == "failed"
    assert stage.now(breach).action == f"answering it failed: OSError: no space left on the device{LEFT}"


# ---- one budget for all who answer at the same time


def _raised(stage: Stage, text: str) -> IncidentRecord:
    """Failures of one coarse signature, which say different things."""
    log = load(stage.root, "log")
    try:
        raise_in = compile(f"def fall():\n    raise ValueError({text!r})\nfall()", log.__file__ or "", "exec")
        exec(raise_in, log.__dict__)
    except ValueError as error:
        return stage.book.record(KernelFailed("agent", "run", stage.clock.time(), error))
    raise AssertionError("it does not fail")


async def test_answers_at_the_same_time_keep_to_one_budget_of_tasks(make: Make) -> None:
    stage = make(Limits(budget=3))
    incidents = [_raised(stage, f"page {word} is torn") for word in ("one", "two", "three", "four", "five")]
    assert len({incident.id for incident in incidents}) == 5
    assert len({incident.coarse for incident in incidents}) == 1
    said = await asyncio.gather(*(stage.answer(incident) for incident in incidents))
    assert len(stage.queue.all()) == 3
    assert sum("the budget of 3 acts in 1 h is spent" in text for text in said) == 2


async def test_answers_at_the_same_time_keep_to_one_budget_of_runs(make: Make) -> None:
    stage = make(Limits(budget=2), calm=WRITES.replace("incident.kind == 'CpuPressure'", "true"))
    incidents = [_raised(stage, f"page {word} is torn") for word in ("one", "two", "three", "four")]
    await asyncio.gather(*(stage.answer(incident) for incident in incidents))
    begun = [run for run in stage.playbooks.runs() if run.coarse == incidents[0].coarse]
    # The agent has one go where playbooks alone spent the budget.
    assert (len(begun), len(stage.queue.all())) == (2, 1)


async def test_a_person_who_lets_automation_act_again_opens_the_budget_of_playbooks_too(make: Make) -> None:
    stage = make(Limits(budget=1), calm=WRITES)
    breach = stage.measure()
    await stage.answer(breach)
    stage.book.move(breach.id, "reopened", "it goes on", "ann")
    assert (await stage.answer(breach)).endswith(LEFT)
    stage.healer.release(breach.id, "ann")
    assert await stage.answer(breach) == "playbook calm succeeded: note"
