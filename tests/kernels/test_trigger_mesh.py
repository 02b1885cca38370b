from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from grace_tui.kernel import AuditReport, BusStatistics, FilesChanged, GraceError, MonitorReported, NotReady
from grace_tui.kernel.testing import Bench, ManualClock, RealClock, running, sample_incident, sample_kernel
from kernels.trigger_mesh import RuleState, TriggerMesh, judge
from kernels.trigger_mesh.measures import Measures, Reading
from kernels.trigger_mesh.rules import RULES, Rule
from kernels.verification_framework import VerificationFramework

pytestmark = pytest.mark.anyio


async def nothing(measures: Measures) -> Reading:
    return Reading(0.0)


RULE = Rule("r", "what", "Kind", "room", "x", 10.0, 5.0, nothing, in_a_row=2, cool_down=100.0)


async def first_check(bench: Bench) -> TriggerMesh:
    """The mesh, after the check it makes at start, so that what a test changes is measured by the test."""
    with anyio.fail_after(5):
        while not bench.bus.events(MonitorReported):
            await RealClock().sleep(0.002)
    return bench.get(TriggerMesh)


async def state_of(mesh: TriggerMesh, name: str) -> RuleState:
    return next(state for state in await mesh.rules() if state.name == name)


def firings(values: list[float], step: float = 30.0) -> list[bool]:
    state, found = RuleState("r", "what", 10.0, "x"), []
    for number, value in enumerate(values):
        state, fires = judge(RULE, state, Reading(value), number * step)
        found.append(fires)
    return found


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        pytest.param([10, 10, 10, 10], [False, True, False, False], id="once-after-two-in-a-row"),
        pytest.param([10, 9, 10, 9], [False, False, False, False], id="never-two-in-a-row"),
        pytest.param([10, 10, 7, 10, 10], [False, True, False, False, False], id="not-clear-in-between"),
        pytest.param([10, 10, 5, 10, 10], [False, True, False, False, False], id="cooling-down"),
        pytest.param([10, 10, 5, 0, 0, 0, 10, 10], [False, True] + [False] * 5 + [True], id="after-cooling-down"),
    ],
)
def test_a_rule_fires_once_a_breach(values: list[float], fires: list[bool]) -> None:
    assert firings(values) == fires


async def test_every_rule_of_a_calm_room_is_measured_and_quiet(tmp_path: Path) -> None:
    quiet = {f"{kind}_pressure": 101 for kind in ("cpu", "memory", "disk")}
    settings = {"trigger_mesh": {"thresholds": quiet}}
    async with running(TriggerMesh, workspace=tmp_path, settings=settings, clock=ManualClock()) as bench:
        bench.room.records = (sample_kernel("librarian"),)
        states = await bench.get(TriggerMesh).check_now()
        assert [state.name for state in states] == [rule.name for rule in RULES]
        assert [state.name for state in states if state.value is None or state.firing] == []
        assert states[0].next_check == 30.0
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.monitor, report.state, report.text) == ("triggers", "ok", f"{len(RULES)} rules")
        assert (report.count, report.next_in) == (len(RULES), 30.0)


