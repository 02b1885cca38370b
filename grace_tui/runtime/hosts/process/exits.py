"""How a kernel's process ended, in words: from its status, and from what is known beside it."""

import signal
from dataclasses import dataclass
from pathlib import Path

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.hosts.limits import Limits

CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of one process."""

    code: int
    """Exit code; negative: the signal that killed it."""
    out_of_memory: bool = False
    """The system killed a process of this group for memory since the last end of one."""
    cpu_seconds: float = 0.0
    rss_bytes: int = 0
    """The most it ever held."""
    note: str = ""
    """What ended it, where the room itself did or knows."""


class ProcessDied(GraceError):
    """A kernel's process ended by itself, or was ended from outside; `code` is negative for a signal."""

    def __init__(self, kernel: str, end: Exit, limits: Limits = Limits()) -> None:  # noqa: B008  frozen
        super().__init__(f"the process of {kernel} ended: {words(end, limits)}")
        self.kernel, self.code = kernel, end.code
        self.reason = words(end, limits)


def words(end: Exit, limits: Limits) -> str:
    """Such as `exit code 3`, `killed by SIGSEGV`, `used its 10 s of CPU time`."""
    if end.note:
        return end.note
    if end.code >= 0:
        return f"exit code {end.code}"
    name = _signal_name(-end.code)
    if limits.cpu_seconds is not None and (name == "SIGXCPU" or _used_up(end, limits.cpu_seconds)):
        return f"used its {limits.cpu_seconds} s of CPU time"
    if name == "SIGKILL" and end.out_of_memory:
        return f"killed by SIGKILL (out of memory; it held up to {end.rss_bytes / 1e6:.0f} MB)"
    return f"killed by {name}"


def oom_kills() -> int | None:
    """Processes of this control group that the system has killed for memory; None where it does not tell."""
    for path, key in _counters():
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, count = line.partition(" ")
            if name == key:
                return int(count)
    return None


def _counters() -> list[tuple[Path, str]]:
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    found = []
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found.append((CGROUPS / path.lstrip("/") / "memory.events", "oom_kill"))
        elif "memory" in controllers.split(","):
            found.append((CGROUPS / "memory" / path.lstrip("/") / "memory.oom_control", "oom_kill"))
    return found


def _used_up(end: Exit, limit: int) -> bool:
    return end.code == -signal.SIGKILL and end.cpu_seconds >= limit


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
