"""The mesh as a kernel: rules from files, when they are checked, one incident a breach, and what it tells of itself."""

import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from grace_tui.healing.triggers import OWN_FILE, Known, Rule, load_rules
from grace_tui.kernel import (
    FilesChanged,
    GraceError,
    IncidentOpened,
    KernelRecord,
    KernelStateChanged,
    LatencyRecord,
    MonitorReported,
    NotReady,
    PlaybookRecord,
)
from grace_tui.kernel.testing import Bench, ManualClock, RealClock, running, sample_kernel
from kernels.trigger_mesh import RuleView, TriggerMesh
from kernels.trigger_mesh.table import MEASURES, SPECS
from kernels.verification_framework import VerificationFramework

pytestmark = pytest.mark.anyio

RULES = load_rules(Known(SPECS)).rules
TEN = {
    "heartbeat_gap": "HeartbeatGap",
    "log_silence": "LogSilence",
    "queue_growth": "QueueGrowth",
    "call_latency": "LatencySpike",
    "config_drift": "ConfigDrift",
    "secret_drift": "SecretDrift",
    "dependency_regression": "DependencyRegression",
    "missing_binary": "MissingBinary",
    "data_integrity": "DataCorrupt",
    "database_integrity": "DataCorrupt",
    "model_drift": "ModelDrift",
    "cpu_pressure": "CpuPressure",
    "memory_pressure": "MemoryPressure",
    "disk_pressure": "DiskPressure",
    "code_changed": "CodeChanged",
    "syntax_broken": "SyntaxBroken",
    "repeated_errors": "RepeatedErrors",
    "schema_drift": "SchemaDrift",
    "predicted_failure": "PredictedFailure",
    "audit_chain": "AuditChainBroken",
    "bus_denials": "BusDenials",
    "agent_stuck": "AgentStuck",
    "healer_stuck": "HealerStuck",
}
FORM = {"type": "object", "properties": {name: {"type": "integer"} for name in ("a", "b", "c")}}


def own_rules(root: Path, text: str) -> None:
    path = root / OWN_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


async def first_report(bench: Bench) -> TriggerMesh:
    """The mesh, after the check that it makes at start."""
    with anyio.fail_after(5):
        while not bench.bus.events(MonitorReported):
            await RealClock().sleep(0.002)
    return bench.get(TriggerMesh)


async def view(mesh: TriggerMesh, name: str) -> RuleView:
    return next(rule for rule in await mesh.rules() if rule.name == name)


async def checks(bench: Bench, mesh: TriggerMesh, *steps: Sequence[KernelRecord]) -> RuleView:
    """The rule about heartbeats after it was measured at each of these states of the room."""
    for records in steps:
        bench.room.records = tuple(records)
        (found,) = await mesh.check_now(["heartbeat_gap"])
    return found


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


LATE, CALM = sample_kernel("librarian", beat_age=33.0), sample_kernel("librarian")


def test_the_shipped_rules_use_every_measure_and_cover_every_trigger() -> None:
    assert {rule.measure for rule in RULES} == set(MEASURES)
    assert {name: kind for name, kind in TEN.items() if name not in [rule.name for rule in RULES]} == {}
    assert {rule.name: rule.kind for rule in RULES if rule.name in TEN} == TEN
    assert [rule.name for rule in RULES if not rule.says] == []


async def test_every_rule_of_a_calm_room_is_measured_and_quiet(tmp_path: Path) -> None:
    busy = ("cpu_pressure", "disk_pressure", "memory_pressure")  # those of this machine may be
    rule = '[[rule]]\nname = "{}"\nthreshold = 101\n'
    own_rules(tmp_path, "".join(rule.format(name) for name in busy))
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.room.records = (CALM,)
        rules = await (await first_report(bench)).check_now()
        assert [rule.name for rule in rules] == [rule.name for rule in RULES]
        assert [(rule.name, rule.problem) for rule in rules if rule.value is None or rule.firing or rule.problem] == []
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.monitor, report.state, report.text) == ("triggers", "ok", f"{len(RULES)} rules")
        assert (report.count, report.next_in) == (len(RULES), 30.0)
        assert bench.incidents.all() == ()


