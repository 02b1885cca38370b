"""Looks at what kernels in processes of their own, programs and the loop guard need of the system."""

import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path

from grace_tui.cli.doctor.finding import Finding, Level, judged
from grace_tui.runtime.guard.use import ThreadUse

PROC = Path("/proc/self/stat")
PR_GET_PDEATHSIG = 2
FILES_OF_A_PROGRAM, FILES_OF_A_ROOM = 4, 200
PROGRAMS = 200
"""As many as a room should be able to run."""


def process_findings(proc: Path = PROC) -> Iterator[Finding]:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    yield open_files(hard)
    noticed = "the end of a program is noticed a little later; Linux 5.3 or newer has it"
    yield judged("pidfd", *_worded(_has_pidfd()), noticed)
    orphans = "a kernel's process may outlive a room that is killed; on Linux it does not"
    yield judged("death signal", *_worded(_has_death_signal()), orphans)
    innocent = (
        "a kernel may be blamed for holding the loop while a busy machine kept it waiting; Linux tells the two apart"
    )
    yield judged("thread clock", *_worded(ThreadUse().read() is not None), innocent)
    yield judged("/proc", *_worded(proc.exists()), "without it programs have no CPU and memory figures")


def open_files(hard: int) -> Finding:
    """The hard limit: the room raises its soft one by itself."""
    if hard == resource.RLIM_INFINITY:
        return Finding("open files", "ok", "no limit")
    programs = max(hard - FILES_OF_A_ROOM, 0) // FILES_OF_A_PROGRAM
    problem: Level | None = "warn" if programs < PROGRAMS else None
    least = FILES_OF_A_ROOM + FILES_OF_A_PROGRAM * PROGRAMS
    advice = f"raise the hard limit to {least} or more (`ulimit -Hn`, limits.conf) to run {PROGRAMS} programs"
    return judged("open files", f"{hard}, enough for {programs} programs", problem, advice)


def _worded(there: bool) -> tuple[str, Level | None]:
    return ("there", None) if there else ("not there", "warn")


def _has_pidfd() -> bool:
    if not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


def _has_death_signal() -> bool:
    found = ctypes.c_int(-1)
    try:
        return bool(ctypes.CDLL(None).prctl(PR_GET_PDEATHSIG, ctypes.byref(found), 0, 0, 0) == 0)
    except AttributeError:  # a C library without it
        return False
