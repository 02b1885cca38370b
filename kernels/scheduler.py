"""Scheduler: does jobs at intervals and by cron: the hourly snapshot of the workspace, and messages people ask for.

Owns the table of jobs and their run counts. Called by people and kernels to add, remove and run jobs. A job that was
missed runs once, however often it was missed. It never runs code or commands: a user's job publishes a message.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import anyio
import anyio.to_thread
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]
from tzlocal import get_localzone

from grace_tui.kernel import GraceError, Kernel, KernelContext, KernelSpec, MonitorReported, NotReady
from grace_tui.kernel.spelling import duration, plural

LOOK = 1.0
REPORT_PERIOD = 30.0
SNAPSHOT = "snapshot"
SNAPSHOT_PERIOD = 3600.0
SNAPSHOTS_KEPT = 96
SMALLEST = 1.0


@dataclass(slots=True)
class Job:
    """One job; `declared` is what it was made from, so that an added one can be saved and made again."""

    name: str
    when: str
    trigger: BaseTrigger
    act: Callable[[], Awaitable[str]]
    next_run: datetime
    origin: Literal["room", "settings", "added"] = "room"
    declared: Mapping[str, object] = field(default_factory=dict)
    runs: int = 0
    last_run: float | None = None
    last_result: str = ""
    running: bool = False


@dataclass(frozen=True, slots=True)
class JobView:
    name: str
    when: str
    next_in: float
    """Seconds until it is due."""
    runs: int
    last_run: float | None
    last_result: str
    running: bool


class Scheduler(Kernel):
    """Runs jobs when they are due."""

    spec = KernelSpec(requires=("message_bus",), priority=22)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.table: dict[str, Job] = {}
        self.zone: tzinfo = UTC
        self.kept = SNAPSHOTS_KEPT
        self.report_due = context.clock.monotonic()

    async def start(self) -> None:
        self.zone = await anyio.to_thread.run_sync(get_localzone)
        self._add_snapshot_job()
        self.kept = int(number(self.settings.get("snapshots_kept", SNAPSHOTS_KEPT), "kernels.scheduler.snapshots_kept"))
        for name, declared in self._saved("added").items():
            self._add(name, declared, "added")
        for name, declared in self._declared_in_settings().items():
            self._add(name, declared, "settings")
        for name, counts in self._saved("counts").items():
            if name in self.table:
                job = self.table[name]
                job.runs, job.last_run = int(counts.get("runs", 0)), counts.get("last_run")
                job.last_result = str(counts.get("last", ""))

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            async for now in self.every(LOOK):
                for job in self._due():
                    job.running = True  # before its task begins, so that no second look starts it again
                    group.start_soon(self._run, job)
                if now >= self.report_due:
                    self._report()

    async def probe(self) -> None:
        """Find the next run of a known cron line, and run a job of its own making that is not in the table."""
        noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
        midnight = next_after(CronTrigger.from_crontab("0 0 * * *", timezone=UTC), noon, noon)
        if midnight != datetime(2020, 1, 2, tzinfo=UTC):
            raise NotReady(f"scheduler computed {midnight} as the midnight after {noon}")

        async def act() -> str:
            return "ran"

        now = self._now()
        job = Job("probe", "every 60 s", IntervalTrigger(seconds=60, timezone=self.zone), act, now)
        await self._carry_out(job, regular=True)
        if job.last_result != "ran" or job.next_run <= now:
            raise NotReady(f"scheduler ran its sample job with the result {job.last_result!r}")

    def save_state(self) -> Mapping[str, object]:
        counts = {
            job.name: {"runs": job.runs, "last_run": job.last_run, "last": job.last_result}
            for job in self.table.values()
        }
        added = {job.name: dict(job.declared) for job in self.table.values() if job.origin == "added"}
        return {"counts": counts, "added": added}

    def summary(self) -> str:
        runs = sum(job.runs for job in self.table.values())
        return f"{plural(len(self.table), 'job')}, {plural(runs, 'run')}"

    # ---- service

    async def jobs(self) -> tuple[JobView, ...]:
        """Every job, the next one first."""
        return tuple(self._view(job) for job in sorted(self.table.values(), key=lambda job: job.next_run))

    async def add_interval(
        self, name: str, topic: str, seconds: float, payload: Mapping[str, object] | None = None
    ) -> JobView:
        """Publish a message on `topic` every `seconds`.

        Raises:
            GraceError: the name is taken, or an argument is of no use.
        """
        return self._add_new(name, {"topic": topic, "every": seconds, "payload": dict(payload or {})})

    async def add_cron(self, name: str, topic: str, cron: str, payload: Mapping[str, object] | None = None) -> JobView:
        """Publish a message on `topic` whenever the five fields of `cron` say so, in local time.

        Raises:
            GraceError: the name is taken, or an argument is of no use.
        """
        return self._add_new(name, {"topic": topic, "cron": cron, "payload": dict(payload or {})})

    async def remove(self, name: str) -> None:
        """Forget a job that was added. Raises GraceError where it is unknown, or not an added one."""
        origin = self._job(name).origin
        if origin != "added":
            owner = "the room's own job" if origin == "room" else f"declared as kernels.scheduler.jobs.{name}"
            raise GraceError(f"{name} is {owner}; it cannot be removed here")
        del self.table[name]

    async def run_now(self, job: str) -> str:
        """Run a job at once and return its result; its next regular run stays."""
        found = self._job(job)
        if found.running:
            raise GraceError(f"job {job} is running already")
        return await self._run(found, regular=False)

    # ---- the table

    def _job(self, name: str) -> Job:
        if name not in self.table:
            raise GraceError(f"there is no job {name!r}; there are {', '.join(sorted(self.table))}")
        return self.table[name]

    def _add_new(self, name: str, declared: Mapping[str, Any]) -> JobView:
        if name in self.table:
            raise GraceError(f"there is a job {name!r} already ({self.table[name].when})")
        return self._view(self._add(name, declared, "added"))

    def _add(self, name: str, declared: Mapping[str, Any], origin: Literal["settings", "added"]) -> Job:
        topic, payload = str(declared.get("topic", "")), declared.get("payload", {})
        if not name or not topic or "*" in topic:
            raise GraceError(f"job {name!r}: topic is {topic!r}; expected one topic, without a pattern")
        when, trigger = make_trigger(name, declared, self.zone)

        async def act() -> str:
            reached = self.context.bus.publish(topic, payload, source=self.name)
            return f"published on {topic}: {reached} mailboxes"

        now = self._now()
        job = self.table[name] = Job(name, when, trigger, act, next_after(trigger, now, now), origin, dict(declared))
        return job

    def _add_snapshot_job(self) -> None:
        period = number(self.settings.get("snapshot_every", SNAPSHOT_PERIOD), "kernels.scheduler.snapshot_every")
        trigger = IntervalTrigger(seconds=period, timezone=self.zone)
        now, taken = self._now(), self.context.snapshots.all()
        last = datetime.fromtimestamp(taken[0].at, self.zone) if taken else None
        due = max(now, next_after(trigger, last, now)) if last is not None else now
        self.table[SNAPSHOT] = Job(SNAPSHOT, f"every {period:g} s", trigger, self._take_snapshot, due)

    async def _take_snapshot(self) -> str:
        snapshot = await self.context.snapshots.take("scheduled")
        gone = await self.context.snapshots.prune(self.kept)
        return f"{snapshot.id}: {plural(snapshot.files, 'file')}, {snapshot.bytes} bytes added, {len(gone)} pruned"

    def _declared_in_settings(self) -> dict[str, Mapping[str, Any]]:
        jobs = self.settings.get("jobs", {})
        if not isinstance(jobs, Mapping) or not all(isinstance(job, Mapping) for job in jobs.values()):
            raise GraceError(f"kernels.scheduler.jobs is {jobs!r}; expected a table for each job")
        return dict(jobs)

    def _saved(self, part: str) -> dict[str, Any]:
        return dict(self.saved_state.get(part, {}))

    # ---- time

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.context.clock.time(), self.zone)

    def _due(self) -> list[Job]:
        now = self._now()
        return [job for job in self.table.values() if job.next_run <= now and not job.running]

    async def _run(self, job: Job, regular: bool = True) -> str:
        await self._carry_out(job, regular)
        self.count()
        self._report()
        return job.last_result

    async def _carry_out(self, job: Job, regular: bool) -> None:
        job.running = True
        now = self._now()
        if regular:
            job.next_run = next_after(job.trigger, now, now)
        try:
            job.last_result = await job.act()
        except (GraceError, OSError) as problem:
            job.last_result = f"failed: {problem}"
            self.log.warning("job failed", job=job.name, problem=str(problem))
        finally:
            job.running = False
        job.runs += 1
        job.last_run = now.timestamp()

    # ---- telling

    def _view(self, job: Job) -> JobView:
        left = max((job.next_run - self._now()).total_seconds(), 0.0)
        return JobView(job.name, job.when, left, job.runs, job.last_run, job.last_result, job.running)

    def _report(self) -> None:
        """Tell the age of the newest snapshot."""
        self.report_due = self.context.clock.monotonic() + REPORT_PERIOD
        job = self.table[SNAPSHOT]
        taken = self.context.snapshots.all()
        age = self.context.clock.time() - taken[0].at if taken else None
        text = f"newest {duration(age)} old, {len(taken)} kept" if age is not None else "no snapshot yet"
        failed = job.last_result.startswith("failed")
        state = "busy" if job.running else "alert" if failed or age is None else "ok"
        text = f"{text}; {job.last_result}" if failed else text
        self.publish(MonitorReported("snapshots", state, text, len(taken), self._view(job).next_in))


def make_trigger(name: str, declared: Mapping[str, Any], zone: tzinfo) -> tuple[str, BaseTrigger]:
    """The trigger that `every` or `cron` asks for, and its words."""
    if ("every" in declared) == ("cron" in declared):
        raise GraceError(f"job {name!r} needs either `every` (seconds) or `cron` (five fields)")
    if "every" in declared:
        seconds = number(declared["every"], f"job {name!r}: every")
        return f"every {seconds:g} s", IntervalTrigger(seconds=seconds, timezone=zone)
    try:
        return f"cron {declared['cron']}", CronTrigger.from_crontab(str(declared["cron"]), timezone=zone)
    except ValueError as problem:
        raise GraceError(f"job {name!r}: cron is {declared['cron']!r}: {problem}") from problem


def next_after(trigger: BaseTrigger, last: datetime | None, now: datetime) -> datetime:
    """When the trigger fires next. Raises GraceError where it never does."""
    due = trigger.get_next_fire_time(last, now)
    if not isinstance(due, datetime):
        raise GraceError(f"{trigger} is never due")
    return due


def number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < SMALLEST:
        raise GraceError(f"{place} is {value!r}; expected a number, at least {SMALLEST:g}")
    return float(value)