async def test_each_rule_is_checked_at_its_own_pace(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_report(bench)
        await mesh.check_now()
        waits = {rule.name: rule.next_check for rule in await mesh.rules()}
        assert (waits["heartbeat_gap"], waits["missing_binary"], waits["predicted_failure"]) == (30, 60, 300)
        before = bench.counts["trigger_mesh"]
        await clock.advance(25)
        assert (await view(mesh, "heartbeat_gap")).next_check == 5
        assert bench.counts["trigger_mesh"] == before
        await clock.advance(5)
        with anyio.fail_after(5):
            while (await view(mesh, "audit_chain")).next_check == 0:
                await RealClock().sleep(0.002)
        assert (await view(mesh, "predicted_failure")).next_check == 270


async def test_a_breach_opens_one_incident_for_its_kernel_and_tells_what_was_measured(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        found = await checks(bench, mesh, *[(sample_kernel("sandbox"), LATE)] * 3)
        (incident,) = bench.incidents.all()
        assert (incident.kernel, incident.kind, incident.count) == ("librarian", "HeartbeatGap", 1)
        assert incident.message == "last beat 33 s ago, limit 30 s"
        assert incident.facts == {
            "rule": "heartbeat_gap",
            "value": 1.1,
            "threshold": 1.0,
            "unit": "x",
            "severity": "moderate",
            "subject": "librarian",
            "detail": "librarian: 33.0 of 30 s",
            "age": 33.0,
            "timeout": 30.0,
        }
        assert (found.firing, found.incidents, found.fired) == (("librarian",), (incident.id,), 1)
        report = bench.bus.events(MonitorReported)[-1]
        assert (report.state, report.text) == ("alert", "firing: heartbeat_gap")
        assert mesh.summary() == f"{len(RULES)} rules, 1 firing"
        assert bench.room.commands == []


async def test_one_rule_fires_for_each_subject_by_itself(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        other = sample_kernel("sandbox", beat_age=40.0)
        found = await checks(bench, mesh, [LATE], [LATE, other])
        assert found.firing == ("librarian", "sandbox")
        found = await checks(bench, mesh, [CALM, other])
        states = {incident.kernel: incident.state for incident in bench.incidents.all()}
        assert (found.firing, states) == (("sandbox",), {"librarian": "resolved", "sandbox": "open"})


async def test_a_kernel_that_is_gone_does_not_fire_any_more(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await checks(bench, await first_report(bench), [LATE], [])
        (incident,) = bench.incidents.all()
        assert (incident.state, incident.action) == ("resolved", "not there any more")


async def test_a_breach_that_grows_is_told_on_the_same_incident(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, *[[sample_kernel("librarian", beat_age=age)] for age in (33.0, 61.0, 62.0)])
        (incident,) = bench.incidents.all()
        assert (incident.count, incident.facts["severity"], incident.facts["value"]) == (2, "major", 2.03)


async def test_a_breach_that_is_held_for_mended_is_told_again_while_it_goes_on(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE], [LATE])
        (incident,) = bench.incidents.all()
        assert incident.count == 1
        bench.incidents.move(incident.id, "watching", "playbook restart_silent succeeded", by="self_healing")
        await checks(bench, mesh, [LATE])
        (incident,) = bench.incidents.all()
        assert (incident.count, incident.state) == (2, "watching")
        await checks(bench, mesh, [CALM])
        (incident,) = bench.incidents.all()
        assert (incident.count, incident.state) == (2, "resolved")


async def test_it_keeps_quiet_for_a_while_after_it_was_clear(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_report(bench)
        found = await checks(bench, mesh, [LATE], [CALM], [LATE])
        assert (found.firing, found.cool_down_left, found.fired) == ((), 300.0, 1)
        clock.now += 301
        assert (await checks(bench, mesh, [LATE])).fired == 2


async def test_a_value_that_is_back_resolves_the_incident_also_after_a_restart(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE])
        saved = mesh.save_state()
        await bench.stop(TriggerMesh)
        again = await bench.start(TriggerMesh, saved_state=saved)
        assert (await checks(bench, again, [LATE])).fired == 1
        await checks(bench, again, [CALM])
        (incident,) = bench.incidents.all()
        assert (incident.state, incident.count, incident.action) == ("resolved", 1, "measured 0.03 again")


async def test_an_incident_that_stands_is_taken_over_after_a_kill(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await checks(bench, await first_report(bench), [LATE])
        await bench.stop(TriggerMesh)
        again = await bench.start(TriggerMesh)
        await checks(bench, again, [LATE])
        (incident,) = bench.incidents.all()
        assert (incident.state, incident.count) == ("open", 1)
        await checks(bench, again, [CALM])
        assert bench.incidents.all()[0].state == "resolved"


async def test_what_a_person_settled_while_it_fires_is_told_again_after_a_while(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE])
        bench.incidents.move("I1", "resolved", "it is fine", by="me")
        assert (await checks(bench, mesh, [LATE])).firing == ()
        clock.now += 301
        assert (await checks(bench, mesh, [LATE])).incidents == ("I2",)


async def test_a_rule_fires_only_once_the_mesh_has_settled(tmp_path: Path) -> None:
    own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nsettle = 60\nin_a_row = 2\n')
    clock = ManualClock()
    async with running(TriggerMesh, workspace=tmp_path, clock=clock) as bench:
        mesh = await first_report(bench)
        assert (await checks(bench, mesh, *[[LATE]] * 5)).firing == ()
        clock.now += 61
        assert (await checks(bench, mesh, [LATE])).firing == ()
        assert (await checks(bench, mesh, [LATE])).firing == ("librarian",)


async def test_a_breach_that_others_see_too_is_one_incident(tmp_path: Path) -> None:
    async with running(VerificationFramework, TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE])
        framework = bench.get(VerificationFramework)
        framework._judge(await framework.invariants())
        (incident,) = [one for one in bench.incidents.all() if one.kernel == "librarian"]
        assert (incident.message, incident.count) == ("last beat 33 s ago, limit 30 s", 2)


# ---- occasions


async def test_a_saved_file_that_does_not_compile_is_told_without_waiting_for_the_period(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "own.py").write_text("def broken(:\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await first_report(bench)
        bench.bus.publish("files.changed", FilesChanged(("kernels/own.py",)), source="room")
        with anyio.fail_after(5):
            while not bench.incidents.all():
                await RealClock().sleep(0.002)
        (incident,) = bench.incidents.all()
        assert (incident.kernel, incident.kind) == ("own", "SyntaxBroken")


@pytest.mark.parametrize(
    ("occasion", "topic", "event"),
    [
        ("kernel.state", "kernel.state", KernelStateChanged("librarian", "starting", "running")),
        ("incident.opened", "incident.opened", IncidentOpened("I9", "librarian", "s", "t")),
    ],
)
async def test_a_rule_is_checked_when_what_it_asks_for_happens(
    tmp_path: Path, occasion: str, topic: str, event: KernelStateChanged | IncidentOpened
) -> None:
    own_rules(tmp_path, f'[[rule]]\nname = "heartbeat_gap"\non = ["{occasion}"]\n')
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await first_report(bench)
        bench.room.records = (LATE,)
        bench.bus.publish(topic, event, source="room")
        with anyio.fail_after(5):
            while not bench.incidents.all():
                await RealClock().sleep(0.002)


# ---- files


async def test_a_file_that_cannot_be_used_leaves_the_rules_in_force_and_is_told(tmp_path: Path) -> None:
    own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nthreshold = 3\n')
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        assert (await view(mesh, "heartbeat_gap")).threshold == 3
        own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nthreshold = "three"\n')
        bench.bus.publish("files.changed", FilesChanged((OWN_FILE,)), source="room")
        with anyio.fail_after(5):
            while not await mesh.trouble():
                await RealClock().sleep(0.002)
        assert 'triggers.toml:3: threshold is "three"; expected a number; the rules that' in await mesh.trouble()
        assert (await view(mesh, "heartbeat_gap")).threshold == 3
        assert await mesh.check_now(["heartbeat_gap"])
        assert bench.bus.events(MonitorReported)[-1].state == "alert"
        own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nthreshold = 4.5\n')
        bench.bus.publish("files.changed", FilesChanged((OWN_FILE,)), source="room")
        with anyio.fail_after(5):
            while await mesh.trouble():
                await RealClock().sleep(0.002)
        assert (await view(mesh, "heartbeat_gap")).threshold == 4.5


async def test_a_file_that_cannot_be_used_at_start_leaves_the_shipped_rules(tmp_path: Path) -> None:
    own_rules(tmp_path, "rule = 3\n")
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        assert len(await mesh.rules()) == len(RULES)
        assert "rule is not a list of tables" in await mesh.trouble()


async def test_a_rule_that_is_switched_off_settles_what_it_opened(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE])
        own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nenabled = false\n')
        bench.bus.publish("files.changed", FilesChanged((OWN_FILE,)), source="room")
        with anyio.fail_after(5):
            while len(await mesh.rules()) == len(RULES):
                await RealClock().sleep(0.002)
        (incident,) = bench.incidents.all()
        assert (incident.state, incident.action) == ("resolved", "its rule is not in force any more")


async def test_a_route_to_a_playbook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nroute = "playbook:restart_it"\n')
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        bench.playbooks.add(PlaybookRecord("restart_kernel", "", "", ""))
        own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nroute = "playbook:restart_kernal"\n')
        mesh = await first_report(bench)
        bench.bus.publish("files.changed", FilesChanged((OWN_FILE,)), source="room")
        with anyio.fail_after(5):
            while not await mesh.trouble():
                await RealClock().sleep(0.002)
        assert "there is no playbook restart_kernal; did you mean restart_kernel?" in await mesh.trouble()


async def test_the_route_of_a_rule_goes_with_its_incident(tmp_path: Path) -> None:
    own_rules(tmp_path, '[[rule]]\nname = "heartbeat_gap"\nroute = "agent"\n')
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        await checks(bench, await first_report(bench), [LATE])
        assert bench.incidents.all()[0].route == "agent"


# ---- what it tells


async def test_a_rule_is_shown_with_its_subjects_and_its_recent_values(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [CALM], [LATE], [sample_kernel("sandbox"), LATE])
        detail = await mesh.show("heartbeat_gap")
        assert [value for _, value in detail.recent][-3:] == [0.03, 1.1, 1.1]
        assert [(one.subject, one.firing) for one in detail.subjects] == [("librarian", True), ("sandbox", False)]
        assert dict((await mesh.show("log_silence")).parameters) == {"least": "60.0"}


@pytest.mark.in_task("counts what is kept inside")
async def test_the_recent_values_are_bounded_and_kept_over_a_restart(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, *[[CALM]] * 200)
        assert len((await mesh.show("heartbeat_gap")).recent) == 120
        saved = mesh.save_state()
        await bench.stop(TriggerMesh)
        again = await bench.start(TriggerMesh, saved_state=saved)
        assert len((await again.show("heartbeat_gap")).recent) == 120


@pytest.mark.parametrize("verb", ["show", "drill", "accept"])
async def test_a_rule_that_is_not_there_is_refused_by_name(tmp_path: Path, verb: str) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        with pytest.raises(GraceError, match=r"there is no rule 'heartbeat_gab'; did you mean heartbeat_gap\?"):
            await getattr(mesh, verb)("heartbeat_gab")


async def test_a_rule_without_a_baseline_has_nothing_to_accept(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        with pytest.raises(GraceError, match="heartbeat_gap compares with no baseline"):
            await (await first_report(bench)).accept("heartbeat_gap")


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_a_rule_that_cannot_be_measured_says_so_and_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise OSError("no such mount")

    def breaks() -> None:
        raise ZeroDivisionError("a defect")

    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        failed: list[BaseException] = []
        mesh.context.failed = lambda error, phase: failed.append(error)
        monkeypatch.setattr("kernels.trigger_mesh.pressure.psutil.disk_usage", refuse)
        monkeypatch.setattr("kernels.trigger_mesh.pressure.psutil.virtual_memory", breaks)
        found = {rule.name: rule for rule in await mesh.check_now()}
        assert (found["disk_pressure"].value, found["disk_pressure"].problem) == (None, "not measured: no such mount")
        assert found["memory_pressure"].problem == "not measured: ZeroDivisionError: a defect"
        assert [type(error) for error in failed] == [ZeroDivisionError]
        assert found["open_files"].problem == ""


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_the_probe_fails_when_a_breach_does_not_fire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernels.trigger_mesh.judge", lambda rule, state, reading, now: (state, ""))
    with pytest.raises(NotReady, match="does not fire exactly once"):
        async with running(TriggerMesh, workspace=tmp_path):
            pass


# ---- drills


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
async def test_every_rule_fires_in_a_drill_that_undoes_itself(tmp_path: Path, rule: Rule) -> None:
    async with running(TriggerMesh, workspace=tmp_path) as bench:
        mesh = await first_report(bench)
        bench.room.records = (CALM,)
        bench.room.form, bench.room.view = FORM, {"a": 1, "b": 2, "c": 3}
        bench.room.calls = (LatencyRecord("librarian.find", "librarian", 20, 0.001, 0.002, 0.003),)
        before = everything(tmp_path)
        began = time.monotonic()
        report = await mesh.drill(rule.name)
        assert (report.fired, report.resolved) == (True, True), report
        assert report.value >= report.threshold
        assert began + report.seconds <= time.monotonic()
        incident = bench.incidents.get(report.incident_id)
        assert incident is not None
        assert (incident.state, incident.route, incident.kind) == ("resolved", "nobody", rule.kind)
        assert (incident.facts["drill"], incident.facts["rule"]) == (True, rule.name)
        assert incident.message.startswith(f"drill of {rule.name}: ")
        assert (await view(mesh, rule.name)).firing == ()
        assert [one.state for one in bench.incidents.all() if one.state != "resolved"] == []
        assert {path.name for path in everything(tmp_path) - before if path.name.startswith("drill")} == set()


async def test_a_rule_that_fires_for_real_is_not_drilled(tmp_path: Path) -> None:
    async with running(TriggerMesh, workspace=tmp_path, clock=ManualClock()) as bench:
        mesh = await first_report(bench)
        await checks(bench, mesh, [LATE])
        with pytest.raises(GraceError, match="heartbeat_gap fires for real: librarian"):
            await mesh.drill("heartbeat_gap")


async def test_what_a_drill_left_that_a_kill_broke_off_is_cleared_at_start(tmp_path: Path) -> None:
    left = tmp_path / ".grace" / "triggers" / "drill-left"
    left.mkdir(parents=True)
    async with running(workspace=tmp_path, clock=ManualClock()) as bench:
        bench.incidents.report("trigger_mesh", "CpuPressure", "drill of cpu_pressure", by="x", facts={"drill": True})
        await bench.start(TriggerMesh)
        assert not left.exists()
        assert [one.state for one in bench.incidents.all()] == ["resolved"]
