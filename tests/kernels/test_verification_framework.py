from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from grace_tui.kernel import AuditReport, GraceError, NotReady, TaskFinished
from grace_tui.kernel.fakes import MemoryMailbox
from grace_tui.kernel.testing import ManualClock, RealClock, running, sample_kernel
from kernels.immutable_log import ImmutableLog
from kernels.verification_framework import VerificationFramework

pytestmark = pytest.mark.anyio


async def until(condition: Callable[[], object]) -> None:
    with anyio.fail_after(5):
        while not condition():
            await RealClock().sleep(0.002)


def learned(kernel: str, outcome: str = "learned") -> TaskFinished:
    return TaskFinished("T1", "I1", kernel, "widen", "s", outcome, 1.0, False)


async def test_a_sound_room_holds_every_invariant(tmp_path: Path) -> None:
    async with running(VerificationFramework, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian"), sample_kernel("sandbox", state="failed", version=""))
        checks = await bench.get(VerificationFramework).invariants()
        await until(lambda: bench.get(VerificationFramework).summary() == "4 of 4 hold")
        assert {check.name: check.ok for check in checks} == {
            "bus delivers": True,
            "audit chain verifies": True,
            "kernels beat": True,
            "code is known": True,
        }
        assert "1 running kernels beat in time" in [check.found for check in checks]


async def test_each_breach_is_reported_once_and_resolved_when_it_is_over(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(VerificationFramework, workspace=tmp_path, clock=clock) as bench:
        framework = bench.get(VerificationFramework)
        await until(lambda: framework.checks)
        bench.room.records = (sample_kernel("librarian", beat_age=31.0), sample_kernel("sandbox", version=""))
        for _ in range(2):
            framework._judge(await framework.invariants())
        found = {(one.kernel, one.kind, one.message): one.count for one in bench.incidents.all()}
        assert found == {
            ("librarian", "HeartbeatGap", "last beat 31 s ago, limit 30 s"): 1,
            ("sandbox", "InvariantBroken", "code is known: RUNNING without a version"): 1,
        }
        bench.room.records = (sample_kernel("librarian"), sample_kernel("sandbox", version=""))
        framework._judge(await framework.invariants())
        assert [(one.kernel, one.state) for one in bench.incidents.all()] == [
            ("sandbox", "open"),
            ("librarian", "resolved"),
        ]


async def test_a_changed_audit_entry_is_reported_against_the_log(tmp_path: Path) -> None:
    async with running(VerificationFramework, workspace=tmp_path, clock=ManualClock()) as bench:
        framework = bench.get(VerificationFramework)
        await until(lambda: framework.checks)
        bench.audit.append({"actor": "me"})
        bench.audit.entries[0].record["actor"] = "you"  # type: ignore[index]
        framework._judge(await framework.invariants())
        assert [(one.kernel, one.message) for one in bench.incidents.all()] == [
            ("immutable_log", "entry 1 was changed")
        ]


async def test_a_long_audit_walk_is_done_rarely(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(VerificationFramework, workspace=tmp_path, clock=clock) as bench:
        framework, walks = bench.get(VerificationFramework), 0
        await until(lambda: framework.checks)

        def slow() -> AuditReport:
            nonlocal walks
            walks += 1
            return AuditReport(True, 9, "h", seconds=3.0)

        bench.audit.verify = slow  # type: ignore[method-assign]
        for _ in range(7):
            await framework.invariants()
            clock.now += 60
        assert walks == 2


async def test_a_learned_repair_is_checked_and_recorded(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "librarian.py").write_text("x = 1\n")
    async with running(ImmutableLog, VerificationFramework, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian"),)
        bench.bus.publish("task.finished", learned("sandbox", "undone"), source="room")
        bench.bus.publish("task.finished", learned("librarian"), source="room")
        await until(lambda: bench.audit.entries[-1].record["action"] == "repair.verified")
        record = bench.audit.entries[-1].record
        assert (record["action"], record["resource"], record["result"]) == ("repair.verified", "librarian", "holds")
        assert bench.incidents.all() == ()


async def test_a_repair_that_does_not_hold_is_reported(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "librarian.py").write_text("def broken(:\n")
    async with running(VerificationFramework, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian"),)
        bench.bus.publish("task.finished", learned("librarian"), source="room")
        await until(bench.incidents.all)
        assert "files compile after the repair of librarian: kernels/lib" in bench.incidents.all()[0].message
        assert bench.audit.entries[-1].record["result"] == "does not hold"
        (tmp_path / "kernels" / "librarian.py").write_text("x = 1\n")
        bench.bus.publish("task.finished", learned("librarian"), source="room")
        await until(lambda: bench.incidents.all()[0].state == "resolved")


async def test_a_kernel_is_verified_on_request(tmp_path: Path) -> None:
    folder = tmp_path / "kernels" / "librarian"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("x = 1\n")
    (folder / "part.py").write_text("y = (\n")
    async with running(VerificationFramework, workspace=tmp_path) as bench:
        bench.room.records = (sample_kernel("librarian", path="kernels/librarian/__init__.py", state="failed"),)
        report = await bench.get(VerificationFramework).verify("librarian")
        assert not report.ok
        assert [(check.name, check.ok) for check in report.checks] == [("running", False), ("files compile", False)]
        assert report.checks[1].found.startswith("kernels/librarian/part.py: ")
        with pytest.raises(GraceError, match="no kernel 'nobody'"):
            await bench.get(VerificationFramework).verify("nobody")


async def test_a_breach_known_before_a_restart_is_not_reported_again(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(VerificationFramework, workspace=tmp_path, clock=clock) as bench:
        framework = bench.get(VerificationFramework)
        await until(lambda: framework.checks)
        bench.room.records = (sample_kernel("sandbox", version=""),)
        framework._judge(await framework.invariants())
        saved = framework.save_state()
        await bench.stop(VerificationFramework)
        again = await bench.start(VerificationFramework, saved_state=saved)
        await until(lambda: again.checks)
        assert [one.count for one in bench.incidents.all()] == [1]


async def test_the_probe_fails_when_the_bus_delivers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryMailbox, "put", lambda self, message: None)
    monkeypatch.setattr("kernels.verification_framework.BUS_WAIT", 0.01)
    with pytest.raises(NotReady, match="no echo within"):
        async with running(VerificationFramework, workspace=tmp_path):
            pass
