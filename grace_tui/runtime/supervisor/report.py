"""What is told of the kernels: one record each, with what only the whole family knows."""

import functools
import re
from collections.abc import Mapping

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import ExitRecord, KernelRecord
from grace_tui.kernel.redact import redact
from grace_tui.runtime.supervisor.child import Child
from grace_tui.runtime.supervisor.policy import RestartPolicy, recent
from grace_tui.runtime.supervisor.timing import TimerClock

RATE_SECONDS = 5


def records(family: Mapping[str, Child], policy: RestartPolicy, clock: TimerClock) -> tuple[KernelRecord, ...]:
    """Every kernel in boot order."""
    needed_by: dict[str, list[str]] = {}
    waited_by: dict[str, list[str]] = {}
    for child in family.values():
        for name in child.spec.requires:
            needed_by.setdefault(name, []).append(child.name)
        for name in child.waits_for:
            waited_by.setdefault(name, []).append(child.name)
    now = clock.monotonic()
    found = [
        record(child, policy, now, tuple(needed_by.get(child.name, ())), tuple(waited_by.get(child.name, ())))
        for child in family.values()
    ]
    return tuple(sorted(found, key=lambda record: (record.priority, counted(record.name))))


@functools.lru_cache(maxsize=10_000)
def counted(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts names as people count: `job-2` before `job-10`."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name) if part)


def record(
    child: Child, policy: RestartPolicy, now: float, needed_by: tuple[str, ...] = (), waited_by: tuple[str, ...] = ()
) -> KernelRecord:
    spec = child.spec
    own = policy.of(spec)
    latest = list(child.spark)[-RATE_SECONDS:]
    beating = child.state == "running" and child.last_beat is not None
    failures = recent(own, child.crashes, now)
    return KernelRecord(
        name=child.name,
        state=child.state,
        since=now - child.since,
        since_at=child.since_at,
        priority=spec.priority,
        critical=spec.critical,
        tier=0 if spec.critical else spec.tier,
        requires=spec.requires,
        summary=child.summary,
        doc=child.code.doc if child.code else "",
        detail=child.held if child.state == "paused" and child.held != "paused" else child.detail,
        path=child.path,
        version=child.code.version if child.code else "",
        count=child.count,
        rate=sum(latest) / len(latest),
        spark=tuple(child.spark),
        restarts=max(child.restarts, 0),
        beat_age=now - child.last_beat if beating and child.last_beat is not None else None,
        next_try=max(child.next_try - now, 0.0) if child.next_try is not None else None,
        error=child.error,
        heartbeat_timeout=spec.heartbeat_timeout,
        isolation=child.source.isolation,
        moved=child.source.moved,
        restart=spec.restart,
        strategy=spec.strategy,
        last_exit=child.last_exit,
        window_restarts=failures,
        budget=max(own.intensity - failures, 0),
        intensity=own.intensity,
        period=own.period,
        waits_for=child.waits_for,
        waited_by=waited_by,
        needed_by=needed_by,
        blocks=child.blocks,
        vitals=child.vitals,
    )


def exit_of(error: BaseException, text: str, phase: str, at: float) -> ExitRecord:
    """How a run ended that failed; a process's error carries its exit code, and may say its end in fewer words."""
    code, reason = getattr(error, "code", None), getattr(error, "reason", None)
    words = redact(reason) if isinstance(reason, str) and isinstance(error, GraceError) else text
    return ExitRecord(at, words, phase, code=code if isinstance(code, int) else None)
