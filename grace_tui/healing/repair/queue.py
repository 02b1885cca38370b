"""The repair queue: tasks on disk, claimed under a fencing token, so that a late or dead worker changes nothing.

The healer adds tasks; the coding agent (or the core's first aid) claims and updates them. The store is the truth,
because `grace-tui heal` and the room may share it; what is read often is kept in memory for as long as it holds.
One queue for each Store: another connection's writes are noticed, another queue's on the same connection are not.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import msgspec
import psutil

from grace_tui.healing.failure import Failure
from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.codec import decode, encode, failure_from_json
from grace_tui.healing.store import Store
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, TaskRecord, TaskState

FINISHED: Final[frozenset[TaskState]] = frozenset({"learned", "failed", "undone"})
KEPT_FINISHED = 500
IDENTITY = frozenset({"id", "incident_id", "worker", "queued_at"})
"""What `update` never changes."""

_INSERT = """INSERT INTO tasks (id, incident_id, state, finished, priority, queued_at, token, holder, record, failure)
             VALUES (?, ?, ?, 0, ?, ?, 0, '', ?, ?)"""
_NEXT = "SELECT record FROM tasks WHERE state = 'queued' ORDER BY priority DESC, queued_at, id LIMIT 1"
_SAVE = "UPDATE tasks SET state = ?, finished = ?, priority = ?, token = ?, holder = ?, record = ? WHERE id = ?"
_TRIM = """DELETE FROM tasks WHERE finished = 1 AND id NOT IN
           (SELECT id FROM tasks WHERE finished = 1 ORDER BY queued_at DESC, id DESC LIMIT ?)"""


class UnknownTask(GraceError):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"there is no task {task_id}")
        self.task_id = task_id


class StaleToken(GraceError):
    """The task was taken from this holder; somebody else has it now."""

    def __init__(self, task_id: str, token: int, current: int) -> None:
        super().__init__(f"token {token} no longer holds {task_id}; its token is {current}")
        self.task_id, self.token, self.current = task_id, token, current


class TaskClosed(GraceError):
    """A finished task does not become unfinished."""

    def __init__(self, task_id: str, old: TaskState, new: TaskState) -> None:
        super().__init__(f"{task_id} is {old}; it cannot become {new}")
        self.task_id, self.old, self.new = task_id, old, new


class TaskQueue:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self._lock = threading.RLock()
        self._kept: dict[str, TaskRecord] = {}
        self._sorted: tuple[TaskRecord, ...] | None = None
        self._version = -1
        self._ids = Ids("T")
        self.unreadable: tuple[str, ...] = ()
        """Ids of stored tasks that could not be read; they stay in the store."""

    def add(
        self,
        incident: IncidentRecord,
        failure: Failure,
        *,
        priority: int = 10,
        title: str,
        known: bool = False,
        operator: str = "",
        detail: str = "",
    ) -> TaskRecord:
        """Queue a repair. An incident has one unfinished task: a second call returns the first one's."""
        with self._writing():
            current = self._open_task_of(incident.id)
            if current is not None:
                return current
            now = self.clock.time()
            self._fresh()
            record = TaskRecord(
                id=self._ids.new(now),
                incident_id=incident.id,
                kernel=incident.kernel,
                signature=incident.signature,
                priority=priority,
                state="queued",
                queued_at=now,
                title=title,
                operator=operator,
                provider=incident.provider,
                consumers=failure.consumers,
                detail=detail,
                known=known,
            )
            row = (record.id, incident.id, record.state, priority, now, encode(record), encode(failure))
            self.store.write(_INSERT, *row)
            self._keep(record)
            self._trim()
            return record

    def claim(self, worker: str) -> TaskRecord | None:
        """Take the first queued task, or None. The new token shuts out every earlier holder."""
        with self._writing():
            found = self.store.read(_NEXT)
            if not found:
                return None
            record = decode(found[0][0], TaskRecord)
            return self._save(
                replace(
                    record,
                    state="diagnosing",
                    worker=worker,
                    token=record.token + 1,
                    started_at=self.clock.time(),
                    finished_at=None,
                    seconds=0.0,
                ),
                self._me,
            )

    def update(self, task_id: str, token: int, **changes: Any) -> TaskRecord:
        """Write down how a claimed task goes; `state` learned, failed or undone finishes it.

        Raises:
            UnknownTask: there is no such task.
            StaleToken: `token` is not the task's newest.
            TaskClosed: the task is finished, and `state` would reopen it.
        """
        if refused := IDENTITY & changes.keys():
            raise TypeError(f"update may not change {', '.join(sorted(refused))}")
        with self._writing():
            old = self._stored(task_id)
            if old.token != token:
                raise StaleToken(task_id, token, old.token)
            new = self._finished(replace(old, **changes), changes)
            if old.state in FINISHED and new.state not in FINISHED:
                raise TaskClosed(task_id, old.state, new.state)
            if new.state == "queued":
                return self._save(replace(new, worker="", started_at=None), "")
            return self._save(new, "" if new.state in FINISHED else self._me)

    def release_orphans(self) -> tuple[TaskRecord, ...]:
        """Queue again what a run that is no more was working on; called once, when the room opens."""
        with self._writing():
            rows = self.store.read("SELECT record, holder FROM tasks WHERE finished = 0 AND state != 'queued'")
            dead = [decode(record, TaskRecord) for record, holder in rows if not _lives(holder)]
            return tuple(self._save(_released(record), "") for record in dead)

    def all(self) -> tuple[TaskRecord, ...]:
        """Unfinished tasks by priority and age, then the finished ones, newest first."""
        with self._lock:
            self._fresh()
            if self._sorted is None:
                self._sorted = tuple(sorted(self._kept.values(), key=_turn))
            return self._sorted

    def get(self, task_id: str) -> TaskRecord | None:
        with self._lock:
            self._fresh()
            return self._kept.get(task_id)

    def failure(self, task_id: str) -> Failure:
        """The failure that the task is to repair.

        Raises:
            UnknownTask: there is no such task.
        """
        found = self.store.read("SELECT failure FROM tasks WHERE id = ?", task_id)
        if not found:
            raise UnknownTask(task_id)
        return failure_from_json(found[0][0])

    # ---- the store and what is kept of it

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            try:
                with self.store.transaction():
                    yield
            except BaseException:
                self._version = -1
                raise

    def _trim(self) -> None:
        if sum(task.state in FINISHED for task in self._kept.values()) > KEPT_FINISHED:
            self.store.write(_TRIM, KEPT_FINISHED)
            self._version = -1

    def _open_task_of(self, incident_id: str) -> TaskRecord | None:
        found = self.store.read("SELECT record FROM tasks WHERE incident_id = ? AND finished = 0", incident_id)
        return decode(found[0][0], TaskRecord) if found else None

    def _stored(self, task_id: str) -> TaskRecord:
        found = self.store.read("SELECT record FROM tasks WHERE id = ?", task_id)
        if not found:
            raise UnknownTask(task_id)
        return decode(found[0][0], TaskRecord)

    def _save(self, record: TaskRecord, holder: str) -> TaskRecord:
        finished = int(record.state in FINISHED)
        values = (record.state, finished, record.priority, record.token, holder, encode(record), record.id)
        self.store.write(_SAVE, *values)
        self._keep(record)
        return record

    def _finished(self, record: TaskRecord, changes: Mapping[str, object]) -> TaskRecord:
        if record.state not in FINISHED or record.finished_at is not None:
            return record
        now = self.clock.time()
        seconds = record.seconds if "seconds" in changes else max(now - (record.started_at or now), 0.0)
        return replace(record, finished_at=now, seconds=seconds)

    def _keep(self, record: TaskRecord) -> None:
        self._kept[record.id] = record
        self._sorted = None

    def _fresh(self) -> None:
        """Read everything again when another connection has written; our own writes are kept as they are made."""
        version = self.store.foreign_version
        if version == self._version:
            return
        self._version = version
        kept: dict[str, TaskRecord] = {}
        unreadable: list[str] = []
        for task_id, data in self.store.read("SELECT id, record FROM tasks"):
            self._ids.seen(task_id)
            try:
                kept[task_id] = decode(data, TaskRecord)
            except msgspec.DecodeError:
                unreadable.append(task_id)
        self._kept, self._sorted, self.unreadable = kept, None, tuple(unreadable)

    @cached_property
    def _me(self) -> str:
        return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def _turn(task: TaskRecord) -> tuple[bool, float, float, str]:
    if task.state in FINISHED:
        return True, -(task.finished_at or task.queued_at), 0.0, task.id
    return False, -task.priority, task.queued_at, task.id


def _released(task: TaskRecord) -> TaskRecord:
    """The token grows here too, so that a holder thought dead cannot write after all."""
    return replace(
        task,
        state="queued",
        worker="",
        token=task.token + 1,
        started_at=None,
        gates=(),
        detail=f"{task.worker} died while {task.state.replace('_', ' ')}",
    )


def _lives(holder: str) -> bool:
    pid, _, started = holder.partition(":")
    if not pid.isdecimal():
        return False
    try:
        process = psutil.Process(int(pid))
        # Where nobody reaps orphans, as in many containers, a killed room stays on as a zombie.
        return process.status() != psutil.STATUS_ZOMBIE and f"{process.create_time():.2f}" == started
    except psutil.Error:
        return False
