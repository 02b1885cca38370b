"""Nothing is left behind when the room is killed, whatever its kernels' processes are doing at that moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.runtime.hosts.process.bench import PATIENCE, write

ROOT = Path(__file__).resolve().parents[4]
PARENT = """
import asyncio, sys
from pathlib import Path
from tests.runtime.hosts.process.bench import supervising

async def main():
    async with supervising(Path(sys.argv[1])) as bench:
        await bench.running("busy", "child")
        bench.bus.publish("busy.go", 1, source="tester")
        await bench.until(lambda: any("stdout" in line for line in bench.log("child")))
        started = next(line.split()[-1] for line in bench.log("child") if "stdout" in line)
        print(bench.pool.forkserver_pid, bench.pid("busy"), bench.pid("child"), started, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
BUSY = """
    import os
    import time

    from grace_tui.kernel import Kernel

    class Busy(Kernel):
        async def run(self):
            async for message in self.subscribe("busy.*"):
                {act}
"""
CHILD = """
    import subprocess

    from grace_tui.kernel import Kernel

    class Child(Kernel):
        async def start(self):
            print(subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid)
"""
BUSY_WITH = {
    "stopped": "os.kill(os.getpid(), 19)",
    "spinning": "exec('while True: pass')",
    "asleep": "time.sleep(60)",
    "idle": "pass",
}


@contextmanager
def parent_of(root: Path, act: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process with a supervisor, and the pids of all below it."""
    write(root, "busy.py", BUSY.format(act=act))
    write(root, "child.py", CHILD)
    argv = [sys.executable, "-c", PARENT, str(root)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            pids = [int(word) for word in parent.stdout.readline().split()]
            assert len(pids) == 4
            yield parent, pids
        finally:
            parent.kill()


def left(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _state(pid) not in "ZX"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while left(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not left(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("act", BUSY_WITH.values(), ids=BUSY_WITH)
def test_a_killed_room_leaves_no_process(tmp_path: Path, act: str) -> None:
    with parent_of(tmp_path, act) as (parent, pids):
        assert left(pids) == pids
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert gone(pids), left(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_room_whose_forkserver_stands_still_leaves_none_of_its_own_processes(tmp_path: Path) -> None:
    with parent_of(tmp_path, "pass") as (parent, pids):
        forkserver, *kernels, _ = pids
        os.kill(forkserver, signal.SIGSTOP)
        try:
            parent.send_signal(signal.SIGKILL)
            parent.wait()
            assert gone(kernels), left(kernels)
        finally:
            os.kill(forkserver, signal.SIGKILL)
        assert gone(pids), left(pids)
