"""What every face shows: frozen structs, made by the room, never changed. `status --json` prints RoomView."""

import msgspec


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every view."""


class ExitView(View, frozen=True):
    """How the last run of a kernel ended."""

    at: float
    """Wall-clock seconds since the epoch."""
    reason: str
    phase: str = ""
    ok: bool = False
    code: int | None = None
    """Exit code of a process; negative: the signal that killed it."""


class VitalsView(View, frozen=True):
    """What a kernel's own processes use."""

    pid: int
    cpu_percent: float = 0.0
    rss_bytes: int = 0
    processes: int = 1


class KernelView(View, frozen=True):
    name: str
    state: str
    """stopped, starting, running, paused, completed, failed, backing_off or quarantined."""
    since: float = 0.0
    """Seconds in this state."""
    priority: int = 0
    critical: bool = False
    summary: str = ""
    """The kernel's own few measured words."""
    doc: str = ""
    detail: str = ""
    """Why it is in this state."""
    error: str = ""
    count: int = 0
    rate: float = 0.0
    """Units of work per second."""
    spark: tuple[int, ...] = ()
    """Units of work in each of the last seconds, oldest first."""
    restarts: int = 0
    beat_age: float | None = None
    next_try: float | None = None
    requires: tuple[str, ...] = ()
    path: str = ""
    version: str = ""
    isolation: str = "task"
    """task, process or command."""
    moved: str = ""
    """Why it runs in a process of its own although it did not ask for one."""
    restart: str = "permanent"
    strategy: str = "one_for_one"
    since_at: float = 0.0
    """Wall-clock time of the last change of state."""
    last_exit: ExitView | None = None
    window_restarts: int = 0
    """Failures within `period`."""
    budget: int = 0
    """Failures within `period` that would still be answered by a restart."""
    intensity: int = 0
    period: float = 0.0
    waits_for: tuple[str, ...] = ()
    waited_by: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    blocks: int = 0
    """Times it held the supervisor's loop."""
    vitals: VitalsView | None = None
    incident_id: str = ""
    """The open incident of this kernel, if there is one."""
    repair: str = ""
    """What is being done about it: queued, diagnosing, trying, gating, applying, watching; empty when nothing is."""
    tier: int = 1
    """When it is paused to shed load: 3 first, 0 never."""
    hidden_by: str = ""
    """The incident that explains why it is down; empty where it is down of itself."""
    cause: str = ""
    """The kernel of that incident."""


class HiddenView(View, frozen=True):
    """Failures of one kernel that opened no incident of their own."""

    kernel: str
    title: str
    count: int
    last_at: float


class IncidentView(View, frozen=True):
    id: str
    kernel: str
    title: str
    kind: str
    state: str
    """open, acknowledged, in_repair, watching, resolved, reopened or suppressed."""
    count: int
    opened_at: float
    """Wall-clock seconds since the epoch."""
    last_at: float
    signature: str
    provider: str = ""
    action: str = ""
    task_id: str = ""
    bundle: str = ""
    phase: str = ""
    owner: str = ""
    """Who has taken it; empty where nobody has."""
    rate: float = 0.0
    """Failures a minute, over the last minute."""
    hidden_by: str = ""
    """The silence or incident that hides it while it is suppressed."""
    hides: tuple[HiddenView, ...] = ()
    """Failures of others that it explains."""
    route: str = ""
    """Whom a trigger's rule asked to act; empty where conditions decide."""
    variants: int = 0
    """Failures of other signatures that were counted here in a storm."""
    resolved_at: float | None = None


class GateView(View, frozen=True):
    name: str
    state: str
    """pending, running, passed, failed or skipped."""
    ms: float = 0.0
    detail: str = ""


