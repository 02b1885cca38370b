"""What comes after an answer: quiet, the same failure again, a room that ended, and work that is stuck."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.answering.limits import Limits
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.bench import FIXED, LOG, Room

LIMITS = Limits(settle=60.0, stuck_after=30.0)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "workspace", ManualClock(time.time()), LIMITS)
    yield room
    room.close()


def fall(room: Room) -> IncidentRecord:
    return room.book.record(KernelFailed("agent", "heartbeat", room.clock.time(), TimeoutError("no beat")))


def watched(room: Room, incident: IncidentRecord) -> IncidentRecord:
    room.book.move(incident.id, "in_repair", "playbook calm: it fits", "self_healing")
    return room.book.move(incident.id, "watching", "playbook calm succeeded", "self_healing")


async def later(room: Room, seconds: float) -> None:
    assert isinstance(room.clock, ManualClock)
    await room.clock.advance(seconds)
    room.healer.follow_up.look()


def state(room: Room, incident: IncidentRecord) -> str:
    found = room.book.get(incident.id)
    assert found is not None
    return found.state


async def test_a_watched_failure_that_stays_away_is_resolved(room: Room) -> None:
    incident = watched(room, fall(room))
    await later(room, 0.1)
    assert state(room, incident) == "watching"
    await later(room, 1.0)
    assert state(room, incident) == "resolved"


async def test_a_watched_failure_that_happens_again_is_answered_anew_at_once(room: Room) -> None:
    incident = watched(room, fall(room))
    assert isinstance(room.clock, ManualClock)
    await room.clock.advance(0.1)
    fall(room)
    room.healer.follow_up.look()
    found = room.book.get(incident.id)
    assert found is not None
    assert (found.state, found.action) == ("reopened", "it goes on after: playbook calm succeeded")


async def test_a_kernel_that_does_not_run_after_its_playbook_is_answered_anew(room: Room) -> None:
    room.hooks.states["agent"] = "quarantined"
    incident = watched(room, fall(room))
    await later(room, 10.0)
    assert state(room, incident) == "watching"
    await later(room, 60.0)
    assert state(room, incident) == "reopened"


async def test_a_measured_breach_gets_time_to_settle_and_its_rule_resolves_it(room: Room) -> None:
    breach = watched(room, room.book.report("agent", "CpuPressure", "97 %", by="trigger_mesh"))
    await later(room, 20.0)
    room.book.report("agent", "CpuPressure", "91 %", by="trigger_mesh")
    await later(room, 45.0)
    assert state(room, breach) == "watching"


async def test_a_breach_that_goes_on_after_that_is_answered_anew(room: Room) -> None:
    breach = watched(room, room.book.report("agent", "CpuPressure", "97 %", by="trigger_mesh"))
    await later(room, 50.0)
    room.book.report("agent", "CpuPressure", "97 %", by="trigger_mesh")
    await later(room, 15.0)
    assert state(room, breach) == "reopened"


async def test_an_incident_that_a_killed_room_left_in_repair_is_answered_anew(room: Room) -> None:
    incident = fall(room)
    room.book.move(incident.id, "in_repair", "taking back T-1", "self_healing")
    room.healer = room.new_healer()
    await later(room, 10.0)
    assert state(room, incident) == "in_repair"
    await later(room, 60.0)
    assert state(room, incident) == "reopened"


async def test_a_claimed_task_that_nobody_works_on_goes_back_to_the_queue(room: Room) -> None:
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("coding_agent")
    assert task is not None
    await later(room, 1.0)
    await later(room, 31.0)
    freed = room.queue.get(task.id)
    assert freed is not None
    assert (freed.state, freed.detail) == ("queued", "coding_agent made no progress in 31 s")
    again = room.queue.claim("first_aid")
    assert again is not None
    assert again.token > task.token


async def test_a_repair_that_hangs_is_given_up_and_taken_back(room: Room) -> None:
    room.hooks.held = asyncio.Event()
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("coding_agent")
    assert task is not None
    work = asyncio.create_task(room.healer.work(task, "coding_agent"))
    await room.hooks.applied.wait()
    assert FIXED in room.log
    room.queue.update(task.id, task.token, state="applying")
    room.healer.follow_up.look()
    assert isinstance(room.clock, ManualClock)
    await room.clock.advance(31.0)
    room.healer.follow_up.look()
    with pytest.raises(GraceError, match="was given up"):
        await work
    assert room.log == LOG
    ended = room.queue.get(task.id)
    assert ended is not None
    assert (ended.state, ended.detail) == ("failed", "given up: coding_agent made no progress in 31 s")


# ---- what runs again without a repair


def runs(room: Room) -> IncidentRecord:
    (record,) = room.book.kernel_running("agent", "supervisor", room.hooks.healthy_after("agent"))
    return record


async def test_what_a_restart_ended_is_resolved_once_its_kernel_ran_well(room: Room) -> None:
    incident = fall(room)
    runs(room)
    await later(room, 29.0)
    assert state(room, incident) == "watching"
    await later(room, 1.0)
    found = room.book.get(incident.id)
    assert found is not None
    assert (found.state, found.action) == ("resolved", "running again; it ran well for 30 s")


@pytest.mark.parametrize("down", ["stopped", "paused", "backing_off", "quarantined"])
async def test_a_kernel_that_runs_no_more_is_not_well(room: Room, down: str) -> None:
    incident = fall(room)
    runs(room)
    room.hooks.states["agent"] = down
    await later(room, 100.0)
    assert state(room, incident) == "watching"
    room.hooks.states["agent"] = "running"
    runs(room)
    await later(room, 29.0)
    assert state(room, incident) == "watching"
    await later(room, 1.0)
    assert state(room, incident) == "resolved"


async def test_a_flapping_kernel_does_not_resolve_its_incident(room: Room) -> None:
    incident = fall(room)
    for _ in range(5):
        runs(room)
        await later(room, 20.0)
        assert state(room, incident) == "watching"
        assert fall(room).state == "reopened"
    found = room.book.get(incident.id)
    assert found is not None
    assert (found.count, [text for _, _, text in found.timeline if text.startswith("resolved")]) == (6, [])


async def test_nobody_answers_what_only_waits_for_its_kernel_to_run_well(room: Room) -> None:
    incident = await room.fail()
    await room.healer.respond(incident.id, "self_healing")
    runs(room)
    assert await room.healer.plan(incident.id) == ["nothing: it is watching"]
    assert await room.healer.respond(incident.id, "self_healing") == f"{incident.id} is watching"
    task = room.queue.claim("agent")
    assert task is not None
    assert (await room.healer.work(task, "agent")).detail.endswith("is over; there is nothing left to repair")
    assert state(room, incident) == "watching"