async def test_it_checks_every_half_minute_and_tells_the_time_left(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_check(bench)
        before = bench.counts["trigger_mesh"]
        await clock.advance(10)
        assert bench.bus.events(MonitorReported)[-1].next_in == 20.0
        assert bench.counts["trigger_mesh"] == before
        await clock.advance(20)
        with anyio.fail_after(5):
            while bench.counts["trigger_mesh"] == before:
                await RealClock().sleep(0.002)
        assert (await mesh.rules())[0].next_check > 0


async def test_a_heartbeat_gap_opens_one_incident_for_its_kernel(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        bench.room.records = (sample_kernel("sandbox"), sample_kernel("librarian", beat_age=33.0))
        for _ in range(3):
            await mesh.check_now()
        (incident,) = bench.incidents.all()
        assert (incident.kernel, incident.kind, incident.count) == ("librarian", "HeartbeatGap", 1)
        assert incident.message == "last beat 33 s ago, limit 30 s"
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.state, report.text) == ("alert", "firing: heartbeat_gap")
        assert mesh.summary() == f"{len(RULES)} rules, 1 firing"
        assert bench.room.commands == []


async def test_a_value_that_is_back_resolves_the_incident_also_after_a_restart(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        bench.room.records = (sample_kernel("librarian", beat_age=33.0),)
        await mesh.check_now()
        saved = mesh.save_state()
        await bench.stop(TriggerMesh)
        again = await bench.start(TriggerMesh, saved_state=saved)
        await again.check_now()
        assert bench.incidents.all()[0].state == "open"
        bench.room.records = (sample_kernel("librarian"),)
        await again.check_now()
        (incident,) = bench.incidents.all()
        assert (incident.state, incident.action) == ("resolved", "measured 0.03 again")


async def test_a_backlog_is_measured_by_the_deepest_mailbox(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        bench.bus.statistics = lambda: BusStatistics(0, 0, 0, 0, 0, 0, {}, {"a": 3, "b": 600})  # type: ignore[method-assign]
        for _ in range(2):
            await mesh.check_now()
        assert ("message_bus", "BusBacklog") in [(one.kernel, one.kind) for one in bench.incidents.all()]
        assert (await state_of(mesh, "bus_backlog")).detail == "b"


async def test_denials_count_since_the_last_check(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        bench.bus.denied = 19
        await mesh.check_now()
        assert (await state_of(mesh, "bus_denials")).value == 19
        bench.bus.denied = 39
        await mesh.check_now()
        state = await state_of(mesh, "bus_denials")
        assert (state.value, state.firing) == (20, True)


@pytest.mark.in_task("looks into an object of the instance")
async def test_settings_changed_unseen_are_drift_and_seen_are_not(tmp_path: Path) -> None:
    (tmp_path / "grace.toml").write_text("[room]\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "own.cedar").write_text("permit (principal, action, resource);")
        await mesh.check_now()
        state = await state_of(mesh, "config_drift")
        assert (state.value, state.detail, state.firing) == (1, "policies/own.cedar", False)
        bench.bus.publish("files.changed", FilesChanged(("policies/own.cedar",)), source="room")
        with anyio.fail_after(5):
            while "policies/own.cedar" not in mesh.measures.baseline():
                await RealClock().sleep(0.002)
        (tmp_path / "grace.toml").write_text("[room]\nname = 'x'\n")
        for _ in range(2):
            await mesh.check_now()
        state = await state_of(mesh, "config_drift")
        assert (state.detail, state.firing) == ("grace.toml", True)


async def test_settings_changed_while_it_was_down_are_drift(tmp_path: Path) -> None:
    (tmp_path / "grace.toml").write_text("[room]\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        saved = (await first_check(bench)).save_state()
        await bench.stop(TriggerMesh)
        (tmp_path / "grace.toml").write_text("[room]\nname = 'x'\n")
        again = await bench.start(TriggerMesh, saved_state=saved)
        await again.check_now()
        assert (await state_of(again, "config_drift")).detail == "grace.toml"


@pytest.mark.parametrize(
    ("changes", "fires"),
    [
        pytest.param({"count": 5}, True, id="nobody-repairs"),
        pytest.param({"count": 4}, False, id="too-few"),
        pytest.param({"count": 9, "task_id": "T1"}, False, id="has-a-task"),
        pytest.param({"count": 9, "state": "in_repair"}, False, id="in-repair"),
        pytest.param({"count": 9, "phase": "trigger"}, False, id="reported-by-a-rule"),
        pytest.param({"count": 9, "last_at": 300.0}, False, id="long-ago"),
    ],
)
async def test_repeated_errors_that_nobody_repairs_fire(tmp_path: Path, changes: dict[str, Any], fires: bool) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        bench.incidents.add(sample_incident("I1", "librarian", **changes))
        await mesh.check_now()
        assert (await state_of(mesh, "repeated_errors")).firing == fires


async def test_failures_older_than_ten_minutes_do_not_count(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_check(bench)
        for at, count in ((1_000, 4), (1_700, 6), (2_400, 7)):
            clock.now = float(at)
            bench.incidents.add(sample_incident("I1", "librarian", count=count, last_at=float(at)))
            await mesh.check_now()
        state = await state_of(mesh, "repeated_errors")
        assert (state.value, state.firing) == (1, False)


async def test_a_broken_audit_chain_fires_and_long_walks_are_rare(tmp_path: Path) -> None:
    clock, walks = ManualClock(), 0
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_check(bench)

        def verify() -> AuditReport:
            nonlocal walks
            walks += 1
            return AuditReport(False, 9, "h", "entry 3 was changed", seconds=2.0)

        bench.audit.verify = verify  # type: ignore[method-assign]
        for _ in range(3):
            clock.now += 60
            await mesh.check_now()
        assert walks == 1
        assert (await state_of(mesh, "audit_chain")).detail == "entry 3 was changed"
        assert [one.kernel for one in bench.incidents.all() if one.kind == "AuditChainBroken"] == ["immutable_log"]


async def test_a_breach_that_others_see_too_is_one_incident(tmp_path: Path) -> None:
    async with running(VerificationFramework, TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        framework = bench.get(VerificationFramework)
        bench.room.records = (sample_kernel("librarian", beat_age=33.0),)
        await mesh.check_now()
        framework._judge(await framework.invariants())
        (incident,) = [one for one in bench.incidents.all() if one.kernel == "librarian"]
        assert (incident.message, incident.count) == ("last beat 33 s ago, limit 30 s", 2)


async def test_code_that_differs_from_the_newest_snapshot_is_shown_and_no_incident(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        await bench.snapshots.take("test")
        bench.snapshots.changed = ("kernels/librarian.py",)
        await mesh.check_now()
        state = await state_of(mesh, "code_drift")
        assert (state.firing, state.detail) == (True, "kernels/librarian.py")
        assert "CodeDrift" not in [one.kind for one in bench.incidents.all()]
        assert "code_drift" not in bench.bus.events(MonitorReported)[-1].text


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_a_rule_that_cannot_be_measured_says_so(tmp_path: Path) -> None:
    async def refuse(measures: Measures) -> Reading:
        raise GraceError("no such mount")

    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_check(bench)
        mesh.rules_in_use = tuple(
            replace(rule, measure=refuse) if rule.name == "disk_pressure" else rule for rule in RULES
        )
        await mesh.check_now()
        state = await state_of(mesh, "disk_pressure")
        assert (state.value, state.detail) == (None, "not measured: no such mount")


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        (3, "thresholds is 3; expected a table"),
        ({"cpu": 3}, r"thresholds\.cpu: no such rule; there are audit_chain,"),
        ({"cpu_pressure": "high"}, r"thresholds\.cpu_pressure is 'high'; expected a number"),
    ],
)
async def test_bad_thresholds_are_named(tmp_path: Path, thresholds: object, message: str) -> None:
    with pytest.raises(GraceError, match=message):
        async with running(TriggerMesh, workspace=tmp_path, settings={"trigger_mesh": {"thresholds": thresholds}}):
            pass


async def test_the_probe_fails_when_a_breach_does_not_fire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.trigger_mesh.judge", lambda rule, state, reading, now: (state, False))
    with pytest.raises(NotReady, match="does not fire exactly once"):
        async with running(TriggerMesh, workspace=tmp_path):
            pass
