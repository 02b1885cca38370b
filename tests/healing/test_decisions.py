"""What a person decides about a repair: every word of theirs goes through the same gates and leaves exact files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grace_tui.healing.healer import Verdict
from grace_tui.healing.repair.gates import GATES
from grace_tui.healing.repair.queue import AlreadyOpen, WrongState
from grace_tui.healing.repair.unified import DiffRefused
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import TaskRecord
from tests.healing.bench import FIXED, LOG, Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path / "workspace")
    yield room
    room.close()


async def waiting(room: Room) -> TaskRecord:
    room.hooks.verdict = Verdict(False, "governance: needs_approval by wide-repair")
    return await room.repair()


async def test_what_waits_outlives_the_room_that_asked(room: Room) -> None:
    task = await waiting(room)
    later = room.new_healer()
    later.recover()
    assert room.queue.release_orphans() == ()
    done = await later.approve(task.id, "ann")
    assert done.state == "learned"
    assert done.policy == "applied by ann, who approved it"
    assert FIXED in room.log


async def test_the_record_tells_by_whose_word_a_person_was_asked(room: Room) -> None:
    task = await waiting(room)
    assert task.policy == "a person was asked by governance: needs_approval by wide-repair"
    assert [state for state, _ in task.times][-1] == "waiting_for_approval"


async def test_what_policy_refuses_ends_and_waits_for_nobody(room: Room) -> None:
    room.hooks.verdict = Verdict(False, "governance: deny by protected-files", refused=True)
    task = await room.repair()
    assert (task.state, task.detail) == ("failed", "governance: deny by protected-files")
    assert task.policy == "refused by governance: deny by protected-files"
    assert room.log == LOG


async def test_two_people_cannot_both_decide(room: Room) -> None:
    task = await waiting(room)
    await room.healer.reject(task.id, "ann")
    with pytest.raises(GraceError, match=r"no patch of .* waits for a decision: it is failed"):
        await room.healer.approve(task.id, "bob")
    assert room.log == LOG


async def test_an_edited_diff_goes_through_every_gate_and_waits_again(room: Room) -> None:
    task = await waiting(room)
    diff = task.diff.replace('"part": part}', '"part": part or "none"}')
    edited = await room.healer.edit(task.id, diff, "ann")
    assert (edited.state, edited.operator) == ("waiting_for_approval", "edited")
    assert [gate.name for gate in edited.gates] == [gate.name for gate in GATES]
    assert room.log == LOG
    done = await room.healer.approve(task.id, "ann")
    assert done.state == "learned"
    assert '"part": part or "none"}' in room.log


async def test_an_edited_diff_that_a_gate_refuses_leaves_the_one_before_waiting(room: Room) -> None:
    task = await waiting(room)
    diff = task.diff.replace('"part": part}', '"part": part')
    edited = await room.healer.edit(task.id, diff, "ann")
    assert edited.state == "waiting_for_approval"
    assert "was refused, gate compiles" in edited.detail
    assert edited.diff == task.diff
    assert edited.candidates[0].refused.startswith("gate compiles")
    assert (await room.healer.approve(task.id, "ann")).state == "learned"
    assert FIXED in room.log


async def test_an_edited_diff_that_does_not_apply_is_refused_with_its_line(room: Room) -> None:
    task = await waiting(room)
    with pytest.raises(DiffRefused, match=r"line \d+ of the diff: .*Keep no row"):
        await room.healer.edit(task.id, task.diff.replace("Keep one row", "Keep no row"), "ann")
    kept = room.queue.get(task.id)
    assert kept == task


async def test_a_rejected_repair_takes_a_persons_diff(room: Room) -> None:
    room.hooks.verdict = Verdict(True, "core rule")
    task = await waiting(room)
    await room.healer.reject(task.id, "ann")
    edited = await room.healer.edit(task.id, task.diff, "ann")
    assert edited.state == "waiting_for_approval"
    assert (await room.healer.approve(task.id, "ann")).state == "learned"


async def test_a_retried_repair_is_queued_and_worked_once_more(room: Room) -> None:
    task = await waiting(room)
    await room.healer.reject(task.id, "ann")
    again = await room.healer.retry(task.id, "ann")
    assert (again.id, again.state, again.gates) == (task.id, "queued", ())
    with pytest.raises(WrongState, match="only a task that is failed or undone"):
        await room.healer.retry(task.id, "ann")
    room.hooks.verdict = Verdict(True, "governance: allow by routine-work")
    claimed = room.queue.claim("agent")
    assert claimed is not None
    assert (await room.healer.work(claimed, "agent")).state == "learned"


async def test_a_repair_is_not_retried_beside_another_of_its_incident(room: Room) -> None:
    task = await waiting(room)
    await room.healer.reject(task.id, "ann")
    incident = room.incident(task)
    other = room.queue.add(incident, room.book.failure(incident.id), title="another")
    with pytest.raises(AlreadyOpen, match=other.id):
        await room.healer.retry(task.id, "ann")


async def test_a_learned_repair_is_undone_exactly_and_counts_as_failed(room: Room) -> None:
    task = await room.repair()
    done = await room.healer.undo(task.id, "ann", "I want it otherwise")
    assert (done.state, room.log) == ("undone", LOG)
    (fix,) = room.healer.knowledge()
    assert (fix["failures"], fix["trusted"]) == (1, False)
    with pytest.raises(GraceError, match="is undone; only a task that is learned can be undone"):
        await room.healer.undo(task.id, "ann")


async def test_a_repair_is_not_undone_where_a_file_changed_since(room: Room) -> None:
    task = await room.repair()
    mine = room.log + "# mine\n"
    (room.root / "kernels/log.py").write_text(mine)
    with pytest.raises(GraceError, match=r"kernels/log\.py changed since"):
        await room.healer.undo(task.id, "ann")
    assert room.log == mine
    assert room.healer.knowledge()[0]["failures"] == 0


async def test_a_change_that_was_taken_back_is_told_when_it_is_found_again(room: Room) -> None:
    asked: list[str] = []

    async def allow(task: TaskRecord, patch: object) -> Verdict:
        asked.append(getattr(patch, "ask", ""))
        return Verdict(not asked[-1], "doubt" if asked[-1] else "fine")

    room.hooks.allow = allow  # type: ignore[method-assign]
    task = await room.repair()
    await room.healer.undo(task.id, "ann", "not like this")
    again = await room.repair()
    assert again.state == "waiting_for_approval"
    assert asked == ["", "the same change was taken back by ann: not like this"]


async def test_a_worker_that_lost_its_task_changes_no_file(room: Room) -> None:
    await room.healer.respond((await room.fail()).id, "self_healing")
    task = room.queue.claim("agent")
    assert task is not None
    late = replace(task, token=task.token - 1)
    await room.healer.work(late, "agent")
    assert room.log == LOG
    assert "repair.lost" in room.hooks.actions()
