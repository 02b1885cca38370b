"""Every way a kernel's process can end is seen, named, and answered by a restart."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.incidents.capture import capture
from grace_tui.kernel import KernelFailed, RemoteFailure
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.exits import ProcessDied
from tests.runtime.hosts.process.bench import Bench, Wishes, supervising, write

TOLD = '''
    """Does one thing when it is told to."""

    import ctypes
    import os
    import sys
    import threading
    import time

    from grace_tui.kernel import Kernel, KernelSpec

    class Told(Kernel):
        spec = KernelSpec({spec})

        async def run(self):
            async for message in self.subscribe("told.*"):
                self.act()

        def act(self):
            {act}
'''


def told(root: Path, act: str, spec: str = "") -> None:
    write(root, "told.py", TOLD.format(act=act, spec=spec))


async def failure_of(bench: Bench) -> KernelFailed:
    """What comes of telling it."""
    await bench.running("told")
    bench.bus.publish("told.once", {}, source="tester")
    failed = await bench.failed()
    await bench.running("told")
    return failed


async def test_a_crash_has_its_own_type_message_and_frames(tmp_path: Path) -> None:
    told(tmp_path, 'raise LookupError("no such thing")')
    async with supervising(tmp_path) as bench:
        failed = await failure_of(bench)
    assert (failed.kernel, failed.phase) == ("told", "run")
    assert isinstance(failed.error, LookupError)
    assert str(failed.error) == "no such thing"
    failure = capture(failed.error, kernel="told", phase="run", root=tmp_path, at=0.0)
    assert [(frame.file, frame.function) for frame in failure.frames if frame.in_project] == [
        ("kernels/told.py", "Told.run"),
        ("kernels/told.py", "Told.act"),
    ]
    assert failure.frames[-1].source == 'raise LookupError("no such thing")'


DEATHS = {
    "os._exit": ("os._exit(3)", "exit code 3", 3),
    "kill": ("os.kill(os.getpid(), 9)", "killed by SIGKILL", -signal.SIGKILL),
    "term": ("os.kill(os.getpid(), 15)", "killed by SIGTERM", -signal.SIGTERM),
    "segfault": ("ctypes.string_at(0)", "killed by SIGSEGV", -signal.SIGSEGV),
    "abort": ("os.abort()", "killed by SIGABRT", -signal.SIGABRT),
}


@pytest.mark.parametrize(("act", "words", "code"), DEATHS.values(), ids=DEATHS)
async def test_a_death_is_named(tmp_path: Path, act: str, words: str, code: int) -> None:
    told(tmp_path, act)
    async with supervising(tmp_path) as bench:
        failed = await failure_of(bench)
        exited = bench.record("told").last_exit
    assert isinstance(failed.error, ProcessDied)
    assert (failed.error.code, failed.error.reason) == (code, words)
    assert str(failed.error) == f"the process of told ended: {words}"
    assert exited is not None
    assert exited.code == code


async def test_a_segfault_tells_where_it_was(tmp_path: Path) -> None:
    told(tmp_path, "ctypes.string_at(0)")
    async with supervising(tmp_path) as bench:
        failed = await failure_of(bench)
    failure = capture(failed.error, kernel="told", phase="run", root=tmp_path, at=0.0)
    assert (failure.frames[-1].function, failure.frames[-2].file) == ("string_at", "kernels/told.py")
    assert failure.kind == "ProcessDied"


async def test_a_kill_from_outside_is_answered_at_once(tmp_path: Path) -> None:
    told(tmp_path, "pass")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        first = bench.pid("told")
        os.kill(first, signal.SIGKILL)
        failed = await bench.failed()
        await bench.running("told")
        assert bench.pid("told") != first
    assert str(failed.error) == "the process of told ended: killed by SIGKILL"


async def test_a_system_exit_ends_the_kernel_and_not_the_room(tmp_path: Path) -> None:
    told(tmp_path, "sys.exit(4)")
    async with supervising(tmp_path) as bench:
        failed = await failure_of(bench)
    assert isinstance(failed.error, SystemExit)
    assert failed.error.code == 4


HANGS = {"stopped": "os.kill(os.getpid(), 19)", "spinning": "exec('while True: pass')", "asleep": "time.sleep(60)"}


@pytest.mark.parametrize("act", HANGS.values(), ids=HANGS)
async def test_a_hang_is_seen_by_its_beats_and_ended(tmp_path: Path, act: str) -> None:
    told(tmp_path, act, "heartbeat_timeout=0.2")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        first = bench.pid("told")
        bench.bus.publish("told.once", {}, source="tester")

        def hung() -> bool:
            bench.supervisor.second()
            return bench.failures.size > 0

        await bench.until(hung)
        failed = await bench.failed()
        await bench.running("told")
        assert not alive(first)
        if "19" not in act:  # a stopped process cannot say where it is
            assert any('kernels/told.py", line' in line and "in act" in line for line in bench.log("told"))
    assert (failed.phase, type(failed.error).__name__) == ("heartbeat", "KernelHung")


async def test_a_paused_kernel_whose_process_is_killed_has_failed_at_once(tmp_path: Path) -> None:
    told(tmp_path, "pass")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        bench.supervisor.pause("told")
        os.kill(bench.pid("told"), 9)
        failed = await bench.failed()
        await bench.running("told")
    assert str(failed.error) == "the process of told ended: killed by SIGKILL"


async def test_a_process_that_ended_just_before_its_pause_has_failed_at_once(tmp_path: Path) -> None:
    told(tmp_path, "pass")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        kernel: Any = bench.supervisor.child("told").instance
        kernel.link.at_end = lambda: bench.supervisor.pause("told")
        os.kill(bench.pid("told"), 9)
        failed = await bench.failed()
        await bench.running("told")
    assert str(failed.error) == "the process of told ended: killed by SIGKILL"


async def test_a_kernel_that_does_not_stop_is_killed_at_its_deadline(tmp_path: Path) -> None:
    told(tmp_path, "time.sleep(60)", "stop_timeout=0.1")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        first = bench.pid("told")
        bench.bus.publish("told.once", {}, source="tester")
        await bench.until(lambda: not bench.bus.statistics().depths["told"])
        bench.supervisor.stop("told")
        await bench.until(lambda: bench.record("told").state == "stopped")
        assert not alive(first)


async def test_memory_above_the_limit_is_a_memory_error_with_its_place(tmp_path: Path) -> None:
    told(tmp_path, "self.kept = bytearray(2_000_000_000)")
    wishes = Wishes(limits={"told": Limits(memory_bytes=1_000_000_000)})
    async with supervising(tmp_path, wishes) as bench:
        failed = await failure_of(bench)
    assert isinstance(failed.error, MemoryError)
    failure = capture(failed.error, kernel="told", phase="run", root=tmp_path, at=0.0)
    assert failure.frames[-1].function == "Told.act"


async def test_processor_time_above_the_limit_is_named(tmp_path: Path) -> None:
    told(tmp_path, "exec('while True: pass')")
    wishes = Wishes(limits={"told": Limits(cpu_seconds=1)})
    async with supervising(tmp_path, wishes) as bench:
        failed = await failure_of(bench)
    assert str(failed.error) == "the process of told ended: used its 1 s of CPU time"


async def test_files_above_the_limit_are_refused_where_they_are_opened(tmp_path: Path) -> None:
    told(tmp_path, "self.kept = [open(os.devnull) for _ in range(100)]")
    wishes = Wishes(limits={"told": Limits(open_files=40)})
    async with supervising(tmp_path, wishes) as bench:
        failed = await failure_of(bench)
    assert isinstance(failed.error, OSError)
    assert failed.error.strerror == "Too many open files"


async def test_what_a_kernel_started_ends_with_its_process(tmp_path: Path) -> None:
    told(tmp_path, "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); os._exit(1)")
    async with supervising(tmp_path) as bench:
        await failure_of(bench)
        pid = int(next(line for line in bench.log("told") if "stdout" in line).split()[-1])
        await bench.until(lambda: not alive(pid))


async def test_the_end_of_the_forkserver_is_survived(tmp_path: Path) -> None:
    told(tmp_path, "pass")
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        forkserver = bench.pool.forkserver_pid
        assert forkserver is not None
        os.kill(forkserver, signal.SIGKILL)
        failed = await bench.failed()
        await bench.running("told")
        assert bench.pool.forkserver_pid != forkserver
    assert str(failed.error) == "the process of told ended: ended with its forkserver (signal 9)"


async def test_a_failure_that_is_only_reported_leaves_the_kernel_running(tmp_path: Path) -> None:
    told(tmp_path, 'self.context.failed(ValueError("odd"), "output")')
    async with supervising(tmp_path) as bench:
        await bench.running("told")
        bench.bus.publish("told.once", {}, source="tester")
        failed = await bench.failed()
        assert bench.record("told").restarts == 0
    assert (failed.phase, str(failed.error)) == ("output", "odd")
    assert isinstance(vars(failed.error)["remote_failure"], RemoteFailure)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


if sys.platform != "linux":
    pytest.skip("reads /proc", allow_module_level=True)
