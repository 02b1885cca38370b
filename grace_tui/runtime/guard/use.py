"""What one thread has used of the processor, and how long the machine kept it waiting for one; read by any thread."""

import os
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """Seconds since the thread began."""

    worked: float
    """On a processor."""
    waited: float
    """Ready to work, without a processor."""


class ThreadUse:
    """Made on the thread that it is about."""

    def __init__(self) -> None:
        self._clock = _processor_clock()
        self._waits = _open_waits()

    def read(self) -> Use | None:
        """None where the system counts no thread's work, or the thread has ended."""
        if self._clock is None:
            return None
        try:
            worked = time.clock_gettime(self._clock)
            waited = 0.0 if self._waits is None else int(os.pread(self._waits, 64, 0).split()[1]) / 1e9
        except (OSError, IndexError):
            return None
        return Use(worked, waited)

    def __del__(self) -> None:
        if self._waits is not None:
            os.close(self._waits)


def _processor_clock() -> int | None:
    """The clock that counts this thread's processor time. Linux has it, macOS has not."""
    if not hasattr(time, "pthread_getcpuclockid"):
        return None
    return time.pthread_getcpuclockid(threading.get_ident())


def _open_waits() -> int | None:
    """The file in which Linux tells how long this thread waited for a processor."""
    try:
        return os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
