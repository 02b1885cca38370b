"""The repair queue: tasks on disk, claimed under a fencing token, so that a late or dead worker changes nothing.

The healer adds tasks; the coding agent (or the core's first aid) claims and updates them. A worker has a lease that it
renews; when that has run out, another may claim the task. The store is the truth, because another process may share
it; what is read often is kept in memory for as long as it holds.
One queue for each Store: another connection's writes are noticed, another queue's on the same connection are not.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.codec import decode, encode, failure_from_json
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.queue.errors import AlreadyOpen, StaleToken, TaskClosed, UnknownTask, WrongState
from grace_tui.healing.repair.queue.holders import lives, this_process
from grace_tui.healing.repair.queue.moves import FINISHED, UNHELD, claimed, ended, requeued, saved, turn
from grace_tui.healing.store import Store
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, TaskRecord, TaskState

KEPT_FINISHED = 500
IDENTITY = frozenset({"id", "incident_id", "worker", "queued_at", "token", "times", "lease_until"})
"""What `update` never changes."""

_INSERT = """INSERT INTO tasks (id, incident_id, state, finished, priority, queued_at, token, holder, record, failure)
             VALUES (?, ?, ?, 0, ?, ?, 0, '', ?, ?)"""
_NEXT = "SELECT record FROM tasks WHERE state = 'queued' ORDER BY priority DESC, queued_at, id LIMIT 1"
_HELD = "SELECT record, holder FROM tasks WHERE finished = 0 AND state NOT IN ('queued', 'waiting_for_approval')"
_SAVE = "UPDATE tasks SET state = ?, finished = ?, priority = ?, token = ?, holder = ?, record = ? WHERE id = ?"
_TRIM = """DELETE FROM tasks WHERE finished = 1 AND id NOT IN
           (SELECT id FROM tasks WHERE finished = 1 ORDER BY queued_at DESC, id DESC LIMIT ?)"""


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
                coarse=incident.coarse,
                times=(("queued", now),),
            )
            row = (record.id, incident.id, record.state, priority, now, encode(record), encode(failure))
            self.store.write(_INSERT, *row)
            self._keep(record)
            self._trim()
            return record

    def claim(self, worker: str) -> TaskRecord | None:
        """Take the first queued task, or one whose holder let its lease run out; None where there is neither.

        The new token shuts out every earlier holder.
        """
        with self._writing():
            found = self.store.read(_NEXT)
            record = decode(found[0][0], TaskRecord) if found else self._left_behind()
            if record is None:
                return None
            return self._save(claimed(record, worker, "diagnosing", self.clock.time()), self._me)

    def take(self, task_id: str, worker: str, state: TaskState, wanted: tuple[TaskState, ...]) -> TaskRecord:
        """Take a task for what a person decided about it, from one of the states `wanted`.

        Raises:
            UnknownTask: there is no such task.
            WrongState: it is in another state, for instance because somebody decided already.
            AlreadyOpen: it is finished, and its incident has another task.
        """
        with self._writing():
            old = self._stored(task_id)
            self._check_wanted(old, wanted)
            return self._save(claimed(old, worker, state, self.clock.time()), self._me)

    def retry(self, task_id: str, detail: str) -> TaskRecord:
        """Queue a failed or undone task once more. Raises as `take`."""
        with self._writing():
            old = self._stored(task_id)
            self._check_wanted(old, ("failed", "undone"))
            return self._save(replace(requeued(old, detail), known=False), "")

    def renew(self, task_id: str, token: int) -> TaskRecord:
        """Keep a claimed task for another lease.

        Raises:
            UnknownTask: there is no such task.
            StaleToken: it was taken from this holder.
        """
        return self.update(task_id, token)

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
            new = ended(replace(old, **changes), changes, self.clock.time())
            if old.state in FINISHED and new.state not in FINISHED:
                raise TaskClosed(task_id, old.state, new.state)
            if new.state == "queued":
                return self._save(replace(new, worker="", started_at=None), "")
            return self._save(new, "" if new.state in UNHELD else self._me)

    def release_orphans(self) -> tuple[TaskRecord, ...]:
        """Queue again what a run that is no more was working on; called once, when the room opens.

        What waits for a person goes on waiting: its patch is kept with it.
        """
        with self._writing():
            dead = [decode(record, TaskRecord) for record, holder in self.store.read(_HELD) if not lives(holder)]
            dead += [task for task in self._waiting() if self.patch(task.id) is None]
            return tuple(self._save(requeued(task, _died(task)), "") for task in dead)

    def all(self) -> tuple[TaskRecord, ...]:
        """Unfinished tasks by priority and age, then the finished ones, newest first."""
        with self._lock:
            self._fresh()
            if self._sorted is None:
                self._sorted = tuple(sorted(self._kept.values(), key=turn))
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

    def keep_patch(self, task_id: str, token: int, patch: Patch) -> None:
        """Keep what a person is asked about, with the task; raises as `renew`."""
        text = json.dumps(msgspec.to_builtins(patch))  # bytes of no encoding stand in it as escapes
        with self._writing():
            old = self._stored(task_id)
            if old.token != token:
                raise StaleToken(task_id, token, old.token)
            self.store.write("UPDATE tasks SET patch = ? WHERE id = ?", text, task_id)

    def patch(self, task_id: str) -> Patch | None:
        """The patch that a person was asked about last; None where none is kept."""
        found = self.store.read("SELECT patch FROM tasks WHERE id = ?", task_id)
        if not found or not found[0][0]:
            return None
        return msgspec.convert(json.loads(found[0][0]), Patch)

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

    def _check_wanted(self, task: TaskRecord, wanted: tuple[TaskState, ...]) -> None:
        if task.state not in wanted:
            raise WrongState(task.id, task.state, " or ".join(state.replace("_", " ") for state in wanted))
        other = self._open_task_of(task.incident_id)
        if other is not None and other.id != task.id:
            raise AlreadyOpen(task.id, other.id)

    def _left_behind(self) -> TaskRecord | None:
        """The most urgent task whose lease has run out."""
        held = [decode(record, TaskRecord) for record, _ in self.store.read(_HELD)]
        now = self.clock.time()
        return min((task for task in held if task.lease_until < now), key=turn, default=None)

    def _waiting(self) -> list[TaskRecord]:
        rows = self.store.read("SELECT record FROM tasks WHERE state = 'waiting_for_approval'")
        return [decode(record, TaskRecord) for (record,) in rows]

    def _stored(self, task_id: str) -> TaskRecord:
        found = self.store.read("SELECT record FROM tasks WHERE id = ?", task_id)
        if not found:
            raise UnknownTask(task_id)
        return decode(found[0][0], TaskRecord)

    def _save(self, record: TaskRecord, holder: str) -> TaskRecord:
        record = saved(record, self.clock.time())
        finished = int(record.state in FINISHED)
        values = (record.state, finished, record.priority, record.token, holder, encode(record), record.id)
        self.store.write(_SAVE, *values)
        self._keep(record)
        return record

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
        return this_process()


def _died(task: TaskRecord) -> str:
    return f"{task.worker} died while {task.state.replace('_', ' ')}"
