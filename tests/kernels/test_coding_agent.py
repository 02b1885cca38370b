from pathlib import Path

import anyio
import pytest

from grace_tui.healing.answering.ladder import LEFT
from grace_tui.kernel import FilesChanged, GraceError, MonitorReported, NotReady, TaskQueued, TaskRecord
from grace_tui.kernel.testing import Bench, ManualClock, RealClock, running, sample_incident, sample_kernel, sample_task
from kernels.coding_agent import CodingAgent, measure_folder, measure_source
from kernels.immutable_log import ImmutableLog

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(20):
        await anyio.lowlevel.checkpoint()


async def reports(bench: Bench, number: int) -> list[MonitorReported]:
    """The first `number` reports of the refactor monitor, once they are there."""
    with anyio.fail_after(5):
        while len(found := bench.bus.events(MonitorReported)) < number:
            await RealClock().sleep(0.002)
    return found


def queued(task_id: str) -> TaskQueued:
    return TaskQueued(task_id, "I1", 10)


async def test_the_start_is_written_to_the_log_with_its_subsystem(tmp_path: Path) -> None:
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path) as bench:
        record = bench.audit.entries[-1].record
        assert record["action"] == "agent.started"
        assert record["subsystem"] == "coding_agent"
        assert record["payload"] == {"waiting": 0, "done": 0}


async def test_a_log_that_refuses_the_subsystem_stops_the_start(tmp_path: Path) -> None:
    class NarrowLog:
        async def append(self, actor: str, action: str, resource: str = "", *, payload: object = None) -> None: ...

    with pytest.raises(TypeError, match="unexpected keyword argument 'subsystem'"):
        async with running(CodingAgent, workspace=tmp_path, providers={"immutable_log": NarrowLog()}):
            pass


async def test_tasks_are_worked_by_priority_one_at_a_time(tmp_path: Path) -> None:
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.tasks.add(sample_task("T1", "librarian", priority=5))
        bench.tasks.add(sample_task("T2", "governance", priority=10))
        bench.bus.publish("task.queued", queued("T2"), source="room")
        await settle()
        assert bench.healer.worked == ["T2", "T1"]
        assert bench.counts["coding_agent"] == 2


async def test_a_task_nobody_announced_is_found(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:
        bench.tasks.add(sample_task("T1", "librarian"))
        await clock.advance(5)
        assert bench.healer.worked == ["T1"]


async def test_tasks_left_by_the_last_instance_are_worked_at_start(tmp_path: Path) -> None:
    async with running(ImmutableLog, workspace=tmp_path) as bench:
        bench.tasks.add(sample_task("T1", "librarian"))
        await bench.start(CodingAgent)
        await settle()
        assert bench.healer.worked == ["T1"]


async def test_the_task_in_hand_is_told_and_the_heart_beats_meanwhile(tmp_path: Path) -> None:
    clock, gate = ManualClock(), anyio.Event()
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:

        async def slow(task: TaskRecord, by: str) -> TaskRecord:
            await gate.wait()
            return task

        bench.healer.work = slow  # type: ignore[method-assign]
        bench.tasks.add(sample_task("T1", "librarian"))
        bench.bus.publish("task.queued", queued("T1"), source="room")
        await settle()
        agent = bench.get(CodingAgent)
        current = await agent.current()
        assert current is not None
        assert (current.id, current.worker, agent.summary()) == ("T1", "coding_agent", "repairing librarian")
        before = bench.beats["coding_agent"]
        await clock.advance(60)
        assert bench.beats["coding_agent"] > before + 5
        gate.set()
        await settle()
        assert await agent.current() is None


async def test_a_long_task_claimed_while_it_is_probed_leaves_it_ready(tmp_path: Path) -> None:
    async with running(ImmutableLog, workspace=tmp_path) as bench:

        async def endless(task: TaskRecord, by: str) -> TaskRecord:
            await anyio.sleep_forever()
            return task

        bench.healer.work = endless  # type: ignore[method-assign]
        bench.tasks.add(sample_task("T1", "governance"))
        with anyio.fail_after(2):
            agent = await bench.start(CodingAgent)
        assert agent.summary() == "repairing governance"


async def test_a_task_that_cannot_be_finished_leaves_the_worker_working(tmp_path: Path) -> None:
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path) as bench:
        work = bench.healer.work

        async def refuse_first(task: TaskRecord, by: str) -> TaskRecord:
            if task.id == "T1":
                raise GraceError("lease lost")
            return await work(task, by)

        bench.healer.work = refuse_first  # type: ignore[method-assign]
        for number in (1, 2):
            bench.tasks.add(sample_task(f"T{number}", "librarian", queued_at=float(number)))
        bench.bus.publish("task.queued", queued("T1"), source="room")
        await settle()
        assert bench.healer.worked == ["T2"]
        assert any("lease lost" in line for line in bench.logs["coding_agent"].lines)


