"""How a task goes from state to state, and what of it stays. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from grace_tui.kernel.records import TaskRecord, TaskState

FINISHED: Final[frozenset[TaskState]] = frozenset({"learned", "failed", "undone"})
UNHELD: Final[frozenset[TaskState]] = FINISHED | {"queued", "waiting_for_approval"}
"""States in which no worker has the task."""
LEASE = 60.0
"""Seconds that a worker may be silent; it renews its lease three times as often."""
KEPT_TIMES = 60


def saved(record: TaskRecord, now: float) -> TaskRecord:
    """The record as it is stored at `now`: with the time of its state, and its lease."""
    lease = 0.0 if record.state in UNHELD else now + LEASE
    times = record.times
    if not times or times[-1][0] != record.state:
        times = _kept((*times, (record.state, now)))
    return replace(record, times=times, lease_until=lease)


def claimed(record: TaskRecord, worker: str, state: TaskState, now: float) -> TaskRecord:
    """In new hands: the token grows, so that whoever had it can write no more."""
    return replace(
        record,
        state=state,
        worker=worker,
        token=record.token + 1,
        started_at=now,
        finished_at=None,
        seconds=0.0,
    )


def requeued(record: TaskRecord, detail: str) -> TaskRecord:
    """Queued anew, with nothing of the last attempt but its times."""
    return replace(
        record,
        state="queued",
        worker="",
        token=record.token + 1,
        started_at=None,
        finished_at=None,
        seconds=0.0,
        repair_seconds=0.0,
        gates=(),
        candidates=(),
        policy="",
        detail=detail,
    )


def ended(record: TaskRecord, changes: Mapping[str, object], now: float) -> TaskRecord:
    """With the time of its end, if it has just come."""
    if record.state not in FINISHED or record.finished_at is not None:
        return record
    seconds = record.seconds if "seconds" in changes else max(now - (record.started_at or now), 0.0)
    return replace(record, finished_at=now, seconds=seconds)


def turn(task: TaskRecord) -> tuple[bool, float, float, str]:
    """Unfinished tasks by priority and age, then the finished ones, newest first."""
    if task.state in FINISHED:
        return True, -(task.finished_at or task.queued_at), 0.0, task.id
    return False, -task.priority, task.queued_at, task.id


def _kept(times: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
    """The first, and the last ones."""
    return times if len(times) <= KEPT_TIMES else (times[0], *times[-KEPT_TIMES + 1 :])
