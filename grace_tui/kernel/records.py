"""What the core tells a kernel about kernels, incidents, tasks and snapshots: frozen, plain, serialisable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

KernelState = Literal["stopped", "starting", "running", "paused", "completed", "failed", "backing_off", "quarantined"]
IncidentState = Literal["open", "acknowledged", "in_repair", "watching", "resolved", "reopened", "suppressed"]
TaskState = Literal[
    "queued",
    "diagnosing",
    "trying",
    "gating",
    "waiting_for_approval",
    "applying",
    "watching",
    "learned",
    "failed",
    "undone",
]
GateState = Literal["pending", "running", "passed", "failed", "skipped"]
RunState = Literal["running", "waiting_for_person", "succeeded", "failed", "undone", "interrupted"]
StepState = Literal["pending", "running", "done", "failed", "skipped", "undone"]

PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_CRITICAL = range(4)


@dataclass(frozen=True, slots=True)
class Message:
    """One message on the bus."""

    topic: str
    payload: object
    source: str
    priority: int = PRIORITY_NORMAL
    id: int = 0
    correlation: str = ""
    """Ties a reply to its request; a reply goes to topic `reply.<correlation>`."""


@dataclass(frozen=True, slots=True)
class BusStatistics:
    published: int
    delivered: int
    dropped: int
    denied: int
    dead_letters: int
    """Messages that matched no subscriber."""
    subscriptions: int
    topics: Mapping[str, int]
    """Messages published per topic."""
    depths: Mapping[str, int]
    """Messages waiting per subscriber."""
    refusals: Mapping[str, int] = field(default_factory=dict)
    """Denials by who was denied what, as `SOURCE TOPIC`."""


@dataclass(frozen=True, slots=True)
class LatencyRecord:
    """How long calls of one method of a kernel, or requests on one topic, took within the last minute; in seconds."""

    name: str
    """Such as `immutable_log.append`, or `request of system.ping`."""
    provider: str
    """The kernel that answered."""
    calls: int
    median: float
    p95: float
    worst: float


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """How the last run of a kernel ended."""

    at: float
    """Wall-clock seconds since the epoch."""
    reason: str
    """Such as `RuntimeError: no disk`, `exit code 3`, `killed by SIGKILL`, `asked to stop`."""
    phase: str = ""
    """load, start, probe, run, stop, heartbeat or block."""
    ok: bool = False
    """Whether it was asked for, or a success."""
    code: int | None = None
    """Exit code of a process; negative: the signal that killed it."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a kernel's own processes use."""

    pid: int
    cpu_percent: float = 0.0
    """Of one core, the whole process tree."""
    rss_bytes: int = 0
    """The whole process tree."""
    processes: int = 1


@dataclass(frozen=True, slots=True)
class KernelRecord:
    """One kernel as the supervisor sees it; times are seconds."""

    name: str
    state: KernelState
    since: float
    """Seconds in this state."""
    priority: int
    critical: bool
    requires: tuple[str, ...]
    summary: str
    """What the kernel says of itself in a few words; measured by it."""
    doc: str
    """First line of the kernel's docstring."""
    detail: str
    """Why it is in this state: what it waits for, the last error, the next try."""
    path: str
    """File, relative to the workspace."""
    version: str
    """First eight hex digits of the source's SHA-256; empty when nothing is loaded."""
    count: int
    """Units of work done since the first start."""
    rate: float
    """Units of work per second, over the last few seconds."""
    spark: tuple[int, ...]
    """Units of work in each of the last seconds, oldest first."""
    restarts: int
    """Restarts since the room opened."""
    beat_age: float | None
    """Seconds since the last beat; None when it is not expected to beat."""
    next_try: float | None
    """Seconds until the next restart, when one is planned."""
    error: str
    """Type and message of the last failure; empty when there was none since the last RUNNING."""
    heartbeat_timeout: float = 30.0
    isolation: str = "task"
    """task, process or command."""
    moved: str = ""
    """Why it runs in a process of its own although its spec asks for a task; empty where it does not."""
    restart: str = "permanent"
    strategy: str = "one_for_one"
    since_at: float = 0.0
    """Wall-clock time of the last change of state."""
    last_exit: ExitRecord | None = None
    window_restarts: int = 0
    """Failures within the period that counts."""
    budget: int = 0
    """Failures that are still answered by a restart within the period; the next one after that is quarantine."""
    intensity: int = 0
    period: float = 0.0
    waits_for: tuple[str, ...] = ()
    """Kernels it waits for at this moment."""
    waited_by: tuple[str, ...] = ()
    """Kernels that wait for it at this moment."""
    needed_by: tuple[str, ...] = ()
    """Kernels that require it."""
    blocks: int = 0
    """Times it held the supervisor's loop."""
    vitals: Vitals | None = None
    """None for a kernel without a process of its own."""
    tier: int = 1
    """0: never paused to shed load, as no critical kernel is; 3: paused first."""


