"""Rooms for pictures and tests: calm, two incidents under repair, booting, stuck in the middle of a drill."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from grace_tui.faces.views import (
    ChaosView,
    GateView,
    IncidentView,
    KernelView,
    MonitorView,
    RoomView,
    TaskView,
)

AT = 1_763_195_344.0
"""15 November 2025, 08:29:04 UTC."""

KERNELS: tuple[tuple[str, int, str, float], ...] = (
    ("message_bus", 1, "1.2k/s", 1211.0),
    ("immutable_log", 2, "chain ok, 41/s", 41.0),
    ("self_healing", 3, "watching 20", 0.0),
    ("coding_agent", 4, "idle", 0.0),
    ("clarity_framework", 5, "12/s", 12.0),
    ("verification_framework", 6, "all invariants", 2.0),
    ("secret_manager", 7, "3 keys", 0.0),
    ("governance", 8, "6 policies", 4.0),
    ("infrastructure_manager", 9, "cpu 12 %", 1.0),
    ("memory_fusion", 10, "5,210 notes", 0.3),
    ("librarian", 11, "412 files", 0.0),
    ("sandbox", 12, "no runs", 0.0),
    ("agentic_spine", 15, "2 plans", 0.0),
    ("voice_conversation", 16, "listening", 0.0),
    ("meta_loop", 17, "1 proposal", 0.0),
    ("learning_integration", 18, "14 known fixes", 0.2),
    ("health_monitor", 20, "20 of 20", 20.0),
    ("trigger_mesh", 21, "10 rules", 3.0),
    ("scheduler", 22, "next 4 s", 0.5),
    ("api_server", 30, ":8400, 7/s", 7.0),
)
CRITICAL = frozenset({"message_bus", "immutable_log", "health_monitor"})
GATES = ("parse", "lint", "types", "import", "tests", "replay", "scope", "policy")


def spark(seed: int, rate: float) -> tuple[int, ...]:
    """Sixty seconds of work around `rate`, the same every time."""
    if not rate:
        return (0,) * 60
    return tuple(round(rate * (0.4 + ((second * 7 + seed * 13) % 11) / 9)) for second in range(60))


def kernel(name: str, priority: int, summary: str, rate: float) -> KernelView:
    return KernelView(
        name=name,
        state="running",
        since=729.0,
        priority=priority,
        critical=name in CRITICAL,
        summary=summary,
        doc=f"What {name} is for, in one sentence.",
        count=round(rate * 729),
        rate=rate,
        spark=spark(priority, rate),
        beat_age=0.3,
        requires=() if name == "message_bus" else ("message_bus",),
        path=f"kernels/{name}.py",
        version=f"{priority * 7919:08x}",
    )


ALL = tuple(kernel(*row) for row in KERNELS)
MONITORS = (
    MonitorView(name="recognition", state="ok", text="0 seen", count=0, age=0.4),
    MonitorView(name="triggers", state="ok", text="10 of 10", count=10, age=9.0, next_in=21.0),
    MonitorView(name="refactor", state="off", text="0 tasks", count=0, age=30.0),
    MonitorView(name="snapshots", state="ok", text="14 min ago", count=6, age=840.0, next_in=2_700.0),
)


def room(**changes: object) -> RoomView:
    """The calm room, with changes."""
    calm = RoomView(
        sequence=729,
        at=AT,
        workspace="/srv/grace",
        host="orion",
        version="1.0.0",
        state="steady",
        total=20,
        running=20,
        failed=0,
        open_incidents=0,
        fixing=0,
        queued=0,
        loop_lag_ms=0.4,
        cpu_percent=3.1,
        rss_bytes=118 * 1024**2,
        uptime=729.0,
        bus_rate=1211.0,
        kernels=ALL,
        monitors=MONITORS,
    )
    return msgspec.structs.replace(calm, **changes)


def with_kernels(changes: Mapping[str, Mapping[str, object]]) -> tuple[KernelView, ...]:
    """All kernels, some of them changed."""
    return tuple(msgspec.structs.replace(one, **changes.get(one.name, {})) for one in ALL)


RESOLVED = IncidentView(
    id="i-0007",
    kernel="librarian",
    title="[Errno 28] No space left on device",
    kind="OSError",
    state="resolved",
    count=1,
    opened_at=AT - 412,
    last_at=AT - 410,
    resolved_at=AT - 400,
    signature="77aa01c2",
)
LEARNED = TaskView(
    id="t-0007",
    incident_id="i-0007",
    kernel="librarian",
    title="prune the index before it grows",
    priority=40,
    state="learned",
    queued_at=AT - 411,
    seconds=8.4,
    gates=tuple(GateView(name=name, state="passed", ms=11.0) for name in GATES),
)
CALM = room(incidents=(RESOLVED,), tasks=(LEARNED,))

LOG_INCIDENT = IncidentView(
    id="i-0008",
    kernel="coding_agent",
    title="ImmutableLog.append() got an unexpected keyword argument 'subsystem'",
    kind="TypeError",
    state="in_repair",
    count=3,
    opened_at=AT,
    last_at=AT + 2,
    signature="5d41402abc4b2a76",
    provider="kernels/immutable_log.py",
    action="adding the parameter, gate 5 of 8",
    task_id="t-0008",
    bundle="logs/incidents/i-0008",
    phase="start",
)
MODELS_INCIDENT = IncidentView(
    id="i-0009",
    kernel="governance",
    title="cannot import name 'async_session' from 'kernels.models'",
    kind="ImportError",
    state="open",
    count=1,
    opened_at=AT,
    last_at=AT,
    signature="9b74c9897bac770f",
    provider="kernels/models/__init__.py",
    action="queued behind immutable_log",
    task_id="t-0009",
    phase="import",
)
LOG_TASK = TaskView(
    id="t-0008",
    incident_id="i-0008",
    kernel="coding_agent",
    title="immutable_log.append + subsystem",
    priority=10,
    state="gating",
    queued_at=AT,
    operator="add_parameter",
    provider="kernels/immutable_log.py",
    gates=(
        *(
            GateView(name=name, state="passed", ms=ms)
            for name, ms in zip(GATES[:4], (1.2, 38.0, 412.0, 96.0), strict=True)
        ),
        GateView(name="tests", state="running"),
        *(GateView(name=name, state="pending") for name in GATES[5:]),
    ),
    seconds=2.3,
    worker="first aid",
    detail="append() takes subsystem and stores it in the record; callers stay as they are",
    files=("kernels/immutable_log.py",),
)
MODELS_TASK = TaskView(
    id="t-0009",
    incident_id="i-0009",
    kernel="governance",
    title="models export async_session",
    priority=10,
    state="queued",
    queued_at=AT,
)
TWO_INCIDENTS = room(
    sequence=733,
    state="degraded",
    running=18,
    failed=2,
    open_incidents=2,
    fixing=1,
    queued=1,
    kernels=with_kernels(
        {
            "coding_agent": {
                "state": "failed",
                "since": 3.2,
                "error": "TypeError: ImmutableLog.append() got an unexpected keyword argument 'subsystem'",
                "detail": "3 failed starts in 10 s",
                "summary": "",
                "spark": (0,) * 60,
                "restarts": 3,
                "incident_id": "i-0008",
                "repair": "gating",
                "beat_age": None,
            },
            "governance": {
                "state": "backing_off",
                "since": 3.0,
                "error": "ImportError: cannot import name 'async_session' from 'kernels.models'",
                "summary": "",
                "spark": (0,) * 60,
                "version": "",
                "restarts": 2,
                "next_try": 4.0,
                "incident_id": "i-0009",
                "repair": "queued",
                "beat_age": None,
            },
            "voice_conversation": {"state": "paused", "since": 95.0, "detail": "paused by a person"},
        }
    ),
    incidents=(LOG_INCIDENT, MODELS_INCIDENT, RESOLVED),
    tasks=(LOG_TASK, MODELS_TASK, LEARNED),
    monitors=(
        MonitorView(name="recognition", state="alert", text="2 seen", count=2, age=0.2),
        MONITORS[1],
        MonitorView(name="refactor", state="busy", text="1 under way", count=1, age=0.1),
        MONITORS[3],
    ),
)
BOOTING = room(
    sequence=3,
    state="booting",
    running=7,
    uptime=1.2,
    bus_rate=88.0,
    kernels=tuple(
        one
        if index < 7
        else msgspec.structs.replace(
            one,
            state="starting" if index < 9 else "stopped",
            since=0.2,
            summary="",
            spark=(),
            count=0,
            rate=0.0,
            detail="" if index < 9 else "waits for message_bus",
        )
        for index, one in enumerate(ALL)
    ),
    monitors=tuple(msgspec.structs.replace(one, state="off", text="", age=None, next_in=None) for one in MONITORS),
)
DRILL = msgspec.structs.replace(
    TWO_INCIDENTS,
    banner="drill seed · step 3 of 5 · repairing 2 of 2 planted faults",
    chaos=ChaosView(state="drill", text="two planted faults"),
)
ROOMS: Mapping[str, RoomView] = {"calm": CALM, "incidents": TWO_INCIDENTS, "booting": BOOTING, "drill": DRILL}


class SampleFeed:
    """A feed whose views a test hands in."""

    def __init__(self, view: RoomView | None = None) -> None:
        self.view = view
        self.callbacks: list[Callable[[], None]] = []

    def latest(self) -> RoomView | None:
        return self.view

    def listen(self, callback: Callable[[], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def publish(self, view: RoomView) -> None:
        self.view = view
        for callback in self.callbacks:
            callback()


class SampleRoom:
    """Answers what is asked, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, object]]] = []
        self.answers: dict[str, Mapping[str, object]] = {
            "kernel.logs": {
                "ok": True,
                "text": "08:29:01 info    started\n08:29:02 warning slow disk\n08:29:04 error   gave up",
            },
            "incident.show": {
                "ok": True,
                "text": 'Traceback (most recent call last):\n  File "kernels/coding_agent.py", line 41',
            },
            "task.show": {
                "ok": True,
                "text": "--- a/kernels/immutable_log.py\n+++ b/kernels/immutable_log.py\n@@ -1 +1 @@\n-old\n+new",
            },
            "why": {"ok": True, "text": "It failed three times in ten seconds."},
        }
        self.asked_once = asyncio.Event()

    async def __call__(self, verb: str, arguments: Mapping[str, object]) -> Mapping[str, object]:
        self.asked.append((verb, dict(arguments)))
        self.asked_once.set()
        return self.answers.get(verb, {"ok": True, "text": f"{verb} done"})
