"""TaskQueue: one holder a task, whatever dies, and nothing lost."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.patch import FileEdit, Patch, Site
from grace_tui.healing.repair.queue import FINISHED, LEASE, StaleToken, TaskClosed, TaskQueue, UnknownTask, WrongState
from grace_tui.healing.repair.queue import queue as module
from grace_tui.healing.store import open_store
from grace_tui.kernel.ports import TaskPort
from grace_tui.kernel.records import GateVerdict, IncidentRecord, TaskRecord, TaskState
from grace_tui.kernel.testing import ManualClock

INCIDENT = IncidentRecord(
    "I-1", "coding_agent", "start", "TypeError", "m", "t", "typeerror-a-1", "typeerror-1", "open", 1.0, 1.0, 1,
    provider="kernels/immutable_log.py",
)  # fmt: skip
FAILURE = Failure("coding_agent", "start", "TypeError", "m", (Frame("kernels/coding_agent.py", True, "start", 8),))
PATCH = Patch("o", Site("p", "a.py", "f", "n"), "it", (FileEdit("a.py", "x = '\udce9'\n", "x = 1\n"),))


class Bench:
    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, ManualClock()
        self.queues: list[TaskQueue] = []

    def open(self) -> TaskQueue:
        """A queue over a connection of its own, as another process would have."""
        self.queues.append(TaskQueue(open_store(self.root / "room.db"), self.clock))
        return self.queues[-1]

    def add(self, queue: TaskQueue, number: int = 1, priority: int = 10) -> TaskRecord:
        self.clock.now += 1
        return queue.add(replace(INCIDENT, id=f"I-{number}"), FAILURE, priority=priority, title=f"repair {number}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for queue in bench.queues:
        queue.store.close()


@pytest.fixture
def queue(bench: Bench) -> TaskQueue:
    return bench.open()


def test_the_queue_is_what_kernels_are_promised(queue: TaskQueue) -> None:
    port: TaskPort = queue
    assert (port.all(), port.claim("coding_agent"), port.get("T-1")) == ((), None, None)


def test_a_task_tells_what_is_to_be_repaired_and_who_must_not_change(bench: Bench, queue: TaskQueue) -> None:
    task = bench.add(queue)
    assert (task.kernel, task.signature, task.provider) == ("coding_agent", "typeerror-a-1", "kernels/immutable_log.py")
    assert (task.consumers, task.state, task.priority) == (("kernels/coding_agent.py",), "queued", 10)
    assert queue.failure(task.id) == FAILURE
    assert queue.get(task.id) == task


def test_an_incident_has_one_open_task_however_often_it_is_added(bench: Bench, queue: TaskQueue) -> None:
    task = bench.add(queue)
    assert bench.add(queue) == task
    claimed = queue.claim("a")
    assert claimed is not None
    assert bench.add(bench.open()).id == task.id
    queue.update(task.id, claimed.token, state="failed")
    assert bench.add(queue).id != task.id


def test_the_most_urgent_is_claimed_first_and_then_the_oldest(bench: Bench, queue: TaskQueue) -> None:
    for number, priority in ((1, 5), (2, 10), (3, 10), (4, 1)):
        bench.add(queue, number, priority)
    order = [task.incident_id for _ in range(4) if (task := queue.claim("a"))]
    assert order == ["I-2", "I-3", "I-1", "I-4"]
    assert queue.claim("a") is None


def test_finished_tasks_come_after_the_open_ones_newest_first(bench: Bench, queue: TaskQueue) -> None:
    for number in (1, 2, 3):
        bench.add(queue, number)
    for _ in range(2):
        task = queue.claim("a")
        assert task is not None
        bench.clock.now += 1
        queue.update(task.id, task.token, state="learned")
    assert [task.incident_id for task in queue.all()] == ["I-3", "I-2", "I-1"]


def test_the_holder_writes_down_how_it_goes(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    task = queue.claim("coding_agent")
    assert task is not None
    assert (task.state, task.worker, task.token, task.started_at) == ("diagnosing", "coding_agent", 1, bench.clock.now)
    gates = (GateVerdict("parse", "passed", 0.4),)
    queue.update(task.id, task.token, state="gating", gates=gates, operator="unexpected_keyword")
    bench.clock.now += 2.5
    done = queue.update(task.id, task.token, state="learned")
    assert (done.gates, done.finished_at, done.seconds) == (gates, bench.clock.now, 2.5)
    assert bench.open().get(task.id) == done


def test_a_finished_task_stays_finished(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    task = queue.claim("a")
    assert task is not None
    queue.update(task.id, task.token, state="undone")
    assert queue.update(task.id, task.token, detail="put back").detail == "put back"
    with pytest.raises(TaskClosed, match="is undone; it cannot become queued"):
        queue.update(task.id, task.token, state="queued")


def test_a_holder_may_give_a_task_back_and_is_then_a_stranger_to_the_next(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    first = queue.claim("a")
    assert first is not None
    assert queue.update(first.id, first.token, state="queued").worker == ""
    second = queue.claim("b")
    assert second is not None
    with pytest.raises(StaleToken, match=r"token 1 no longer holds .*; its token is 2"):
        queue.update(first.id, first.token, state="learned")
    assert queue.get(first.id) == second


@pytest.mark.parametrize("change", ["id", "worker", "incident_id", "queued_at"])
def test_what_makes_a_task_itself_cannot_be_updated(bench: Bench, queue: TaskQueue, change: str) -> None:
    task = bench.add(queue)
    with pytest.raises(TypeError, match=f"may not change {change}"):
        queue.update(task.id, 0, **{change: "x"})


def test_unknown_tasks_are_named(queue: TaskQueue) -> None:
    with pytest.raises(UnknownTask, match="there is no task T-0"):
        queue.update("T-0", 1, state="failed")
    with pytest.raises(UnknownTask):
        queue.failure("T-0")


def test_a_write_that_fails_leaves_no_trace_in_memory(bench: Bench, queue: TaskQueue) -> None:
    task = bench.add(queue)
    with pytest.raises(TypeError, match="colour"):
        queue.update(task.id, 0, colour="red")
    queue.store.write("CREATE TRIGGER refuse BEFORE UPDATE ON tasks BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(Exception, match="no"):
        queue.claim("a")
    assert queue.all() == (task,)


def test_what_another_process_wrote_is_seen(bench: Bench, queue: TaskQueue) -> None:
    other = bench.open()
    task = bench.add(other)
    assert queue.all() == (task,)
    claimed = other.claim("b")
    assert queue.get(task.id) == claimed


@pytest.mark.parametrize("connections", [1, 4], ids=["one-connection", "a-connection-each"])
def test_many_workers_never_hold_one_task(bench: Bench, connections: int) -> None:
    queues = [bench.open() for _ in range(connections)]
    for number in range(60):
        bench.add(queues[0], number)
    claimed: list[tuple[str, str]] = []
    ready = threading.Barrier(4)

    def work(name: int) -> None:
        ready.wait()
        while task := queues[name % connections].claim(f"worker {name}"):
            claimed.append((task.id, task.worker))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len({task_id for task_id, _ in claimed}) == 60
    assert {(task.id, task.worker) for task in queues[0].all()} == set(claimed)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from tests.healing.repair.test_queue import Bench
bench = Bench(Path(sys.argv[1]))
queue = bench.open()
for number in (1, 2, 3):
    bench.add(queue, number)
task = queue.claim("coding_agent")
queue.update(task.id, task.token, state="gating")
print(task.id, task.token, flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


def started(root: Path, end: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", SCRIPT, str(root), end]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, env=environment)


def test_a_killed_workers_task_is_queued_again_and_its_token_is_worth_nothing(bench: Bench) -> None:
    output, _ = started(bench.root, "killed").communicate()
    task_id, token = output.split()
    queue = bench.open()
    assert [task.state for task in queue.all()] == ["gating", "queued", "queued"]
    (released,) = queue.release_orphans()
    assert (released.id, released.state, released.worker, released.gates) == (task_id, "queued", "", ())
    assert released.detail == "coding_agent died while gating"
    with pytest.raises(StaleToken):
        queue.update(task_id, int(token), state="applying")
    again = queue.claim("first aid")
    assert again is not None
    assert (again.id, queue.failure(task_id)) == (task_id, FAILURE)


def test_a_killed_worker_that_nobody_reaped_counts_as_dead(bench: Bench) -> None:
    worker = started(bench.root, "killed")
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert [task.state for task in bench.open().release_orphans()] == ["queued"]
    worker.communicate()


def test_a_living_workers_task_is_left_to_it(bench: Bench) -> None:
    worker = started(bench.root, "lives")
    assert worker.stdout is not None
    worker.stdout.readline()
    assert bench.open().release_orphans() == ()
    worker.communicate("")


def test_this_runs_own_tasks_are_no_orphans(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    queue.claim("a")
    assert queue.release_orphans() == ()


def test_the_oldest_finished_tasks_are_forgotten(
    bench: Bench, queue: TaskQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_FINISHED", 2)
    for number in range(5):
        bench.add(queue, number)
        task = queue.claim("a")
        assert task is not None
        queue.update(task.id, task.token, state="failed")
    bench.add(queue, 5)
    assert [task.incident_id for task in queue.all()] == ["I-5", "I-4", "I-3"]


def test_a_task_that_cannot_be_read_does_not_hide_the_others(bench: Bench, queue: TaskQueue) -> None:
    task = bench.add(queue)
    queue.store.write(
        "INSERT INTO tasks VALUES ('T-bad', 'I-9', 'failed', 1, 10, 1.0, 0, '', 'nonsense', 'nonsense', '')"
    )
    again = bench.open()
    assert (again.all(), again.unreadable) == ((task,), ("T-bad",))


# ---- leases, and every state of a task


def test_each_state_has_its_time(bench: Bench, queue: TaskQueue) -> None:
    began = bench.add(queue).queued_at
    task = queue.claim("a")
    assert task is not None
    for state in ("trying", "gating", "gating", "applying", "watching", "learned"):
        bench.clock.now += 1
        task = queue.update(task.id, task.token, state=state)
    assert task.times == (
        ("queued", began),
        ("diagnosing", began),
        *(
            (state, began + after)
            for state, after in (("trying", 1), ("gating", 2), ("applying", 4), ("watching", 5), ("learned", 6))
        ),
    )


def test_a_lease_that_ran_out_lets_another_claim_and_shuts_the_first_one_out(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    first = queue.claim("a")
    assert first is not None
    bench.clock.now += LEASE - 1
    assert queue.renew(first.id, first.token).lease_until == bench.clock.now + LEASE
    bench.clock.now += LEASE
    assert bench.open().claim("b") is None
    bench.clock.now += 1
    second = bench.open().claim("b")
    assert second is not None
    assert (second.id, second.worker, second.token) == (first.id, "b", 2)
    for act in (queue.renew, lambda task_id, token: queue.update(task_id, token, state="learned")):
        with pytest.raises(StaleToken):
            act(first.id, first.token)
    with pytest.raises(StaleToken):
        queue.keep_patch(first.id, first.token, PATCH)


def test_what_waits_for_a_person_has_no_lease_and_keeps_its_patch(bench: Bench, queue: TaskQueue) -> None:
    bench.add(queue)
    task = queue.claim("a")
    assert task is not None
    queue.keep_patch(task.id, task.token, PATCH)
    queue.update(task.id, task.token, state="waiting_for_approval")
    bench.clock.now += 10 * LEASE
    other = bench.open()
    assert other.claim("b") is None
    assert other.release_orphans() == ()
    assert other.patch(task.id) == PATCH


@pytest.mark.parametrize("state", get_args(TaskState))
def test_a_task_survives_the_kill_of_its_worker_in_every_state(bench: Bench, state: TaskState) -> None:
    script = SCRIPT.replace('state="gating"', f'state="{state}"').replace(
        "task = queue.claim", "from tests.healing.repair.test_queue import PATCH\ntask = queue.claim"
    )
    script = script.replace("queue.update(", "queue.keep_patch(task.id, task.token, PATCH)\nqueue.update(")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", script, str(bench.root), "killed"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    task_id, token = done.stdout.split()
    queue = bench.open()
    before = queue.get(task_id)
    assert before is not None
    assert before.state == state
    released = queue.release_orphans()
    after = queue.get(task_id)
    assert after is not None
    if state in ("queued", "waiting_for_approval", "learned", "failed", "undone"):
        assert (released, after) == ((), before)
        assert queue.patch(task_id) == PATCH
    else:
        assert (after.state, after.detail) == ("queued", f"coding_agent died while {state}")
        with pytest.raises(StaleToken):
            queue.update(task_id, int(token), state="learned")
    assert queue.failure(task_id) == FAILURE


def test_a_task_of_an_earlier_version_that_waits_without_a_patch_is_queued_again(
    bench: Bench, queue: TaskQueue
) -> None:
    bench.add(queue)
    task = queue.claim("a")
    assert task is not None
    queue.update(task.id, task.token, state="waiting_for_approval")
    (released,) = queue.release_orphans()
    assert (released.id, released.state) == (task.id, "queued")


def test_a_person_takes_a_task_only_from_the_states_they_may(bench: Bench, queue: TaskQueue) -> None:
    task = bench.add(queue)
    with pytest.raises(WrongState, match="is queued; only a task that is waiting for approval can be"):
        queue.take(task.id, "ann", "gating", ("waiting_for_approval",))
    with pytest.raises(UnknownTask):
        queue.take("T-0", "ann", "gating", ("waiting_for_approval",))


WORKERS = ("a", "b", "c")


class QueueMachine(RuleBasedStateMachine):
    """Workers over two connections, who claim, write, renew, fall silent and come back late."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.bench = Bench(Path(self.folder.name))
        self.queues = [self.bench.open(), self.bench.open()]
        self.number = 0
        self.newest: dict[str, int] = {}
        """Task -> the token that its last claimer got."""
        self.believed: list[tuple[str, int]] = []
        """What workers believe to hold, some of them wrongly."""
        self.finished: dict[str, str] = {}

    @rule(priority=st.integers(1, 10))
    def add(self, priority: int) -> None:
        self.number += 1
        self.bench.add(self.queues[0], self.number, priority)

    @rule(worker=st.sampled_from(WORKERS), which=st.integers(0, 1))
    def claim(self, worker: str, which: int) -> None:
        queued = [task for task in self.queues[0].all() if task.state == "queued"]
        task = self.queues[which].claim(worker)
        if task is None:
            assert not queued
            return
        if queued:
            assert task.id == min(queued, key=lambda one: (-one.priority, one.queued_at, one.id)).id
        assert task.token > self.newest.get(task.id, 0)
        assert task.id not in self.finished
        self.newest[task.id] = task.token
        self.believed.append((task.id, task.token))

    @rule(data=st.data(), which=st.integers(0, 1), state=st.sampled_from(get_args(TaskState)))
    def write(self, data: st.DataObject, which: int, state: TaskState) -> None:
        if not self.believed:
            return
        task_id, token = data.draw(st.sampled_from(self.believed))
        before = self.queues[which].get(task_id)
        assert before is not None
        try:
            after = self.queues[which].update(task_id, token, state=state)
        except StaleToken:
            assert token != self.newest[task_id]
            assert self.queues[which].get(task_id) == before
        except TaskClosed:
            assert task_id in self.finished
        else:
            assert token == self.newest[task_id]
            assert after.state == state
            if state in FINISHED:
                self.finished[task_id] = state

    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        if not self.believed:
            return
        task_id, token = data.draw(st.sampled_from(self.believed))
        try:
            self.queues[0].renew(task_id, token)
        except StaleToken:
            assert token != self.newest[task_id]

    @rule(seconds=st.sampled_from((1.0, LEASE / 2, LEASE + 1)))
    def wait(self, seconds: float) -> None:
        self.bench.clock.now += seconds

    @rule(which=st.integers(0, 1))
    def retry(self, which: int) -> None:
        for task_id, state in list(self.finished.items()):
            if state in ("failed", "undone"):
                task = self.queues[which].retry(task_id, "retried by ann")
                self.newest[task_id] = task.token
                del self.finished[task_id]
                return

    @invariant()
    def both_connections_tell_the_same(self) -> None:
        assert self.queues[0].all() == self.queues[1].all()

    @invariant()
    def times_only_grow_and_end_with_the_state(self) -> None:
        for task in self.queues[0].all():
            assert [at for _, at in task.times] == sorted(at for _, at in task.times)
            assert task.times[-1][0] == task.state
            assert (task.lease_until == 0.0) == (task.state in {*FINISHED, "queued", "waiting_for_approval"})

    @invariant()
    def what_is_finished_stays_so(self) -> None:
        for task_id in self.finished:
            task = self.queues[1].get(task_id)
            assert task is not None
            assert task.state in FINISHED

    def teardown(self) -> None:
        for queue in self.queues:
            queue.store.close()
        self.folder.cleanup()


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
