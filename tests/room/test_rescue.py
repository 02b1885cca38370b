"""Both kernels that heal are down: the core brings back the last good file, then restarts, then asks a person."""

import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from grace_tui.healing.mutual import unanswered
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import RunRecord
from grace_tui.room import first_aid, rescue
from tests.room.bench import QUICK, calm, opened, write

HEALERS = ("self_healing", "coding_agent")
SOON = msgspec.structs.replace(
    QUICK, supervisor=msgspec.structs.replace(QUICK.supervisor, healthy_after=0.0, intensity=1)
)
RAISES = '''
    """Falls at once."""

    from grace_tui.kernel import Kernel

    class Falls(Kernel):
        async def start(self) -> None:
            raise RuntimeError("a bad edit")
'''


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescue, "APART", 0.05)


async def good_files(root: Path) -> dict[str, bytes]:
    """A room in which both worked, and which remembers with what."""
    calm(root, *HEALERS)
    async with opened(root, SOON) as bench:
        await bench.running(*HEALERS)
        known = root / ".grace/last_good.json"
        await bench.until(lambda view: known.is_file() and len(msgspec.json.decode(known.read_bytes())) == 2)
    return {name: (root / f"kernels/{name}.py").read_bytes() for name in HEALERS}


def bad_edit(root: Path) -> None:
    for name in HEALERS:
        write(root, f"{name}.py", RAISES)


async def test_the_last_good_files_are_brought_back(tmp_path: Path) -> None:
    good = await good_files(tmp_path)
    bad_edit(tmp_path)
    async with opened(tmp_path, SOON) as bench:
        await bench.running(*HEALERS)
        rescued = bench.audited("kernel.rescue")
        assert {record["resource"] for record in rescued} == set(HEALERS)
        assert any("was brought back as it was when" in str(record["reason"]) for record in rescued)
        assert bench.room.parts.snapshots.all()[0].reason.startswith("before restoring")
    assert {name: (tmp_path / f"kernels/{name}.py").read_bytes() for name in HEALERS} == good


async def test_without_a_good_file_each_is_restarted_a_few_times_and_a_person_is_asked(tmp_path: Path) -> None:
    bad_edit(tmp_path)
    async with opened(tmp_path, SOON) as bench:
        view = await bench.until(lambda view: any("leaves them to a person" in text for text in view.warnings))
        told = next(text for text in view.warnings if "leaves them to a person" in text)
        assert told.startswith("self_healing and coding_agent: neither of them works; first aid restarted each of them")
        tried = [record["resource"] for record in bench.audited("kernel.rescue")]
        assert sorted(tried) == sorted(HEALERS * rescue.TRIES)


async def test_no_playbook_acts_on_the_two_while_first_aid_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescue, "APART", 3_600.0)
    bad_edit(tmp_path)
    async with opened(tmp_path, SOON) as bench:
        aid = bench.room.first_aid
        await bench.until(lambda view: bool(bench.audited("kernel.rescue")) and not aid.busy)
        assert [record.kernel for record in unanswered(bench.room.parts.book.all(), ())]
        assert aid._waiting(False, False) is None
        assert bench.room.playbooks.runs() == ()
        monkeypatch.setattr(rescue, "TRIES", 0)
        assert aid.rescue.due(False, False) == ""
        left = aid._waiting(False, False)
        assert left is not None
        assert left.kernel in HEALERS


async def test_first_aid_waits_for_a_playbook_that_acts_on_one_of_the_two(tmp_path: Path) -> None:
    calm(tmp_path, *HEALERS)
    async with opened(tmp_path, SOON) as bench:
        await bench.running(*HEALERS)
        children, aid = bench.room.supervisor.children, bench.room.first_aid
        aid.busy = True  # asked here alone
        children["self_healing"].waits_for, children["coding_agent"].waits_for = ("coding_agent",), ("self_healing",)
        run = RunRecord("R-1", "restart_both", "I-1", "coding_agent", "", "ann", "running", time.time())
        bench.room.playbooks.records.save(run)
        assert aid.rescue.due(True, True) == ""
        bench.room.playbooks.records.save(replace(run, state="succeeded", ended_at=time.time()))
        assert aid.rescue.due(True, True) in HEALERS


async def test_one_that_runs_is_left_to_help_the_other(tmp_path: Path) -> None:
    calm(tmp_path, "self_healing")
    write(tmp_path, "coding_agent.py", RAISES)
    async with opened(tmp_path, SOON) as bench:
        await bench.until(lambda view: any(kernel.state == "quarantined" for kernel in view.kernels))
        assert bench.room.first_aid.rescue.due(True, False) == ""


async def test_both_stuck_are_told_and_got_up_one_after_the_other(tmp_path: Path) -> None:
    calm(tmp_path, *HEALERS)
    settings = msgspec.structs.replace(SOON, healing=msgspec.structs.replace(SOON.healing, stuck_after=0.0))
    async with opened(tmp_path, settings) as bench:
        await bench.running(*HEALERS)
        book = bench.room.parts.book
        book.report("self_healing", "HealerStuck", "no progress", by="coding_agent", route="nobody")
        assert bench.room.first_aid.rescue.due(True, True) == ""
        book.report("coding_agent", "AgentStuck", "no progress", by="self_healing", route="nobody")
        view = await bench.until(lambda view: all(kernel.restarts for kernel in view.kernels))
        assert [record["resource"] for record in bench.audited("kernel.rescue")][:2] == list(HEALERS)
        assert any("neither of them works" in text for text in view.warnings)


async def test_two_that_wait_on_each_other_are_told(tmp_path: Path) -> None:
    calm(tmp_path, *HEALERS)
    async with opened(tmp_path, SOON) as bench:
        await bench.running(*HEALERS)
        children = bench.room.supervisor.children
        children["self_healing"].waits_for, children["coding_agent"].waits_for = ("coding_agent",), ("self_healing",)
        assert bench.room.first_aid.rescue.due(True, True) in HEALERS
        assert "they wait on each other" in bench.room.warnings["healers"]


async def test_first_aid_that_raises_is_told_and_tried_ever_more_seldom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(tmp_path, "worker")
    async with opened(tmp_path, SOON) as bench:
        await bench.running("worker")
        aid, tries = bench.room.first_aid, []

        async def refuse(incident_id: str, by: str) -> str:
            tries.append(incident_id)
            raise GraceError("no place to write")

        monkeypatch.setattr(bench.room.healer, "respond", refuse)
        bench.room.parts.book.report("worker", "DiskPressure", "99 %", by="tester")
        await bench.until(lambda view: any("first aid for I-" in text for text in view.warnings))
        now = aid._not_before
        for wait in (2.0, 4.0, 8.0):
            aid._not_before = 0.0
            await aid._help(tries[0], "")
            assert aid._not_before > now
            assert aid._not_before - time.monotonic() == pytest.approx(wait, abs=1.0)
        assert first_aid.LONGEST_WAIT == 300.0
        assert "failed 4 times: GraceError: no place to write" in bench.room.warnings["first_aid"]
