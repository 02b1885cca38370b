"""What kernels' own processes use: one look at all processes of the machine a period, shared by all kernels.

The look is taken in a thread of its own, which lives while somebody is watched: reading a busy machine's /proc takes
longer than a turn of the loop may. Also tells which processes belong to a program, for those who signal them.
"""

import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grace_tui.kernel.records import Vitals

PERIOD = 2.0
"""Seconds between two looks."""
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    parent: int
    group: int
    session: int
    started: float
    """In a unit of the system's own: with the pid it names a process for ever."""
    cpu: float
    """Seconds of processor time."""
    rss: int
    state: str
    """One letter, as `ps` shows it: R, S, D, T, Z."""

    @property
    def zombie(self) -> bool:
        return self.state in ("Z", "X")


Processes = Mapping[int, Process]


def all_processes() -> dict[int, Process]:
    """Every process that can be seen at this moment."""
    return _from_proc() if (PROC / "self" / "stat").exists() else from_psutil()


def families(processes: Processes, roots: Iterable[int]) -> dict[int, list[Process]]:
    """Each program's processes: in its session or group, or descending from one that is. Zombies do not count."""
    wanted = set(roots)
    owners: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for pid, found in processes.items():
        children.setdefault(found.parent, []).append(pid)
        for near in (pid, found.session, found.group):
            if near in wanted:
                owners[pid] = near
                break
    todo = list(owners)
    while todo:
        parent = todo.pop()
        for pid in children.get(parent, ()):
            if pid not in owners:
                owners[pid] = owners[parent]
                todo.append(pid)
    result: dict[int, list[Process]] = {root: [] for root in wanted}
    for pid, root in owners.items():
        if not processes[pid].zombie:
            result[root].append(processes[pid])
    return result


class TreeMeter:
    """CPU and memory of the process trees under watch. Any thread may ask; nobody waits for a look."""

    def __init__(self, period: float = PERIOD) -> None:
        self.period = period
        self._roots: dict[int, Vitals] = {}
        self._spent: dict[tuple[int, float], float] = {}
        """Processor time of each process at the last look."""
        self._looked_at = time.monotonic()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, pid: int) -> None:
        with self._lock:
            self._roots[pid] = Vitals(pid)
            if self._thread is None:
                self._wake.clear()
                self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
                self._thread.start()

    def forget(self, pid: int) -> None:
        with self._lock:
            self._roots.pop(pid, None)
            if not self._roots:
                self._wake.set()

    def vitals(self, pid: int) -> Vitals | None:
        """What the last look found; None for a process that is not watched or has ended."""
        return self._roots.get(pid)

    def look(self) -> None:
        """Measure all that are watched, now."""
        processes, now = all_processes(), time.monotonic()
        with self._lock:
            trees = families(processes, self._roots)
            elapsed = max(now - self._looked_at, 0.001)
            spent = {(found.pid, found.started): found.cpu for tree in trees.values() for found in tree}
            for root, tree in trees.items():
                if not tree:  # it has ended, and whoever watched it is gone as well or will say so
                    del self._roots[root]
                    continue
                used = sum(self._new_time(found, elapsed) for found in tree)
                rss = sum(found.rss for found in tree)
                self._roots[root] = Vitals(root, round(100 * used / elapsed, 1), rss, len(tree))
            self._spent, self._looked_at = spent, now

    def _new_time(self, found: Process, elapsed: float) -> float:
        """Processor time since the last look; one that is new since then has spent all of it within."""
        return min(found.cpu - self._spent.get((found.pid, found.started), 0.0), elapsed * (os.cpu_count() or 1))

    def _run(self) -> None:
        while True:
            self.look()
            self._wake.wait(self.period)
            with self._lock:
                if not self._roots:
                    self._thread = None
                    return
                self._wake.clear()


meter = TreeMeter()
"""The process's own."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _from_proc() -> dict[int, Process]:
    found = {}
    for name in os.listdir(PROC):
        if name.isdigit() and (line := _stat(name)):
            # The name of the program stands in parentheses, and may hold any character.
            fields = line[line.rindex(b")") + 2 :].split()
            pid = int(name)
            found[pid] = Process(
                pid=pid,
                parent=int(fields[1]),
                group=int(fields[2]),
                session=int(fields[3]),
                started=float(fields[19]),
                cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
                rss=int(fields[21]) * _PAGE,
                state=fields[0].decode(),
            )
    return found


def _stat(name: str) -> bytes:
    try:
        descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
    except OSError:  # gone since the folder was listed
        return b""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


_LETTERS = {"running": "R", "sleeping": "S", "disk-sleep": "D", "stopped": "T", "zombie": "Z", "dead": "X"}


def from_psutil() -> dict[int, Process]:
    """The same where there is no /proc: slower, and without what other users' processes use."""
    import psutil

    found = {}
    for process in psutil.process_iter():
        try:
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                found[process.pid] = Process(
                    pid=process.pid,
                    parent=process.ppid(),
                    group=os.getpgid(process.pid),
                    session=os.getsid(process.pid),
                    started=process.create_time(),
                    cpu=times.user + times.system,
                    rss=memory.rss,
                    state=_LETTERS.get(process.status(), "S"),
                )
        except (psutil.Error, ProcessLookupError, PermissionError):
            continue
    return found
