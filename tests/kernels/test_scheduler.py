from datetime import UTC, datetime
from pathlib import Path

import pytest

from grace_tui.kernel import GraceError, MonitorReported, NotReady, SnapshotRecord
from grace_tui.kernel.testing import Bench, ManualClock, running
from kernels.scheduler import Scheduler

pytestmark = pytest.mark.anyio


def published(bench: Bench, topic: str) -> list[object]:
    return [message.payload for message in bench.bus.messages if message.topic == topic]


async def test_a_snapshot_is_taken_at_start_when_there_is_none(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        await clock.advance(2)
        assert [snapshot.reason for snapshot in bench.snapshots.taken] == ["scheduled"]
        await clock.advance(3_600)
        assert len(bench.snapshots.taken) == 2


async def test_only_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    clock, settings = ManualClock(), {"scheduler": {"snapshots_kept": 2}}
    async with running(Scheduler, workspace=tmp_path, clock=clock, settings=settings) as bench:
        await clock.advance(2)
        for _ in range(3):
            await bench.get(Scheduler).run_now("snapshot")
        assert len(bench.snapshots.taken) == 2


async def test_a_young_snapshot_is_followed_after_the_rest_of_the_hour(tmp_path: Path) -> None:
    clock = ManualClock(10_000.0)
    async with running(workspace=tmp_path, clock=clock) as bench:
        bench.snapshots.taken.append(SnapshotRecord("S0", 10_000.0 - 1_800, "before", 3, 9))
        await bench.start(Scheduler)
        await clock.advance(1_790)
        assert len(bench.snapshots.taken) == 1
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.monitor, report.state, report.text) == ("snapshots", "ok", "newest 59 min 30 s old, 1 kept")
        await clock.advance(20)
        assert len(bench.snapshots.taken) == 2


async def test_an_interval_publishes_its_payload(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        view = await bench.get(Scheduler).add_interval("tidy", "task.tidy", 60, {"deep": True})
        assert (view.when, view.next_in) == ("every 60 s", 60.0)
        await clock.advance(185)
        assert published(bench, "task.tidy") == [{"deep": True}] * 3
        tidy = next(job for job in await bench.get(Scheduler).jobs() if job.name == "tidy")
        assert (tidy.runs, tidy.last_result) == (3, "published on task.tidy: 0 mailboxes")


async def test_missed_runs_are_made_up_for_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        await bench.get(Scheduler).add_interval("tidy", "task.tidy", 60)
        await clock.advance(1)
        clock.now += 1_000
        await clock.advance(5)
        assert len(published(bench, "task.tidy")) == 1


async def test_a_cron_line_is_due_at_its_minute(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2025, 11, 15, 8, 36, tzinfo=UTC).timestamp())
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        view = await bench.get(Scheduler).add_cron("every-five", "task.five", "*/5 * * * *")
        assert view.next_in == 240.0
        await clock.advance(239)
        assert published(bench, "task.five") == []
        await clock.advance(2)
        assert len(published(bench, "task.five")) == 1


