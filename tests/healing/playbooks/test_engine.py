"""The order of steps, what comes of failures, checks at the end, questions, and effects that end by themselves."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import PlaybookRun
from grace_tui.kernel.records import RunRecord
from tests.healing.playbooks.shop import Shop

HEAD = 'says = "A test."\nwhen = "true"\n'


def states(run: RunRecord) -> dict[str, str]:
    return {step.name: step.state for step in run.steps}


def write(name: str, text: str, more: str = "") -> str:
    return f'[[step]]\nname = "{name}"\naction = "write"\nwith = {{ path = "{name}", text = "{text}" }}\n{more}\n'


FAILS = '[[step]]\nname = "fails"\naction = "flaky"\nwith = { times = 9 }\n'


async def test_steps_are_carried_out_in_their_order_with_names_filled_in(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "for {incident.kernel}") + write("b", "{run.id}"))
    run = await shop.run("order")
    assert (run.state, states(run)) == ("succeeded", {"a": "done", "b": "done"})
    assert (shop.text("a"), shop.text("b")) == ("for librarian", run.id)
    assert [event.state for event in shop.heard.events if isinstance(event, PlaybookRun)] == ["running", "succeeded"]


async def test_a_secret_in_what_a_step_is_given_is_used_and_not_stored(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "token=hunter2-long for {incident.kernel}"))
    run = await shop.run("order")
    assert shop.text("a") == "token=hunter2-long for librarian"
    assert run.steps[0].arguments == {"path": "a", "text": "token=[redacted] for librarian"}
    ((stored,),) = shop.playbooks.records.store.read("SELECT record FROM playbook_runs")
    assert b"token=[redacted]" in stored
    assert b"hunter2" not in stored


async def test_a_step_whose_condition_does_not_hold_is_skipped_and_says_why(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = write("a", "x", "when = \"kernel.state == 'running'\"") + write("b", "x", 'when = "facts.value > 3"')
    shop.write("order", HEAD + text)
    run = await shop.run("order")
    assert [step.text for step in run.steps] == [
        "not needed: kernel.state is failed",
        "not judged: facts.value is not known",
    ]
    assert run.state == "succeeded"
    assert shop.text("a") is None


async def test_a_text_whose_name_has_no_value_fails_its_step(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "{facts.value}"))
    run = await shop.run("order")
    assert (run.state, run.detail) == ("failed", "a: facts.value is not known")


async def test_a_step_is_tried_again_after_growing_waits(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + FAILS.replace("9", "3") + 'tries = 4\nbackoff = "10s"\n')
    began = shop.clock.now
    run = await shop.run("order")
    assert (run.state, run.steps[0].tries) == ("succeeded", 4)
    assert 70 <= shop.clock.now - began < 72  # 10 + 20 + 40


async def test_a_step_that_takes_too_long_is_cancelled_and_fails(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = '[[step]]\naction = "slow"\nwith = { seconds = "1h" }\ntimeout = "5s"\n'
    shop.write("order", HEAD + text)
    began = shop.clock.now
    run = await shop.run("order")
    assert (run.state, run.detail) == ("failed", "slow: took longer than 5 s")
    assert 5 <= shop.clock.now - began < 6


async def test_a_run_that_takes_too_long_is_taken_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = write("a", "x") + '[[step]]\naction = "slow"\nwith = { seconds = 50 }\non_failure = "continue"\n' * 1
    shop.write("order", 'timeout = "20s"\n' + HEAD + text + write("b", "x"))
    run = await shop.run("order")
    assert run.state == "undone"
    assert "the run took longer than 20 s" in run.detail
    assert (shop.text("a"), shop.text("b")) == (None, None)


@pytest.mark.parametrize(
    ("way", "state", "left", "did"),
    [
        ("undo", "undone", None, "undo write"),
        ("stop", "failed", "x", "flaky"),
        ("continue", "succeeded", "x", "write"),
        ("escalate", "failed", "x", "escalate"),
        ("goto:b", "succeeded", "x", "write"),
    ],
)
async def test_a_failure_goes_the_way_its_step_says(
    tmp_path: Path, way: str, state: str, left: str | None, did: str
) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "x") + FAILS + f'on_failure = "{way}"\n' + write("b", "{run.failure}"))
    run = await shop.run("order")
    assert (run.state, shop.text("a"), shop.actions.calls[-1]) == (state, left, did)
    if way == "goto:b":
        assert shop.text("b") == "failed 1 times"


async def test_an_escalation_says_what_failed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + FAILS + 'on_failure = "escalate"\n')
    run = await shop.run("order")
    assert shop.actions.notes == ["playbook order failed: fails: failed 1 times"]
    assert run.detail == "fails: failed 1 times; escalate"


async def test_a_branch_is_reached_by_a_failure_only_and_ends_the_run(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    text = write("a", "x", 'on_failure = "goto:branch"\nthen = "end"') + write("branch", "y")
    shop.write("order", HEAD + text)
    run = await shop.run("order")
    assert (run.state, states(run)) == ("succeeded", {"a": "done", "branch": "pending"})


async def test_what_a_run_did_is_taken_back_last_first(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (shop.files / "a").write_text("before", encoding="utf-8")
    again = write("a", "second").replace('name = "a"', 'name = "again"')
    shop.write("order", HEAD + write("a", "first") + again + FAILS)
    run = await shop.run("order")
    assert (run.state, shop.text("a")) == ("undone", "before")
    assert states(run) == {"a": "undone", "again": "undone", "fails": "failed"}


async def test_what_cannot_be_taken_back_is_told_and_stops_nobody_else(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "x") + '[[step]]\naction = "stuck_undo"\n' + FAILS)
    run = await shop.run("order")
    assert run.state == "failed"
    assert run.detail.endswith("stuck_undo could not be taken back: it is for good")
    assert shop.text("a") is None


async def test_a_try_that_failed_leaves_nothing_half_done(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (shop.files / "a").write_text("before", encoding="utf-8")
    shop.write("order", HEAD + write("a", "x", 'on_failure = "stop"').replace('"write"', '"half"'))
    run = await shop.run("order")
    assert (run.state, run.steps[0].text) == ("failed", "half done; taken back")
    assert shop.text("a") == "before"


async def test_a_defect_of_an_action_is_a_failure_of_its_step(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + '[[step]]\naction = "broken"\n')
    run = await shop.run("order")
    assert (run.state, run.detail) == ("failed", "broken: KeyError: 'a defect'")


# ---- checks


async def test_a_check_that_holds_long_enough_makes_a_success(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    verify = '[[verify]]\nthat = "host.memory_percent < 80"\nfor = "5s"\nwithin = "10s"\n'
    shop.write("order", HEAD + write("a", "x") + verify)
    began = shop.clock.now
    run = await shop.run("order")
    assert (run.state, run.detail) == ("succeeded", "wrote a")
    assert 5 <= shop.clock.now - began < 6


async def test_a_check_that_breaks_off_begins_anew(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    verify = '[[verify]]\nthat = "host.memory_percent < 80"\nfor = "5s"\nwithin = "20s"\n'
    shop.write("order", HEAD + write("a", "x") + verify)
    began = shop.clock.now
    shop.clock.call_later(3.0, lambda: shop.facts.update(host={"memory_percent": 99.0}))
    shop.clock.call_later(6.0, lambda: shop.facts.update(host={"memory_percent": 10.0}))
    assert (await shop.run("order")).state == "succeeded"
    assert 11 <= shop.clock.now - began < 12


@pytest.mark.parametrize("condition", ["host.memory_percent > 80", "facts.value > 1"])
async def test_a_check_that_does_not_hold_in_time_takes_the_run_back(tmp_path: Path, condition: str) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "x") + f'[[verify]]\nthat = "{condition}"\nwithin = "3s"\n')
    run = await shop.run("order")
    assert run.state == "undone"
    assert run.detail.startswith(f"not verified: {condition} within 3 s")
    assert shop.text("a") is None


# ---- questions

ASKS = write("a", "x") + '[[step]]\naction = "ask"\nwith = { question = "may I go on with {incident.kernel}?" }\n'


async def test_a_run_waits_for_a_person_and_goes_on_after_a_yes(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS + write("b", "x"))
    run = await shop.run("order")
    assert (run.state, run.question) == ("waiting_for_person", "may I go on with librarian?")
    assert "may I go on" in shop.heard.warnings[f"playbooks {run.id}"]
    done = await shop.driven(shop.playbooks.answer(run.id, True, "ann"))
    assert (done.state, shop.text("b"), shop.heard.warnings) == ("succeeded", "x", {})
    assert shop.actions.calls == ["write", "ask", "approved ask", "write"]


async def test_a_no_is_a_failure_of_the_step(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS)
    run = await shop.run("order")
    done = await shop.driven(shop.playbooks.answer(run.id, False, "ann"))
    assert (done.state, done.detail, shop.text("a")) == ("undone", "ask: ann said no", None)


async def test_a_question_that_nobody_answers_in_time_counts_as_no(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS + 'answer_within = "1h"\n')
    run = await shop.run("order")
    await shop.clock.advance(3599)
    shop.playbooks.look()
    await shop.clock.advance(1)
    assert shop.playbooks.get(run.id) == run
    shop.playbooks.look()
    await shop.clock.advance(1)
    done = shop.playbooks.get(run.id)
    assert done is not None
    assert (done.state, done.detail) == ("undone", "ask: nobody answered in time")


async def test_a_question_about_what_is_over_by_now_is_withdrawn_and_held_against_nobody(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS)
    incident = shop.incident()
    run = await shop.run("order", incident)
    shop.playbooks.look()
    assert shop.playbooks.get(run.id) == run
    shop.incidents.add(replace(incident, state="resolved", resolved_at=shop.clock.time() + 1))
    shop.playbooks.look()
    with pytest.raises(GraceError, match="asks nothing"):
        await shop.playbooks.answer(run.id, True, "ann")
    await shop.clock.advance(1)
    done = shop.playbooks.get(run.id)
    assert done is not None
    assert (done.state, shop.text("a"), shop.heard.warnings) == ("interrupted", None, {})
    assert done.detail.startswith("its incident was resolved before anybody answered")
    assert shop.playbooks.all()[0].failed == 0


async def test_a_question_is_answered_once(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS + '[[step]]\naction = "slow"\n')
    run = await shop.run("order")
    first = asyncio.create_task(shop.playbooks.answer(run.id, True, "ann"))
    await shop.clock.advance(0.1)
    with pytest.raises(GraceError, match="asks nothing; it is running"):
        await shop.playbooks.answer(run.id, False, "bob")
    assert (await shop.driven(asyncio.wait_for(first, None))).state == "succeeded"


async def test_a_question_outlives_the_room_that_asked_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS + write("b", "x"))
    run = await shop.run("order")
    shop.reopen()
    assert await shop.playbooks.recover() == ()
    assert f"playbooks {run.id}" in shop.heard.warnings
    done = await shop.driven(shop.playbooks.answer(run.id, True, "ann"))
    assert (done.state, shop.text("b")) == ("succeeded", "x")


async def test_a_playbook_that_changed_since_it_asked_is_taken_back(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + ASKS)
    run = await shop.run("order")
    shop.reopen()
    shop.write("order", HEAD + write("other", "x"))
    done = await shop.driven(shop.playbooks.answer(run.id, True, "ann"))
    assert (done.state, shop.text("a")) == ("undone", None)
    assert "changed since it asked" in done.detail


# ---- effects that end by themselves

SHEDS = write("a", "shed", 'until = "host.memory_percent < 40"\nat_most = "10m"')


async def test_a_temporary_effect_is_taken_back_when_its_condition_holds(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + SHEDS + write("b", "stays"))
    run = await shop.run("order")
    shop.playbooks.look()
    await shop.clock.advance(1)
    assert (run.state, shop.text("a")) == ("succeeded", "shed")
    shop.facts["host"] = {"memory_percent": 30.0}
    shop.playbooks.look()
    await shop.clock.advance(1)
    done = shop.playbooks.get(run.id)
    assert done is not None
    assert (done.state, states(done), shop.text("a")) == ("succeeded", {"a": "undone", "b": "done"}, None)
    assert shop.text("b") == "stays"


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_temporary_effect_ends_at_the_latest_after_its_time(tmp_path: Path, reopened: bool) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + SHEDS)
    await shop.run("order")
    if reopened:
        shop.reopen()
        await shop.playbooks.recover()
    shop.facts["host"] = {}  # and the condition cannot be judged
    await shop.clock.advance(599)
    shop.playbooks.look()
    await shop.clock.advance(1)
    assert shop.text("a") == "shed"
    shop.playbooks.look()
    await shop.clock.advance(1)
    assert shop.text("a") is None


# ---- who may run what


async def test_one_run_at_a_time_acts_for_an_incident(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + '[[step]]\naction = "slow"\n')
    incident = shop.incident()
    await shop.playbooks.ready()
    first = asyncio.create_task(shop.playbooks.run("order", incident.id, "ann"))
    await shop.clock.advance(0.1)
    with pytest.raises(GraceError, match=r"R-.* \(order\) is running for I1 already"):
        await shop.playbooks.run("order", incident.id, "bob")
    assert (await shop.driven(asyncio.wait_for(first, None))).state == "succeeded"


async def test_runs_on_one_kernel_go_one_after_another(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + '[[step]]\naction = "slow"\nwith = { seconds = 10 }\n')
    await shop.playbooks.ready()
    work = asyncio.gather(
        shop.playbooks.run("order", shop.incident("A").id, "ann"),
        shop.playbooks.run("order", shop.incident("B").id, "ann"),
    )
    await shop.clock.advance(5)
    newest = shop.playbooks.runs()[0]
    assert newest.detail == "waits for another run on librarian"
    began = shop.clock.now
    await shop.driven(asyncio.wait_for(work, None))
    assert shop.clock.now - began > 14


async def test_a_caller_that_goes_away_does_not_stop_a_run(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + '[[step]]\naction = "slow"\n' + write("a", "x"))
    await shop.playbooks.ready()
    caller = asyncio.create_task(shop.playbooks.run("order", shop.incident().id, "ann"))
    await shop.clock.advance(0.1)
    caller.cancel()
    await shop.clock.advance(5)
    assert shop.playbooks.runs()[0].state == "succeeded"
    assert shop.text("a") == "x"


async def test_a_run_that_the_end_of_the_room_cut_short_is_taken_back_by_the_next(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "x") + '[[step]]\naction = "slow"\n')
    await shop.playbooks.ready()
    caller = asyncio.create_task(shop.playbooks.run("order", shop.incident().id, "ann"))
    await shop.clock.advance(0.1)
    await shop.playbooks.close()
    with pytest.raises(asyncio.CancelledError):
        await caller
    shop.reopen()
    (run,) = await shop.playbooks.recover()
    assert (run.state, run.detail) == ("interrupted", "the room ended during slow; 1 steps taken back")
    assert shop.text("a") is None


@pytest.mark.parametrize(
    ("name", "incident", "right"),
    [("ordr", "I1", 'no playbook "ordr"; did you mean order?'), ("order", "I9", "no incident 'I9'")],
)
async def test_what_is_not_there_is_not_run(tmp_path: Path, name: str, incident: str, right: str) -> None:
    shop = Shop(tmp_path)
    shop.write("order", HEAD + write("a", "x"))
    shop.incident()
    with pytest.raises(GraceError, match=right):
        await shop.playbooks.run(name, incident, "ann")
