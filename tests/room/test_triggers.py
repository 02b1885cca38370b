"""Triggers in a real room: what is measured is its own, drills are undone, a broken file is told before boot."""

import shutil
from pathlib import Path
from typing import Any

from grace_tui.healing.triggers.changed import Healthy, HealthyRecord, sources
from grace_tui.kernel.events import FilesChanged
from grace_tui.kernel.records import IncidentRecord
from grace_tui.workspace import make_workspace
from tests.room.bench import Bench, calm, opened, told, write

REPOSITORY = Path(__file__).parents[2]
MESH = "trigger_mesh"
CALLER = '''
    """Asks another kernel, and takes no mail."""

    from grace_tui.kernel import Kernel

    class Caller(Kernel):
        async def start(self):
            self.box = self.context.bus.subscribe(self.name, "flood")
            for _ in range(12):
                await self.kernel("answers").now()

'''
OWN = """
[[rule]]
name = "memory_pressure"
threshold = 0.001
clear = 0
in_a_row = 1
route = "nobody"
"""
ANSWERS = '''
    """Answers."""

    from grace_tui.kernel import Kernel

    class Answers(Kernel):
        async def now(self):
            return 1
'''


def with_mesh(root: Path) -> None:
    """The mesh and what it requires, as they are shipped."""
    (root / "kernels").mkdir(exist_ok=True)
    shipped = REPOSITORY / "kernels"
    shutil.copytree(shipped / MESH, root / "kernels" / MESH, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(shipped / "message_bus.py", root / "kernels")


async def check(bench: Bench, name: str) -> dict[str, Any]:
    answer = await bench.answer("trigger.check", name=name)
    assert answer["ok"], answer["text"]
    (rule,) = answer["data"]["rules"]
    found: dict[str, Any] = rule
    return found


def incidents(bench: Bench, kind: str) -> list[IncidentRecord]:
    return [found for found in bench.room.parts.book.all() if found.kind == kind]


async def test_every_rule_of_the_shipped_room_is_quiet_and_can_be_drilled(tmp_path: Path) -> None:
    make_workspace(tmp_path / "room")
    async with opened(tmp_path / "room") as bench:
        await bench.until(lambda view: view.total and view.running == view.total)
        answer = await bench.answer("trigger.check")
        rules = {rule["name"]: rule for rule in answer["data"]["rules"]}
        assert {name: rule["problem"] for name, rule in rules.items() if rule["problem"]} == {}
        machine = {"cpu_pressure", "memory_pressure", "disk_pressure", "stalled_work", "loop_lag"}
        assert {name for name, rule in rules.items() if rule["firing"]} - machine == set()
        assert rules["schema_drift"]["detail"].startswith("as accepted, http://127.0.0.1:")
        for name in rules.keys() - machine:
            answer = await bench.answer("trigger.drill", name=name)
            assert answer["ok"], answer["text"]
            assert ("lowered" in answer["text"]) == (answer["data"]["how"] == "threshold")
        drilled = [found for found in bench.room.parts.book.all() if found.facts.get("drill")]
        assert len(drilled) >= len(rules) - len(machine)
        assert {(found.state, found.route) for found in drilled} <= {("resolved", "nobody"), ("resolved", "")}
        assert bench.room.parts.queue.all() == ()
        assert len(bench.audited("trigger.drill")) == len(rules.keys() - machine)
        assert list((tmp_path / "room" / ".grace" / "triggers").glob("drill-*")) == []


async def test_a_rule_is_listed_shown_and_told_while_the_mesh_is_down(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    async with opened(tmp_path) as bench:
        await bench.running(MESH)
        await check(bench, "heartbeat_gap")
        listed = await bench.answer("trigger.list")
        assert "heartbeat_gap" in [rule["name"] for rule in listed["data"]["rules"]]
        assert listed["data"]["trouble"] == ""
        shown = await bench.answer("trigger.show", name="heartbeat_gap")
        assert shown["text"].startswith("heartbeat_gap: quiet\nA running kernel does not beat.\n")
        for part in ("fires       from 1 x on; clear at 0.5", "measured\n  ", "recently\n"):
            assert part in shown["text"]
        assert {one["subject"] for one in shown["data"]["subjects"]} == {MESH, "message_bus"}
        refused = await bench.answer("trigger.show", name="heartbeat")
        assert (refused["ok"], "did you mean heartbeat_gap?" in refused["text"]) == (False, True)
        assert (await bench.answer("kernel.stop", name=MESH))["ok"]
        assert (await bench.answer("kernel.wait", name=MESH, until="stopped", within=10))["ok"]
        down = await bench.answer("trigger.list")
        assert (down["ok"], down["text"]) == (False, "tester called trigger_mesh, which is stopped")


async def test_mail_that_nobody_takes_and_calls_between_kernels_are_measured(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    write(tmp_path, "caller.py", CALLER)
    write(tmp_path, "answers.py", ANSWERS)
    async with opened(tmp_path) as bench:
        await bench.running(MESH, "caller")
        (call,) = [found for found in bench.room.latencies() if found.name == "answers.now"]
        assert (call.provider, call.calls) == ("answers", 12)
        assert 0 < call.median <= call.p95 <= call.worst
        for _ in range(600):
            bench.room.parts.bus.publish("flood", {}, source="tester")
        assert (await check(bench, "bus_backlog"))["firing"] == ()
        assert (await check(bench, "bus_backlog"))["firing"] == ("caller",)
        (incident,) = incidents(bench, "QueueGrowth")
        assert (incident.kernel, incident.facts["value"], incident.phase) == ("caller", 600, "trigger")


async def test_the_own_file_holds_from_the_moment_it_is_saved(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    (tmp_path / "policies").mkdir()
    async with opened(tmp_path) as bench:
        await bench.running(MESH)
        own = tmp_path / "policies" / "triggers.toml"
        own.write_text(OWN)
        bench.room.parts.bus.publish("files.changed", FilesChanged(("policies/triggers.toml",)), source="room")
        await bench.until(lambda view: any(found.kind == "MemoryPressure" for found in view.incidents))
        (incident,) = incidents(bench, "MemoryPressure")
        assert (incident.route, incident.kernel) == ("nobody", "room")
        own.write_text("[[rule]]\nname = 'memory_pressure'\nthresold = 3\n")
        bench.room.parts.bus.publish("files.changed", FilesChanged(("policies/triggers.toml",)), source="room")
        wrong = "thresold is not a key of a rule; did you mean threshold?"
        await bench.until(lambda view: any(wrong in monitor.text for monitor in view.monitors))
        assert wrong in (await bench.answer("trigger.list"))["data"]["trouble"]


async def test_a_file_broken_while_the_room_was_closed_is_told_before_its_kernel_is_tried(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    calm(tmp_path, "librarian")
    good = Healthy(1.0, "", sources(tmp_path, "kernels/librarian.py", {}))
    HealthyRecord(tmp_path / ".grace").keep("librarian", good)
    path = tmp_path / "kernels" / "librarian.py"
    whole = path.read_text()
    path.write_text(f"{whole}\ndef broken(:\n")
    async with opened(tmp_path) as bench:
        await bench.running(MESH)
        assert (await check(bench, "syntax_broken"))["firing"] == ("kernels/librarian.py",)
        (measured,), (raised,) = incidents(bench, "SyntaxBroken"), incidents(bench, "SyntaxError")
        assert (measured.kernel, measured.count, measured.timeline[0][1]) == ("librarian", 1, "room")
        assert (measured.state, measured.hidden_by) == ("suppressed", raised.id)
        assert raised.facts["file"] == measured.facts["file"] == "kernels/librarian.py"
        assert all(found.opened_at >= measured.opened_at for found in bench.room.parts.book.all())
        path.write_text(whole)
        both = {(measured.id, "resolved"), (raised.id, "watching")}
        await bench.until(lambda view: both <= {(one.id, one.state) for one in view.incidents})


async def test_the_example_of_the_readme_can_be_used(tmp_path: Path) -> None:
    with_mesh(tmp_path)
    blocks = (REPOSITORY / "README.md").read_text().split("```")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "triggers.toml").write_text(
        next(block.removeprefix("toml\n") for block in blocks if "slow_answers" in block)
    )
    async with opened(tmp_path) as bench:
        await bench.running(MESH)
        listed = (await bench.answer("trigger.list"))["data"]
        assert listed["trouble"] == ""
        assert "slow_answers" in [rule["name"] for rule in listed["rules"]]


async def test_a_room_without_a_record_of_what_ran_well_tells_nothing_before_boot(tmp_path: Path) -> None:
    told(tmp_path, "pass")
    async with opened(tmp_path) as bench:
        await bench.running("told")
        assert incidents(bench, "SyntaxBroken") == []