async def test_jobs_of_the_settings_are_in_the_table_the_next_one_first(tmp_path: Path) -> None:
    jobs = {"beat": {"topic": "task.beat", "every": 5}, "night": {"topic": "task.night", "cron": "0 2 * * *"}}
    settings = {"scheduler": {"jobs": jobs, "snapshot_every": 60}}
    async with running(Scheduler, workspace=tmp_path, settings=settings, clock=ManualClock()) as bench:
        found = await bench.get(Scheduler).jobs()
        assert [(job.name, job.when) for job in found] == [
            ("beat", "every 5 s"),
            ("snapshot", "every 60 s"),
            ("night", "cron 0 2 * * *"),
        ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"jobs": []}, "jobs is .*; expected a table for each job"),
        ({"jobs": {"a": {"topic": "t"}}}, "job 'a' needs either `every` .* or `cron`"),
        ({"jobs": {"a": {"topic": "t", "every": 1, "cron": "* * * * *"}}}, "needs either"),
        ({"jobs": {"a": {"topic": "t", "every": "soon"}}}, "job 'a': every is 'soon'; expected a number, at least 1"),
        ({"jobs": {"a": {"topic": "t", "cron": "61 * * * *"}}}, "job 'a': cron is '61"),
        ({"jobs": {"a": {"topic": "t.*", "every": 9}}}, "job 'a': topic is 't\\.\\*'; expected one topic"),
        ({"snapshot_every": 0}, "snapshot_every is 0; expected a number"),
    ],
)
async def test_bad_settings_are_named(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    with pytest.raises(GraceError, match=message):
        async with running(Scheduler, workspace=tmp_path, settings={"scheduler": settings}, clock=ManualClock()):
            pass


async def test_a_job_is_run_now_and_its_regular_run_stays(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        scheduler = bench.get(Scheduler)
        await clock.advance(2)
        before = (await scheduler.jobs())[0].next_in
        assert await scheduler.run_now("snapshot") == "S2: 0 files, 0 bytes added, 0 pruned"
        assert (await scheduler.jobs())[0].next_in == before
        with pytest.raises(GraceError, match="no job 'lunch'; there are snapshot"):
            await scheduler.run_now("lunch")


async def test_jobs_are_removed_but_not_the_rooms_own(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        scheduler = bench.get(Scheduler)
        await scheduler.add_interval("tidy", "task.tidy", 60)
        with pytest.raises(GraceError, match="a job 'tidy' already"):
            await scheduler.add_cron("tidy", "task.tidy", "* * * * *")
        await scheduler.remove("tidy")
        await clock.advance(61)
        assert published(bench, "task.tidy") == []
        with pytest.raises(GraceError, match="the room's own job"):
            await scheduler.remove("snapshot")


async def test_a_job_that_fails_is_shown_and_tried_again(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(workspace=tmp_path, clock=clock) as bench:

        async def refuse(reason: str) -> SnapshotRecord:
            raise OSError("disk full")

        bench.snapshots.take = refuse  # type: ignore[method-assign]
        scheduler = await bench.start(Scheduler)
        await clock.advance(2)
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.state, report.text) == ("alert", "no snapshot yet; failed: disk full")
        await clock.advance(3_600)
        assert (await scheduler.jobs())[0].runs == 2


async def test_counts_and_added_jobs_survive_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(Scheduler, workspace=tmp_path, clock=clock) as bench:
        await bench.get(Scheduler).add_interval("tidy", "task.tidy", 60, {"deep": True})
        await clock.advance(61)
        saved = bench.get(Scheduler).save_state()
        await bench.stop(Scheduler)
        again = await bench.start(Scheduler, saved_state=saved)
        assert {job.name: job.runs for job in await again.jobs()} == {"snapshot": 1, "tidy": 1}
        await clock.advance(61)
        assert published(bench, "task.tidy") == [{"deep": True}] * 2


async def test_a_job_of_the_settings_is_forgotten_with_them(tmp_path: Path) -> None:
    settings = {"jobs": {"beat": {"topic": "task.beat", "every": 5}}}
    async with running(workspace=tmp_path, clock=ManualClock()) as bench:
        first = await bench.start(Scheduler, settings)
        saved = first.save_state()
        await bench.stop(Scheduler)
        again = await bench.start(Scheduler, saved_state=saved)
        assert [job.name for job in await again.jobs()] == ["snapshot"]


async def test_the_probe_fails_when_jobs_do_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def idle(self: Scheduler, job: object, regular: bool) -> None:
        return None

    monkeypatch.setattr(Scheduler, "_carry_out", idle)
    with pytest.raises(NotReady, match="ran its sample job with the result ''"):
        async with running(Scheduler, workspace=tmp_path, clock=ManualClock()):
            pass
