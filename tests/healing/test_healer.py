"""The healer in a room that is real but for the supervisor: incidents, queue, journal, knowledge and gates are."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.healer import Verdict
from grace_tui.healing.repair.gates import GATES
from grace_tui.healing.repair.process import PACKAGE_HOME
from grace_tui.healing.repair.repair import Proven, repair
from grace_tui.kernel.errors import GraceError, RemoteFailure
from grace_tui.kernel.events import DecisionMade, KernelFailed, TaskChanged, TaskFinished, TaskQueued
from grace_tui.kernel.testing import RealClock
from tests.healing.bench import FIXED, LOG, Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "workspace")
    yield room
    room.close()


async def test_unknown_failure_is_queued_once_with_the_reason_published(room: Room) -> None:
    incident = await room.fail()
    said = await room.healer.respond(incident.id, "self_healing")
    again = await room.healer.respond(incident.id, "first_aid")
    (task,) = room.queue.all()
    assert said == f"queued {task.id} at priority 10: no fix is known for this signature"
    assert again == f"{task.id} is queued already"
    assert [event.priority for event in room.hooks.events if isinstance(event, TaskQueued)] == [10]
    (decision,) = [event for event in room.hooks.events if isinstance(event, DecisionMade)]
    assert (decision.actor, decision.action, decision.resource) == ("self_healing", "queue a repair", "agent")
    assert decision.confidence == 0.5


async def test_repair_is_proven_applied_watched_and_learned(room: Room) -> None:
    consumer = (room.root / "kernels/agent.py").read_bytes()
    task = await room.repair()
    assert task.state == "learned", task.detail
    assert FIXED in room.log
    assert (room.root / "kernels/agent.py").read_bytes() == consumer
    assert room.incident(task).state == "resolved"
    assert task.provider == "kernels/log.py"
    assert [gate.name for gate in task.gates if gate.state == "failed"] == []
    assert room.hooks.snapshots == [task.id]
    assert room.hooks.taken_up == ["agent"]
    states = [event.state for event in room.hooks.events if isinstance(event, TaskChanged)]
    assert [*dict.fromkeys(states)] == ["diagnosing", "trying", "gating", "applying", "watching", "learned"]
    (finished,) = [event for event in room.hooks.events if isinstance(event, TaskFinished)]
    assert (finished.outcome, finished.known, finished.operator) == ("learned", False, "unexpected_keyword")
    (fix,) = room.healer.knowledge()
    assert (fix["signature"], fix["successes"], fix["confidence"]) == (task.signature, 1, round(2 / 3, 4))
    assert room.hooks.actions() == ["repair.applied", "repair.learned"]


async def test_known_failure_is_replayed_without_a_worker(room: Room) -> None:
    await room.repair()
    room.break_again()
    incident = await room.fail()
    said = await room.healer.respond(incident.id, "first_aid")
    assert said == "replayed the known fix: Log.append accepts and stores part; learned"
    assert FIXED in room.log
    task = next(task for task in room.queue.all() if task.known)
    assert [gate.name for gate in task.gates] == ["compiles", "paths", "consumers", "lint"]
    assert task.seconds < 1.0
    assert room.incident(task).state == "resolved"
    assert room.healer.knowledge()[0]["successes"] == 2


async def test_known_fix_is_replayed_where_the_rest_of_the_file_changed_through_every_gate(room: Room) -> None:
    await room.repair()
    other = LOG.replace("priority=2", "priority=3")
    (room.root / "kernels/log.py").write_text(other)
    said = await room.healer.respond((await room.fail()).id, "first_aid")
    assert said == "replayed the known fix: Log.append accepts and stores part; learned"
    assert "priority=3" in room.log
    assert FIXED in room.log
    task = next(task for task in room.queue.all() if task.known)
    assert [gate.name for gate in task.gates] == [gate.name for gate in GATES]


async def test_fix_of_another_definition_is_not_replayed(room: Room) -> None:
    await room.repair()
    (room.root / "kernels/log.py").write_text(LOG.replace('"action": action}', '"action": action, "x": 1}'))
    said = await room.healer.respond((await room.fail()).id, "first_aid")
    assert said.startswith("queued ")
    assert said.endswith("kernels/log.py: class Log > def append is no longer what the fix was proven on")


async def test_replay_that_does_not_hold_is_undone_counted_and_analysed_anew(room: Room) -> None:
    await room.repair()
    room.break_again()
    incident = await room.fail()
    room.hooks.never_runs = True
    said = await room.healer.respond(incident.id, "first_aid")
    assert "the known fix did not hold: undone: agent was not running within 10 s" in said
    assert room.log == LOG
    assert room.healer.knowledge()[0]["trusted"] is False
    assert [task.state for task in room.queue.all()] == ["queued", "undone", "learned"]


@pytest.mark.parametrize(
    ("never_runs", "states", "trouble"),
    [
        (True, {}, "agent was not running within 10 s"),
        (False, {"agent": "backing_off"}, "agent did not stay running: backing_off"),
    ],
)
async def test_patch_that_does_not_hold_is_taken_back(
    room: Room, never_runs: bool, states: dict[str, str], trouble: str
) -> None:
    room.hooks.never_runs, room.hooks.states = never_runs, states
    task = await room.repair()
    assert (task.state, task.detail) == ("undone", f"undone: {trouble}")
    assert room.log == LOG
    assert room.incident(task).state == "open"
    assert room.healer.knowledge() == []


@pytest.mark.parametrize("known", [False, True])
async def test_new_incident_at_the_provider_takes_the_patch_back(room: Room, known: bool) -> None:
    if known:  # it was there before, and comes back
        old = room.book.record(KernelFailed("log", "run", RealClock().time(), ValueError("rows are gone")))
        room.book.move(old.id, "resolved", "seen to", "ann")
    room.hooks.held = asyncio.Event()
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("agent")
    assert task is not None
    work = asyncio.create_task(room.healer.work(task, "agent"))
    await room.hooks.applied.wait()
    room.book.record(KernelFailed("log", "run", RealClock().time(), ValueError("rows are gone")))
    room.hooks.held.set()
    done = await work
    assert done.state == "undone"
    assert "a new incident in what the patch touches" in done.detail
    assert room.log == LOG


async def test_failed_repair_says_why_and_is_tried_twice_at_most(room: Room) -> None:
    (room.root / "kernels/log.py").write_text(LOG.replace('{"actor": actor, "action": action}', "{}"))
    for _ in range(2):
        task = await room.repair()
        assert task.state == "failed"
        assert "Log.append has no place that stores its other parameters by name" in task.detail
        assert room.incident(task).state == "open"
    said = await room.healer.respond(task.incident_id, "self_healing")
    assert said == "2 repairs failed; left to a person"


async def test_denied_patch_waits_and_is_applied_when_a_person_approves(room: Room) -> None:
    room.hooks.verdict = Verdict(False, "governance: needs_approval by small-repairs")
    task = await room.repair()
    assert (task.state, task.detail) == ("waiting_for_approval", "governance: needs_approval by small-repairs")
    assert room.log == LOG
    done = await room.healer.approve(task.id, "me")
    assert done.state == "learned"
    assert FIXED in room.log
    with pytest.raises(GraceError, match="no patch of"):
        await room.healer.approve(task.id, "me")


async def test_rejected_patch_changes_nothing(room: Room) -> None:
    room.hooks.verdict = Verdict(False, "no")
    task = await room.repair()
    done = await room.healer.reject(task.id, "me")
    assert (done.state, done.detail, room.log) == ("failed", "rejected by me", LOG)


async def test_repair_goes_on_when_its_worker_is_restarted(room: Room) -> None:
    room.hooks.held = asyncio.Event()
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("agent")
    assert task is not None
    work = asyncio.create_task(room.healer.work(task, "agent"))
    await room.hooks.applied.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    room.hooks.held.set()
    (running,) = room.healer._running
    await running
    found = room.queue.get(task.id)
    assert found is not None
    assert found.state == "learned"


async def test_closed_healer_takes_back_what_was_not_watched(room: Room) -> None:
    room.hooks.held = asyncio.Event()
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("agent")
    assert task is not None
    work = asyncio.create_task(room.healer.work(task, "agent"))
    await room.hooks.applied.wait()
    assert FIXED in room.log
    await room.healer.close()
    assert room.log == LOG
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_start_takes_back_a_patch_whose_room_was_killed_in_its_watch(room: Room) -> None:
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("agent")
    assert task is not None
    proven = await repair(room.queue.failure(task.id), room.root)
    assert isinstance(proven, Proven)
    room.healer.applier.journal.apply(task.id, proven.patch.edits)
    room.queue.update(task.id, task.token, state="watching")
    (recovered,) = room.new_healer().recover()
    assert (recovered.id, recovered.outcome) == (task.id, "rolled back")
    assert room.log == LOG


async def test_file_changed_by_a_person_meanwhile_is_left_alone(room: Room) -> None:
    room.hooks.verdict = Verdict(False, "ask")
    task = await room.repair()
    (room.root / "kernels/log.py").write_text(LOG + "\n# mine\n")
    done = await room.healer.approve(task.id, "me")
    assert done.state == "failed"
    assert "changed meanwhile" in done.detail
    assert room.log == LOG + "\n# mine\n"


async def test_unreadable_knowledge_is_reported_and_the_failure_analysed(room: Room) -> None:
    await room.repair()
    room.break_again()
    (file,) = (room.root / ".grace/knowledge").glob("*.toml")
    file.write_text("=")
    said = await room.healer.respond((await room.fail()).id, "first_aid")
    assert said.startswith("queued ")
    assert "knowledge.unreadable" in room.hooks.actions()


def test_room_does_not_load_what_only_the_analysis_needs() -> None:
    code = (
        "import sys, grace_tui.healing.healer; print([name for name in ('libcst', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE_HOME, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_failure_outside_the_workspace_is_left_alone_and_says_so(room: Room) -> None:
    printed = (
        'Traceback (most recent call last):\n  File "/srv/tool.py", line 1, in <module>\n    {}["a"]\nKeyError: \'a\''
    )
    error = RemoteFailure("KeyError", "'a'", printed=printed)
    incident = room.book.record(KernelFailed("web", "run", RealClock().time(), error))
    said = await room.healer.respond(incident.id, "self_healing")
    assert said == "not ours to repair: it failed outside the workspace, in /srv/tool.py; left to a person"
    left = room.book.get(incident.id)
    assert left is not None
    assert (left.state, left.action, left.task_id) == ("open", said, "")
    assert room.queue.all() == ()