@dataclass(frozen=True, slots=True)
class HiddenFailure:
    """Failures that opened no incident of their own, because the one that has this is their cause."""

    kernel: str
    title: str
    count: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    id: str
    kernel: str
    phase: str
    kind: str
    """The exception's type name."""
    message: str
    title: str
    signature: str
    """Strict fingerprint: what a proven fix is replayed by."""
    coarse: str
    """Coarse fingerprint: what budgets and grouping go by."""
    state: IncidentState
    opened_at: float
    last_at: float
    count: int
    provider: str = ""
    """File of the interface that broke, relative to the workspace, once it is known."""
    action: str = ""
    """What is being done about it, in a few words."""
    task_id: str = ""
    bundle: str = ""
    """Folder of the evidence, relative to the workspace."""
    resolved_at: float | None = None
    timeline: tuple[tuple[float, str, str], ...] = ()
    """(wall-clock seconds, who, what) of every act."""
    group: str = ""
    """What this incident counts where a rule of grouping says it; empty for every failure of its signature."""
    parts: tuple[str, ...] = ()
    """What the signature is made of, in its normal form."""
    left_out: tuple[str, ...] = ()
    """What was said or seen and does not count for the signature, and why."""
    owner: str = ""
    """The person who has taken it; empty where nobody has."""
    route: str = ""
    """Whom a trigger's rule asked to act: `playbook:NAME`, `agent`, `person`, `nobody`; empty: conditions decide."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """What a trigger measured (`value`, `threshold`, `unit`, and more of its own), for the conditions of playbooks."""
    hidden_by: str = ""
    """The silence or the incident that hides it while it is suppressed."""
    hides: tuple[HiddenFailure, ...] = ()
    """Failures of others that this incident explains."""
    variants: int = 0
    """How many of `count` had another signature, and were counted here in a storm."""


@dataclass(frozen=True, slots=True)
class GateVerdict:
    name: str
    state: GateState
    ms: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class TriedPatch:
    """A candidate for a repair, what speaks for it, and what the gates said of it."""

    operator: str
    summary: str
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    ask: str = ""
    """Why only a person may decide; empty where they may."""
    gates: tuple[GateVerdict, ...] = ()
    refused: str = ""
    """By which gate, and why; empty where none did."""
    diff: str = ""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    id: str
    incident_id: str
    kernel: str
    signature: str
    priority: int
    state: TaskState
    queued_at: float
    title: str
    operator: str = ""
    provider: str = ""
    consumers: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    diff: str = ""
    gates: tuple[GateVerdict, ...] = ()
    detail: str = ""
    worker: str = ""
    token: int = 0
    """Fencing token: grows with every claim; a late holder's writes are refused."""
    known: bool = False
    """True where a remembered fix was replayed without analysis."""
    started_at: float | None = None
    finished_at: float | None = None
    seconds: float = 0.0
    """From claim to outcome."""
    repair_seconds: float = 0.0
    """From claim to a patch that passed every gate."""
    coarse: str = ""
    """The coarse signature of its incident, which budgets count."""
    times: tuple[tuple[str, float], ...] = ()
    """Each state that it came into, and when; the newest last."""
    lease_until: float = 0.0
    """Until when its holder has it without a word; 0 where nobody holds it."""
    policy: str = ""
    """By whose word it was applied, a person was asked, or it was refused."""
    candidates: tuple[TriedPatch, ...] = ()
    """The best two, where none passed or several did."""


@dataclass(frozen=True, slots=True)
class SilenceRecord:
    """A matcher that suppresses incidents until it ends."""

    id: str
    matcher: Mapping[str, str]
    """Field (`kernel`, `kind`, `title`, `signature`, `phase`) to a pattern with `*` and `?`; all have to match."""
    reason: str
    by: str
    starts_at: float
    ends_at: float
    """When it ends, or was ended."""
    ended_by: str = ""
    """Who ended it early; empty where nobody did."""
    warned: bool = False
    """Whether its end was announced."""


@dataclass(frozen=True, slots=True)
class SilenceHit:
    """What one silence hid of one incident: a line of its ledger."""

    silence_id: str
    incident_id: str
    kernel: str
    title: str
    count: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a playbook's run."""

    name: str
    action: str
    arguments: Mapping[str, object]
    state: StepState = "pending"
    tries: int = 0
    ms: float = 0.0
    text: str = ""
    """What it did, or why it did not."""
    undo: Mapping[str, object] | None = None
    """What its action needs to take it back; None where there is nothing to take back."""
    turn: int = 0
    """Its place in the order in which steps began; 0 while it has not."""
    until: str = ""
    """The condition at which what it did is taken back by itself; empty where it is to stay."""
    ends_at: float | None = None
    """When it is taken back at the latest."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run of a playbook."""

    id: str
    playbook: str
    incident_id: str
    kernel: str
    coarse: str
    """Coarse signature of its incident: what budgets count by."""
    by: str
    """Who started it: self_healing, first_aid, or a person."""
    state: RunState
    started_at: float
    ended_at: float | None = None
    steps: tuple[StepRecord, ...] = ()
    why: str = ""
    """Why this playbook was picked."""
    detail: str = ""
    """How it stands or ended, in a few words."""
    question: str = ""
    """What a person is asked while it waits for one."""
    deadline: float | None = None
    """When a question that nobody answered counts as answered with no."""
    automatic: bool = True
    """Whether nobody asked for it: budgets count such runs only."""


@dataclass(frozen=True, slots=True)
class PlaybookRecord:
    """One playbook that is loaded, and how its runs ended."""

    name: str
    says: str
    """What it is for, in a sentence."""
    when: str
    """Its condition, as written."""
    file: str
    succeeded: int = 0
    failed: int = 0
    score: float = 0.5
    """Mean of the Beta posterior over its outcomes."""


@dataclass(frozen=True, slots=True)
class SnapshotRecord:
    id: str
    at: float
    reason: str
    files: int
    bytes: int
    """Bytes this snapshot added; content that was already kept is not stored twice."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    sequence: int
    at: float
    record: Mapping[str, object]
    hash: str
    previous: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Outcome of a walk along the chain; `ok` is False at the first bad entry, which `problem` names."""

    ok: bool
    entries: int
    head: str
    problem: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command to the room came to."""

    ok: bool
    text: str
    data: Mapping[str, object] = field(default_factory=dict)
