"""Rooms with more than twenty tasks in them: kernels on all hosts, a critical one down, a held loop, two hundred."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.views import ExitView, KernelView, RoomView, VitalsView
from tests.faces.ui.sample import ALL, AT, TWO_INCIDENTS, room, spark, with_kernels

MEGABYTE = 1024**2
GAVE_UP = "quarantined after 6 failures in 60 s: waits for a changed file or for start"
NO_SPACE = "OSError: [Errno 28] No space left on device"


def program(name: str, pid: int, **changes: object) -> KernelView:
    """A running command kernel, with changes."""
    usual = KernelView(
        name=name,
        state="running",
        since=512.0,
        since_at=AT - 512,
        priority=100,
        isolation="command",
        path="grace.toml",
        doc=f"python -m {name}",
        version=f"{pid * 7919:08x}",
        intensity=5,
        period=60.0,
        budget=5,
        vitals=VitalsView(
            pid=pid, cpu_percent=1.0 + pid % 7, rss_bytes=(18 + pid % 90) * MEGABYTE, processes=1 + pid % 3
        ),
    )
    return msgspec.structs.replace(usual, **changes)


WEB = program("web-1", 4242, waited_by=("smoke_test",), needed_by=("smoke_test", "proxy"))
CRASHED = ExitView(at=AT - 2, reason="exit code 3", phase="run", code=3)
BACKING_OFF = program(
    "mailer",
    4300,
    state="backing_off",
    since=1.4,
    since_at=AT - 1.4,
    error="exit code 3: smtplib.SMTPServerDisconnected: Connection unexpectedly closed",
    detail="failed in run",
    next_try=3.2,
    restarts=9,
    window_restarts=3,
    budget=2,
    last_exit=CRASHED,
    vitals=None,
    waited_by=("reports",),
)
QUARANTINED = program(
    "ingest",
    4301,
    state="quarantined",
    since=95.0,
    since_at=AT - 95,
    error="killed by SIGKILL",
    detail=GAVE_UP,
    restarts=6,
    window_restarts=6,
    budget=0,
    last_exit=ExitView(at=AT - 95, reason="killed by SIGKILL", phase="run", code=-9),
    vitals=None,
)
WAITING = program(
    "reports",
    4302,
    state="stopped",
    since=40.0,
    detail="waits for mailer, web-1",
    waits_for=("mailer", "web-1"),
    vitals=None,
)
MIGRATE = program(
    "migrate",
    4303,
    state="completed",
    since=480.0,
    since_at=AT - 480,
    restart="temporary",
    last_exit=ExitView(at=AT - 480, reason="exit code 0", phase="run", ok=True, code=0),
    vitals=None,
)
MOVED = {
    "isolation": "process",
    "moved": "held the loop twice",
    "blocks": 2,
    "since_at": AT - 729,
    "strategy": "rest_for_one",
    "intensity": 5,
    "period": 60.0,
    "budget": 4,
    "window_restarts": 1,
    "restarts": 2,
    "needed_by": ("learning_integration",),
    "last_exit": ExitView(at=AT - 731, reason="held the loop for 0.3 s", phase="block"),
    "vitals": VitalsView(pid=3911, cpu_percent=12.0, rss_bytes=64 * MEGABYTE, processes=1),
}
IN_A_PROCESS = {"isolation": "process", "vitals": VitalsView(pid=3910, cpu_percent=2.0, rss_bytes=41 * MEGABYTE)}
PAUSED = {"state": "paused", "since": 95.0, "detail": "paused by a person"}


def counted(kernels: Sequence[KernelView], **changes: object) -> RoomView:
    """A room with `kernels`, its counts made of them."""
    states = Counter(kernel.state for kernel in kernels)
    return room(
        kernels=tuple(kernels),
        total=len(kernels),
        running=states["running"],
        completed=states["completed"],
        failed=sum(states[state] for state in marks.DOWN),
        **changes,
    )


MIXED = counted(
    (
        *with_kernels({"memory_fusion": MOVED, "sandbox": IN_A_PROCESS, "voice_conversation": PAUSED}),
        WEB,
        program("web-2", 4243),
        program("proxy", 4244, summary=":443, 212 open", rate=96.0, spark=spark(5, 96.0)),
        MIGRATE,
    )
)
"""Steady, on all three hosts, with one moved to a process and one that has completed."""
DEGRADED = counted(
    (
        *with_kernels(
            {
                "immutable_log": {
                    "state": "quarantined",
                    "since": 12.0,
                    "error": NO_SPACE,
                    "detail": GAVE_UP,
                    "last_exit": ExitView(at=AT - 12, reason=NO_SPACE, phase="run"),
                    "incident_id": "i-0008",
                    "restarts": 6,
                    "waited_by": ("governance", "clarity_framework"),
                }
            }
        ),
        WEB,
        BACKING_OFF,
        QUARANTINED,
        WAITING,
        MIGRATE,
    ),
    state="degraded",
    degraded=("immutable_log",),
    open_incidents=2,
    incidents=TWO_INCIDENTS.incidents,
)
"""A critical kernel is quarantined, programs back off, wait and have completed."""
HELD = "sandbox holds the loop at kernels/sandbox.py:88 in Sandbox.run, 2.3 s"
STALLED = msgspec.structs.replace(MIXED, stall=HELD, loop_lag_ms=2_300.0, sequence=900)
TROUBLE: Mapping[int, Mapping[str, object]] = {
    37: {"state": "failed", "since": 2.0, "error": "killed by SIGSEGV", "vitals": None},
    93: {"state": "backing_off", "next_try": 3.2, "intensity": 5, "budget": 2, "error": "exit code 1", "vitals": None},
    140: {
        "state": "quarantined",
        "since": 80.0,
        "detail": GAVE_UP,
        "error": "exit code 1",
        "vitals": None,
    },
    141: {"state": "stopped", "waits_for": ("worker-140",), "vitals": None},
    150: {"state": "completed", "since": 300.0, "vitals": None},
}


def crowd(trouble: Mapping[int, Mapping[str, object]] = TROUBLE, *, count: int = 200, second: int = 0) -> RoomView:
    """`count` kernels: the twenty, and programs whose figures are others every `second`."""
    programs = [
        program(
            f"worker-{index}",
            5000 + index,
            vitals=VitalsView(
                pid=5000 + index,
                cpu_percent=float((index * 7 + second * 3) % 50),
                rss_bytes=(20 + (index * 11 + second) % 80) * MEGABYTE,
            ),
        )
        for index in range(count - len(ALL))
    ]
    changed = [msgspec.structs.replace(one, **trouble.get(index, {})) for index, one in enumerate(programs)]
    return counted((*ALL, *changed), sequence=1_000 + second)


CROWD = crowd()
PEOPLED: Mapping[str, RoomView] = {"mixed": MIXED, "degraded": DEGRADED, "stalled": STALLED, "crowd": CROWD}
LOG = {
    "ok": True,
    "text": "\n".join(
        (
            "08:21:12 info    started  pid=4242",
            "08:21:12 stdout  listening on http://127.0.0.1:8080",
            "08:28:59 stdout  GET / 200 3 ms",
            "08:29:01 stderr  Traceback (most recent call last):",
            '08:29:01 stderr    File "/srv/web/app.py", line 41, in handle',
            "08:29:01 stderr      answer = make(request)",
            "08:29:01 stderr  TypeError: make() got an unexpected keyword argument 'lang'",
            "08:29:02 warning probe took long  ms=412",
            "08:29:03 stdout  \x1b[31mGET /old\x1b[0m 404 1 ms  [bold]not markup[/bold]",
            "08:29:04 error   readiness probe failed: connection refused",
        )
    ),
}
