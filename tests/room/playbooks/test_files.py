"""Drills: what the room does about code, settings, data and the audit log."""

from pathlib import Path

import pytest

from grace_tui.kernel.records import IncidentRecord
from tests.room.bench import calm, write
from tests.room.playbooks.stage import Stage, done, failing, staged, succeeded

GOOD = '''
    """Works."""

    from grace_tui.kernel import Kernel

    class One(Kernel):
        pass
'''
BROKEN = "def one(:\n"
KERNELS = Path(__file__).parents[3] / "kernels"


def timeline(stage: Stage, incident: IncidentRecord) -> str:
    found = stage.room.parts.book.get(incident.id)
    assert found is not None
    return str(found.timeline)


@pytest.mark.parametrize(("kind", "yes"), [("SyntaxBroken", True), ("SyntaxBroken", False), ("SyntaxError", True)])
async def test_restore_broken_brings_a_file_back_after_a_yes_only(tmp_path: Path, kind: str, yes: bool) -> None:
    path = write(tmp_path, "one.py", GOOD)
    async with staged(tmp_path) as stage:
        await stage.running("one")
        await stage.room.parts.snapshots.take("all is well")
        path.write_text(BROKEN, encoding="utf-8")
        incident = stage.report("one", kind, file="kernels/one.py", line=1)
        run = await stage.play("restore_broken", incident)
        assert run.state == "waiting_for_person"
        kept = stage.room.parts.snapshots.all()[-1].id
        assert run.question.startswith(f"Bring kernels/one.py back from before it broke? {kept}, taken ")
        assert "has an intact copy of kernels/one.py." in run.question
        assert path.read_text(encoding="utf-8") == BROKEN
        answered = await stage.room.playbooks.answer(run.id, yes, "ann")
        if yes:
            succeeded(answered)
            assert "Works." in path.read_text(encoding="utf-8")
            assert stage.state("one") == "running"
        else:
            assert (answered.state, answered.detail) == ("failed", "ask: ann said no")
            assert path.read_text(encoding="utf-8") == BROKEN


HELPER = "kernels/helpers/names.py"
"""No kernel loads it: what is reported of it is the only incident."""


async def broken_twice(stage: Stage, before: str = "") -> Path:
    """A file whose last copy is broken too; `before`, if any, is what the copy before that has."""
    await stage.running("one")
    path = stage.root / HELPER
    path.parent.mkdir()
    for text in filter(None, (before, "class One(:\n")):
        path.write_text(text, encoding="utf-8")
        await stage.room.parts.snapshots.take("as it is")
    path.write_text(BROKEN, encoding="utf-8")
    return path