class TaskView(View, frozen=True):
    id: str
    incident_id: str
    kernel: str
    title: str
    priority: int
    state: str
    """queued, diagnosing, trying, gating, waiting_for_approval, applying, watching, learned, failed or undone."""
    queued_at: float
    operator: str = ""
    provider: str = ""
    gates: tuple[GateView, ...] = ()
    seconds: float = 0.0
    """From claim to outcome, the watch window among them."""
    repair_seconds: float = 0.0
    """From claim to a patch that passed every gate."""
    worker: str = ""
    known: bool = False
    detail: str = ""
    files: tuple[str, ...] = ()


class MonitorView(View, frozen=True):
    name: str
    """recognition, triggers, refactor or snapshots."""
    state: str
    """ok, busy, alert or off."""
    text: str
    count: int = 0
    age: float | None = None
    """Seconds since it last reported; None when it never did."""
    next_in: float | None = None


class SilenceView(View, frozen=True):
    """A silence in force, or one that ended not long ago."""

    id: str
    matcher: str
    """What it hides, in words: `kernel librarian, kind Quiet*`."""
    reason: str
    by: str
    starts_at: float
    ends_at: float
    ended_by: str = ""
    """Who ended it before its time."""
    hidden: int = 0
    """Incidents that it hid."""
    failures: int = 0
    """Failures that were counted on them meanwhile."""


class StepView(View, frozen=True):
    name: str
    action: str
    state: str
    """pending, running, done, failed, skipped or undone."""
    ms: float = 0.0
    text: str = ""
    """What it did, or why it did not."""


class RunView(View, frozen=True):
    """One run of a playbook."""

    id: str
    playbook: str
    incident_id: str
    kernel: str
    state: str
    """running, waiting_for_person, succeeded, failed, undone or interrupted."""
    started_at: float
    detail: str = ""
    question: str = ""
    """What a person is asked while it waits for one."""
    by: str = ""
    why: str = ""
    """Why this playbook was picked."""
    ended_at: float | None = None
    steps: tuple[StepView, ...] = ()


class ChaosView(View, frozen=True):
    state: str = "idle"
    """idle, or what is running."""
    text: str = ""


class RoomView(View, frozen=True):
    sequence: int
    at: float
    """Wall-clock seconds since the epoch when this view was made."""
    workspace: str
    host: str
    version: str
    state: str
    """booting, steady, degraded or stopping."""
    total: int
    running: int
    failed: int
    """Kernels that are failed, backing off or quarantined."""
    open_incidents: int
    fixing: int
    queued: int
    loop_lag_ms: float
    """Worst of the last second."""
    cpu_percent: float
    """Of one core, this process."""
    rss_bytes: int
    uptime: float
    bus_rate: float
    """Messages published per second."""
    completed: int = 0
    """Kernels that ended as they should."""
    stall: str = ""
    """What holds the supervisor's loop at this moment; empty while it turns."""
    loop_lag_p99_ms: float = 0.0
    """Of the last second."""
    degraded: tuple[str, ...] = ()
    """Critical kernels that are not running."""
    kernels: tuple[KernelView, ...] = ()
    incidents: tuple[IncidentView, ...] = ()
    """Newest first: all that are not resolved, as far as there is room, and the newest of the others."""
    incidents_total: int = 0
    """How many are kept in all."""
    suppressed: int = 0
    """Incidents that a silence or another incident hides; they do not count as open."""
    tasks: tuple[TaskView, ...] = ()
    """Open ones first, then the finished, newest first."""
    monitors: tuple[MonitorView, ...] = ()
    chaos: ChaosView = ChaosView()
    banner: str = ""
    """One line about something larger in progress, such as a drill; empty otherwise."""
    silences: tuple[SilenceView, ...] = ()
    """In force first, the next to end at the top."""
    runs: tuple[RunView, ...] = ()
    """Runs of playbooks, newest first."""
    warnings: tuple[str, ...] = ()
    """What a person should know soon: a silence that ends, a question that waits, a file that is refused."""
    screens: int = 0
    """Attached screens."""
