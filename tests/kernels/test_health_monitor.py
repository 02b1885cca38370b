from pathlib import Path
from typing import Any

import pytest

from grace_tui.kernel import NotReady
from grace_tui.kernel.testing import Bench, ManualClock, running, sample_kernel
from kernels.health_monitor import Health, HealthMonitor, judge

pytestmark = pytest.mark.anyio


def changes(bench: Bench) -> list[tuple[Any, ...]]:
    payloads: list[Any] = [message.payload for message in bench.bus.messages if message.topic == "health.changed"]
    return [(one["kernel"], one["old"], one["verdict"]) for one in payloads]


@pytest.mark.parametrize(
    ("state", "beat_age", "verdict", "reason"),
    [
        ("running", 1.0, "healthy", "running and beating"),
        ("running", None, "healthy", "running; no beat is expected"),
        ("running", 16.0, "degraded", "last beat 16 s ago"),
        ("running", 31.0, "unhealthy", "last beat 31 s ago, limit 30 s"),
        ("starting", None, "degraded", "starting: because"),
        ("paused", None, "degraded", "paused: because"),
        ("backing_off", None, "unhealthy", "backing_off: because"),
        ("quarantined", None, "unhealthy", "quarantined: because"),
        ("of another kind", None, "unhealthy", "of another kind: because"),
    ],
)
def test_a_kernel_is_judged(state: str, beat_age: float | None, verdict: str, reason: str) -> None:
    found = judge("librarian", state, beat_age, 30.0, "because")
    assert (found.verdict, found.reason) == (verdict, reason)


async def test_only_changes_are_published(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(HealthMonitor, workspace=tmp_path, clock=clock) as bench:
        bench.room.records = (sample_kernel("librarian"), sample_kernel("sandbox"))
        await clock.advance(6)
        assert changes(bench) == []
        assert bench.get(HealthMonitor).summary() == "2 healthy"
        bench.room.records = (sample_kernel("librarian", state="failed"), sample_kernel("sandbox"))
        await clock.advance(6)
        assert changes(bench) == [("librarian", "healthy", "unhealthy")]
        assert bench.get(HealthMonitor).summary() == "1 healthy, 1 unhealthy"
        bench.room.records = (sample_kernel("librarian"), sample_kernel("sandbox"))
        await clock.advance(6)
        assert changes(bench)[1:] == [("librarian", "unhealthy", "healthy")]


async def test_a_kernel_that_is_ill_at_first_sight_is_told(tmp_path: Path) -> None:
    async with running(HealthMonitor, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian", state="quarantined", error="boom"),)
        (health,) = await bench.get(HealthMonitor).health()
        assert health == Health("librarian", "unhealthy", "quarantined: boom", 1.0)
        assert changes(bench) == [("librarian", "", "unhealthy")]


async def test_overdue_kernels_are_named(tmp_path: Path) -> None:
    async with running(HealthMonitor, workspace=tmp_path) as bench:
        bench.room.records = (
            sample_kernel("librarian", beat_age=31.0),
            sample_kernel("sandbox", beat_age=31.0, heartbeat_timeout=60.0),
            sample_kernel("scheduler", beat_age=99.0, state="failed"),
        )
        assert await bench.get(HealthMonitor).overdue() == ("librarian",)


async def test_the_probe_fails_when_an_overdue_kernel_looks_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernels.health_monitor.judge", lambda name, *facts: Health(name, "healthy", "", None))
    with pytest.raises(NotReady, match="called a kernel healthy"):
        async with running(HealthMonitor, workspace=tmp_path):
            pass