async def test_restore_broken_passes_over_copies_that_are_broken_too(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with staged(tmp_path) as stage:
        path = await broken_twice(stage, "ONE = 1\n")
        good = stage.room.parts.snapshots.all()[1]
        run = await stage.play("restore_broken", stage.report("one", "SyntaxBroken", file=HELPER))
        assert f"{good.id}, taken " in run.question
        succeeded(await stage.room.playbooks.answer(run.id, True, "ann"))
        assert path.read_text(encoding="utf-8") == "ONE = 1\n"


async def test_restore_broken_asks_nobody_where_no_copy_is_intact(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with staged(tmp_path) as stage:
        path = await broken_twice(stage)
        incident = stage.report("one", "SyntaxBroken", file=HELPER)
        run = await stage.play("restore_broken", incident)
        assert done(run) == {
            "find_copy": "failed",
            "ask": "pending",
            "restore_file": "pending",
            "wait": "pending",
            "hand_on": "done",
        }
        why = f"have 1 other copy of {HELPER}, and none is intact"
        assert f"{HELPER} does not compile, and cannot be brought back: snapshots from before" in run.detail
        assert why in run.detail
        assert why in timeline(stage, incident)
        assert path.read_text(encoding="utf-8") == BROKEN


async def test_keep_drifted_keeps_what_was_found_and_asks_a_person(tmp_path: Path) -> None:
    calm(tmp_path, "governance")
    (tmp_path / "grace.toml").write_text("# changed\n", encoding="utf-8")
    async with staged(tmp_path) as stage:
        await stage.running("governance")
        incident = stage.report("governance", "ConfigDrift", files=["grace.toml"], detail="grace.toml")
        succeeded(await stage.play("keep_drifted", incident))
        assert stage.room.parts.snapshots.all()[0].reason.startswith("as found: grace.toml")
        assert "grace.toml changed while nobody looked" in timeline(stage, incident)


async def test_keep_evidence_keeps_the_files_and_asks_a_person(tmp_path: Path) -> None:
    calm(tmp_path, "immutable_log")
    async with staged(tmp_path) as stage:
        await stage.running("immutable_log")
        incident = stage.report("immutable_log", "AuditChainBroken", "entry 7 was changed")
        succeeded(await stage.play("keep_evidence", incident))
        assert stage.room.parts.snapshots.all()[0].reason.startswith("when the audit log was found changed")
        assert "entry 7 was changed" in timeline(stage, incident)


async def test_check_changed_keeps_and_checks_what_changed(tmp_path: Path) -> None:
    write(tmp_path, "one.py", GOOD)
    async with staged(tmp_path) as stage:
        await stage.running("one")
        incident = stage.report("one", "CodeChanged", files=["kernels/one.py"])
        run = await stage.play("check_changed", incident)
        succeeded(run)
        assert done(run)["take_snapshot"] == done(run)["run_lint"] == "done"
        assert stage.room.parts.snapshots.all()[0].reason.startswith("one changed while the room was closed")


async def test_check_changed_asks_a_person_where_a_check_finds_something(tmp_path: Path) -> None:
    path = write(tmp_path, "one.py", GOOD)
    async with staged(tmp_path) as stage:
        await stage.running("one")
        incident = stage.report("one", "CodeChanged", files=["kernels/one.py"])
        path.write_text(path.read_text() + "\n\ndef late() -> int:\n    return nothing\n", encoding="utf-8")
        run = await stage.play("check_changed", incident)
        assert (done(run)["run_lint"], done(run)["hand_on"]) == ("failed", "done")
        (record,) = [found for found in stage.room.playbooks.all() if found.name == "check_changed"]
        assert (record.succeeded, record.failed, record.score) == (0, 0, 0.5)
        assert "one changed while the room was closed, and" in timeline(stage, incident)


async def test_check_risk_runs_every_check_and_tells_that_all_is_well(tmp_path: Path) -> None:
    write(tmp_path, "one.py", GOOD)
    test = tmp_path / "tests" / "kernels" / "test_one.py"
    test.parent.mkdir(parents=True)
    test.write_text("def test_one() -> None:\n    assert True\n", encoding="utf-8")
    async with staged(tmp_path) as stage:
        await stage.running("one")
        incident = stage.report("one", "PredictedFailure", file="kernels/one.py")
        run = await stage.play("check_risk", incident)
        succeeded(run)
        checks = {name: done(run)[name] for name in ("run_lint", "run_types", "run_tests", "tell")}
        assert set(checks.values()) == {"done"}
        assert "lint, types and tests of one find nothing" in timeline(stage, incident)


async def test_rebuild_index_makes_a_damaged_index_anew(tmp_path: Path) -> None:
    for name in ("librarian.py", "message_bus.py"):
        write(tmp_path, name, (KERNELS / name).read_text(encoding="utf-8"))
    (tmp_path / "notes.md").write_text("the heron stands still", encoding="utf-8")
    async with staged(tmp_path) as stage:
        await stage.running("librarian")
        incident = stage.report("librarian", "DataCorrupt", file=".grace/librarian.db")
        run = await stage.play("rebuild_index", incident)
        succeeded(run)
        assert done(run) == {"rebuild_index": "done", "hand_on": "pending"}
        assert stage.state("librarian") == "running"


async def test_rebuild_index_asks_a_person_where_a_kernel_has_none(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with staged(tmp_path) as stage:
        await stage.running("one")
        incident = stage.report("one", "DataCorrupt", "its data is damaged", file="data.db")
        run = await stage.play("rebuild_index", incident)
        assert done(run) == {"rebuild_index": "failed", "hand_on": "done"}
        assert "its data is damaged" in timeline(stage, incident)


async def test_repair_repeated_queues_a_repair(tmp_path: Path) -> None:
    failing(tmp_path, "one", 'ValueError("no such thing")')
    async with staged(tmp_path) as stage:
        failure = await stage.failed("one")
        incident = stage.report("one", "RepeatedErrors", incident=failure.id, signature=failure.signature)
        succeeded(await stage.play("repair_repeated", incident))
        (task,) = stage.room.parts.queue.all()
        assert (task.kernel, task.priority) == ("one", 20)
        assert stage.room.parts.snapshots.all()[0].reason.startswith("before a repair of what one repeats")


@pytest.mark.parametrize("yes", [True, False])
async def test_propose_access_widens_nothing_without_a_yes(tmp_path: Path, yes: bool) -> None:
    calm(tmp_path, "reader", "owner")
    write(tmp_path, "message_bus.py", (KERNELS / "message_bus.py").read_text(encoding="utf-8"))
    async with staged(tmp_path) as stage:
        await stage.running("reader", "owner", "message_bus")
        bus = stage.room.parts.bus
        bus.set_rules({**bus.rules(), "secret.*": ("owner",)})
        incident = stage.report("reader", "BusDenials", topic="secret.one", source="reader")
        run = await stage.play("propose_access", incident)
        assert run.state == "waiting_for_person"
        assert "secret.one" in run.question
        assert not any("reader" in names for names in bus.rules().values())
        await stage.room.playbooks.answer(run.id, yes, "ann")
        allowed = any("reader" in names for names in bus.rules().values())
        assert allowed is yes
