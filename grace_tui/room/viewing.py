"""From the records of the core to the one view that every face shows."""

import dataclasses
import platform
from collections.abc import Callable, Mapping, Sequence

import grace_tui
from grace_tui.faces.views import (
    ExitView,
    GateView,
    HiddenView,
    IncidentView,
    KernelView,
    MonitorView,
    RoomView,
    RunView,
    SilenceView,
    StepView,
    TaskView,
    VitalsView,
)
from grace_tui.kernel.events import MonitorReported
from grace_tui.kernel.records import IncidentRecord, KernelRecord, RunRecord, TaskRecord

INCIDENTS_SHOWN = 200
OLDER_SHOWN = 200
"""Incidents older than those that are shown nevertheless, because they are not resolved."""
TASKS_SHOWN = 100
RUNS_SHOWN = 50
OPEN_STATES = frozenset({"open", "acknowledged", "in_repair", "watching", "reopened"})
UP_STATES = frozenset({"running", "paused", "completed"})
DOWN_STATES = frozenset({"failed", "backing_off", "quarantined"})
ENDED_TASKS = frozenset({"learned", "failed", "undone"})
MONITORS = ("recognition", "triggers", "refactor", "snapshots")


@dataclasses.dataclass(frozen=True, slots=True)
class Gauges:
    """What is measured of the room as a whole."""

    workspace: str
    host: str
    state: str
    loop_lag_ms: float
    loop_lag_p99_ms: float
    cpu_percent: float
    rss_bytes: int
    uptime: float
    bus_rate: float
    banner: str
    screens: int


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """The records that one view is made from."""

    kernels: Sequence[KernelRecord]
    incidents: Sequence[IncidentRecord]
    tasks: Sequence[TaskRecord]
    monitors: Sequence[MonitorView]
    runs: Sequence[RunRecord] = ()
    silences: Sequence[SilenceView] = ()
    warnings: Sequence[str] = ()
    rate: Callable[[str], float] = lambda incident_id: 0.0
    """Failures a minute of an incident."""
    hidden_by: Callable[[str], str] = lambda kernel: ""
    """The incident that explains why a kernel fails."""


def room_view(sequence: int, at: float, gauges: Gauges, shown: Shown) -> RoomView:
    """Put one view together; all numbers in it are counted from the same records."""
    kernels, incidents, tasks = shown.kernels, shown.incidents, shown.tasks
    open_incidents = [record for record in incidents if record.state in OPEN_STATES]
    open_tasks = [task for task in tasks if task.state not in ENDED_TASKS]
    queued = sum(task.state == "queued" for task in open_tasks)
    return RoomView(
        sequence=sequence,
        at=at,
        version=grace_tui.__version__,
        **dataclasses.asdict(gauges),
        total=len(kernels),
        running=sum(record.state == "running" for record in kernels),
        failed=sum(record.state in DOWN_STATES for record in kernels),
        completed=sum(record.state == "completed" for record in kernels),
        degraded=lost(kernels),
        open_incidents=len(open_incidents),
        fixing=len(open_tasks) - queued,
        queued=queued,
        kernels=kernel_views(kernels, open_incidents, open_tasks, shown.hidden_by),
        incidents=tuple(incident_view(record, shown.rate(record.id)) for record in shown_of(incidents)),
        incidents_total=len(incidents),
        suppressed=sum(record.state == "suppressed" for record in incidents),
        tasks=tuple(task_view(task) for task in tasks[:TASKS_SHOWN]),
        monitors=tuple(shown.monitors),
        silences=tuple(shown.silences),
        runs=tuple(run_view(run) for run in shown.runs[:RUNS_SHOWN]),
        warnings=tuple(shown.warnings),
    )


def shown_of(incidents: Sequence[IncidentRecord]) -> list[IncidentRecord]:
    """What travels to screens of a long book: the newest, and the older ones that still want somebody."""
    older = [record for record in incidents[INCIDENTS_SHOWN:] if record.state != "resolved"]
    return [*incidents[:INCIDENTS_SHOWN], *older[:OLDER_SHOWN]]


def lost(kernels: Sequence[KernelRecord]) -> tuple[str, ...]:
    """Critical kernels that do not do their work."""
    return tuple(record.name for record in kernels if record.critical and record.state not in UP_STATES)


