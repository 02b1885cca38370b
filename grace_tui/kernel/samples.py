"""Records with harmless values, of which a test changes what it is about. Public through `grace_tui.kernel.testing`."""

from dataclasses import replace
from typing import Any

from grace_tui.kernel.records import IncidentRecord, KernelRecord, TaskRecord


def sample_kernel(name: str, **changes: Any) -> KernelRecord:
    """A kernel that runs and beats."""
    record = KernelRecord(
        name=name,
        state="running",
        since=60.0,
        priority=50,
        critical=False,
        requires=(),
        summary="",
        doc="",
        detail="",
        path=f"kernels/{name}.py",
        version="0badcafe",
        count=0,
        rate=0.0,
        spark=(),
        restarts=0,
        beat_age=1.0,
        next_try=None,
        error="",
    )
    return replace(record, **changes)


def sample_incident(incident_id: str, kernel: str, **changes: Any) -> IncidentRecord:
    """An open incident that happened once."""
    record = IncidentRecord(
        id=incident_id,
        kernel=kernel,
        phase="run",
        kind="ValueError",
        message="bad value",
        title="ValueError: bad value",
        signature=f"strict-{incident_id}",
        coarse=f"coarse-{incident_id}",
        state="open",
        opened_at=1_000.0,
        last_at=1_000.0,
        count=1,
    )
    return replace(record, **changes)


def sample_task(task_id: str, kernel: str, **changes: Any) -> TaskRecord:
    """A repair task that waits to be claimed."""
    record = TaskRecord(
        id=task_id,
        incident_id=f"incident-of-{task_id}",
        kernel=kernel,
        signature=f"strict-{task_id}",
        priority=5,
        state="queued",
        queued_at=1_000.0,
        title=f"repair {kernel}",
    )
    return replace(record, **changes)