async def test_it_has_incidents_answered_while_self_healing_is_down(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("self_healing", state="quarantined"),)
        bench.incidents.add(sample_incident("I1", "librarian"))
        bench.incidents.add(sample_incident("I2", "librarian", action=f"nothing helps{LEFT}"))
        await clock.advance(5)
        assert bench.healer.responded == ["I1"]


async def test_it_leaves_incidents_to_a_healer_that_runs(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("self_healing"),)
        bench.incidents.add(sample_incident("I1", "librarian"))
        await clock.advance(60)
        assert bench.healer.responded == []


async def test_a_healer_that_leaves_incidents_unanswered_is_reported_and_answered_for(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("self_healing"),)
        bench.incidents.add(sample_incident("I1", "librarian"))
        await clock.advance(200)
        stuck = next(found for found in bench.incidents.all() if found.kind == "HealerStuck")
        assert (stuck.kernel, stuck.facts["held"], bench.healer.responded) == ("self_healing", "I1", [stuck.id])


async def test_the_queue_holds_open_tasks_only(tmp_path: Path) -> None:
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=ManualClock()) as bench:
        await settle()
        bench.tasks.add(sample_task("T1", "librarian", state="learned"))
        bench.tasks.add(sample_task("T2", "librarian", state="waiting_for_approval"))
        assert [task.id for task in await bench.get(CodingAgent).queue()] == ["T2"]


async def test_the_code_is_measured_when_idle_and_again_when_files_change(tmp_path: Path) -> None:
    folder, clock = tmp_path / "kernels", ManualClock()
    folder.mkdir()
    (folder / "plain.py").write_text("x = 1\n")
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path, clock=clock) as bench:
        await clock.advance(5)
        first = (await reports(bench, 1))[0]
        assert (first.monitor, first.state, first.text) == ("refactor", "ok", "0 proposals, 1 file")
        (folder / "broad.py").write_text("try:\n    x = 1\nexcept Exception:\n    x = 2\n")
        bench.bus.publish("files.changed", FilesChanged(("kernels/broad.py",)), source="room")
        second = (await reports(bench, 2))[1]
        assert (second.state, second.count) == ("alert", 1)
        found = await bench.get(CodingAgent).proposals()
        assert [(one.intent, one.path, one.line) for one in found] == [("narrow_except", "kernels/broad.py", 3)]


@pytest.mark.parametrize(
    ("source", "intents"),
    [
        pytest.param("def f():\n" + "    x = 1\n" * 41, ["extract_method"], id="long-body"),
        pytest.param("def f():\n" + "    x = 1\n" * 40, [], id="body-at-the-limit"),
        pytest.param("x = 1\n" * 300, ["split_large_file"], id="long-file"),
        pytest.param("try:\n    f()\nexcept:\n    g()\n", ["narrow_except"], id="bare-except"),
        pytest.param("try:\n    f()\nexcept BaseException:\n    g()\n    raise\n", [], id="raised-again"),
        pytest.param("try:\n    f()\nexcept (ValueError, KeyError):\n    g()\n", [], id="narrow"),
    ],
)
def test_a_file_is_measured(source: str, intents: list[str]) -> None:
    assert [proposal.intent for proposal in measure_source("a.py", source)] == intents


def test_repeated_functions_are_found_across_files_and_torn_files_are_left(tmp_path: Path) -> None:
    body = "".join(f"    x{n} = {n}\n" for n in range(6))
    (tmp_path / "a.py").write_text(f"def one():\n{body}")
    (tmp_path / "b.py").write_text(f"def two():\n{body}")
    (tmp_path / "torn.py").write_text("def three(:\n")
    files, found = measure_folder(tmp_path)
    assert files == 3
    assert [(one.intent, one.fact) for one in found] == [
        ("remove_duplication", f"two repeats {tmp_path.name}/a.py:1"),
    ]


async def test_counts_survive_a_restart(tmp_path: Path) -> None:
    async with running(ImmutableLog, CodingAgent, workspace=tmp_path) as bench:
        bench.tasks.add(sample_task("T1", "librarian"))
        bench.bus.publish("task.queued", queued("T1"), source="room")
        await settle()
        saved = bench.get(CodingAgent).save_state()
        await bench.stop(CodingAgent)
        assert (await bench.start(CodingAgent, saved_state=saved)).summary() == "1 worked"


async def test_the_probe_fails_when_the_measure_is_blind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.coding_agent.measure_source", lambda name, source: [])
    with pytest.raises(NotReady, match="missed a broad except"):
        async with running(ImmutableLog, CodingAgent, workspace=tmp_path):
            pass


async def test_the_probe_fails_when_nobody_works_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(self: CodingAgent) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(CodingAgent, "_work_queue", idle)
    monkeypatch.setattr("kernels.coding_agent.WORKER_WAIT", 0.01)
    with pytest.raises(NotReady, match="did not look at its queue"):
        async with running(ImmutableLog, CodingAgent, workspace=tmp_path):
            pass
