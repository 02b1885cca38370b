"""Records as text for people."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from grace_tui.faces.views import ExitView, KernelView, VitalsView
from grace_tui.kernel.records import HiddenFailure, IncidentRecord
from grace_tui.room import telling

NOON = 1_763_208_000.0
BACKING_OFF = KernelView(
    name="mailer",
    state="backing_off",
    since=1.5,
    since_at=NOON,
    detail="failed in run",
    error="CommandExited: exit code 3",
    next_try=3.2,
    restarts=9,
    window_restarts=3,
    budget=2,
    intensity=5,
    period=60.0,
    last_exit=ExitView(at=NOON, reason="exit code 3", phase="run", code=3),
    waited_by=("reports",),
    needed_by=("reports", "web"),
    isolation="command",
)


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def fields(view: KernelView) -> dict[str, str]:
    lines = telling.kernel(view, [], NOON + 2).splitlines()
    return {line[:11].rstrip(): line[12:] for line in lines if len(line) > 12}


def test_a_kernel_is_told_with_its_last_exit_its_budget_and_who_waits(utc: None) -> None:
    told = fields(BACKING_OFF)
    first = telling.kernel(BACKING_OFF, [], NOON).splitlines()[0]
    assert first == "mailer: backing_off for 1.5 s, since 2025-11-15 12:00:00"
    assert told["last exit"] == "exit code 3 in run, at 2025-11-15 12:00:00, 2 s ago"
    assert told["failures"] == "3 in the last 60 s, 2 of 5 restarts left"
    assert (told["next try"], told["restarts"]) == ("in 3.2 s", "9")
    assert (told["waited by"], told["needed by"]) == ("reports", "reports, web")


def test_a_kernel_that_another_brought_down_is_told_with_its_cause() -> None:
    told = fields(msgspec.structs.replace(BACKING_OFF, hidden_by="I-1", cause="db"))
    assert told["because of"] == "I-1: db failed"


def test_an_incident_is_told_with_its_owner_and_what_it_hides(utc: None) -> None:
    hidden = HiddenFailure(kernel="web", title="ProviderDown: db is down", count=7, first_at=NOON, last_at=NOON + 60)
    record = IncidentRecord(
        id="I-1",
        kernel="db",
        phase="run",
        kind="OSError",
        message="no space left",
        title="no space left",
        signature="s",
        coarse="c",
        state="acknowledged",
        opened_at=NOON,
        last_at=NOON,
        count=9,
        owner="ada",
        hides=(hidden,),
        variants=3,
    )
    told = telling.incident(record)
    assert "owner       ada" in told
    assert "storm       3 failures of other signatures" in told
    assert "hides\n  web: ProviderDown: db is down, 7x, last 2025-11-15 12:01:00" in told


def test_a_kernel_in_a_process_is_told_with_what_it_uses() -> None:
    moved = KernelView(
        name="sandbox",
        state="running",
        isolation="process",
        moved="held the loop twice",
        blocks=2,
        vitals=VitalsView(pid=4242, cpu_percent=3.2, rss_bytes=40 * 1024**2, processes=2),
    )
    told = fields(moved)
    assert told["runs as"] == "process; moved: held the loop twice"
    assert told["process"] == "pid 4242, 2 in its tree, cpu 3 %, rss 40 M"
    assert told["held loop"] == "2x"


def test_what_a_kernel_does_not_have_is_not_told() -> None:
    told = fields(KernelView(name="web", state="running"))
    assert not {"last exit", "failures", "waits for", "process", "held loop", "next try"} & set(told)