def kernel_views(
    kernels: Sequence[KernelRecord],
    incidents: Sequence[IncidentRecord],
    tasks: Sequence[TaskRecord],
    hidden_by: Callable[[str], str],
) -> tuple[KernelView, ...]:
    """`incidents` and `tasks` are the open ones."""
    kernel_of: Mapping[str, str] = {record.id: record.kernel for record in incidents}
    cause_of = {record.name: hidden_by(record.name) for record in kernels}
    incident_of: Mapping[str, str] = {record.kernel: record.id for record in reversed(incidents)}
    repair_of: Mapping[str, str] = {task.kernel: task.state for task in reversed(tasks)}
    return tuple(
        KernelView(
            name=record.name,
            state=record.state,
            since=round(record.since, 1),
            priority=record.priority,
            critical=record.critical,
            tier=record.tier,
            summary=record.summary,
            doc=record.doc,
            detail=record.detail,
            error=record.error,
            count=record.count,
            rate=round(record.rate, 2),
            spark=record.spark,
            restarts=record.restarts,
            beat_age=None if record.beat_age is None else round(record.beat_age, 1),
            next_try=None if record.next_try is None else round(record.next_try, 1),
            requires=record.requires,
            path=record.path,
            version=record.version,
            isolation=record.isolation,
            moved=record.moved,
            restart=record.restart,
            strategy=record.strategy,
            since_at=record.since_at,
            last_exit=None if record.last_exit is None else ExitView(**dataclasses.asdict(record.last_exit)),
            window_restarts=record.window_restarts,
            budget=record.budget,
            intensity=record.intensity,
            period=record.period,
            waits_for=record.waits_for,
            waited_by=record.waited_by,
            needed_by=record.needed_by,
            blocks=record.blocks,
            vitals=None if record.vitals is None else VitalsView(**dataclasses.asdict(record.vitals)),
            incident_id=incident_of.get(record.name, ""),
            repair=repair_of.get(record.name, ""),
            hidden_by=cause_of[record.name],
            cause=kernel_of.get(cause_of[record.name], ""),
        )
        for record in kernels
    )


def incident_view(record: IncidentRecord, rate: float = 0.0) -> IncidentView:
    return IncidentView(
        id=record.id,
        kernel=record.kernel,
        title=record.title,
        kind=record.kind,
        state=record.state,
        count=record.count,
        opened_at=record.opened_at,
        last_at=record.last_at,
        resolved_at=record.resolved_at,
        signature=record.signature,
        provider=record.provider,
        action=record.action,
        task_id=record.task_id,
        bundle=record.bundle,
        phase=record.phase,
        owner=record.owner,
        rate=round(rate, 1),
        hidden_by=record.hidden_by,
        hides=tuple(
            HiddenView(kernel=each.kernel, title=each.title, count=each.count, last_at=each.last_at)
            for each in record.hides
        ),
        route=record.route,
        variants=record.variants,
    )


def task_view(task: TaskRecord) -> TaskView:
    return TaskView(
        id=task.id,
        incident_id=task.incident_id,
        kernel=task.kernel,
        title=task.title,
        priority=task.priority,
        state=task.state,
        queued_at=task.queued_at,
        operator=task.operator,
        provider=task.provider,
        gates=tuple(GateView(name=gate.name, state=gate.state, ms=gate.ms, detail=gate.detail) for gate in task.gates),
        seconds=task.seconds,
        repair_seconds=task.repair_seconds,
        worker=task.worker,
        known=task.known,
        detail=task.detail,
        files=task.files,
    )


def run_view(run: RunRecord) -> RunView:
    return RunView(
        id=run.id,
        playbook=run.playbook,
        incident_id=run.incident_id,
        kernel=run.kernel,
        state=run.state,
        started_at=run.started_at,
        detail=run.detail,
        question=run.question,
        by=run.by,
        why=run.why,
        ended_at=run.ended_at,
        steps=tuple(
            StepView(name=step.name, action=step.action, state=step.state, ms=round(step.ms, 1), text=step.text)
            for step in run.steps
        ),
    )


def recognition_view(incidents: Sequence[IncidentRecord], known: int) -> MonitorView:
    """Error recognition is the core's own monitor: it speaks even while every kernel is down."""
    unsolved = sum(record.state in OPEN_STATES for record in incidents)
    return MonitorView(
        name="recognition",
        state="alert" if unsolved else "ok",
        text=f"{len(incidents)} seen, {unsolved} open, {known} fixes known",
        count=len(incidents),
        age=0.0,
    )


def monitor_views(reports: Mapping[str, tuple[float, MonitorReported]], now: float) -> list[MonitorView]:
    """The other monitors as their kernels last reported them; off until they do."""
    views = []
    for name in MONITORS[1:]:
        if name not in reports:
            views.append(MonitorView(name=name, state="off", text="no report yet"))
            continue
        at, report = reports[name]
        left = None if report.next_in is None else max(report.next_in - (now - at), 0.0)
        views.append(
            MonitorView(
                name=name,
                state=report.state,
                text=report.text,
                count=report.count,
                age=round(now - at, 1),
                next_in=None if left is None else round(left, 1),
            )
        )
    return views


def host_name() -> str:
    return platform.node() or "localhost"
