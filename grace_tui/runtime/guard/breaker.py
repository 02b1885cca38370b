"""Raises an exception in a kernel that holds the loop, in the very place that was looked at, or not at all.

CPython can raise an exception in another thread, at the next instruction where that thread looks for one. Raised some
time after looking it may hit whoever runs by then: another kernel, or the loop. So the stack is looked at again and
the exception is set within one turn of the interpreter's lock, while the loop's thread cannot move; and it is looked
at once more, because the system may take that turn away in between: what hangs over a thread that has moved is
withdrawn before it can be raised.
"""

import ctypes
import sys
import time
from types import FrameType

from grace_tui.kernel.errors import LoopBlocked, LoopBroken
from grace_tui.runtime.guard.stack import Sampler

RETURN_SECONDS = 0.0001
"""How soon the loop's thread has to hand the interpreter back for a look."""
LOOKS = 100
"""How often in a row a block is looked at."""


class Breaker:
    """Breaks one stay on one thread; made for each block."""

    def __init__(self, sampler: Sampler, entry: FrameType, step: FrameType | None, place: str) -> None:
        self.sampler, self.entry, self.step = sampler, entry, step
        # Only a class can be raised in another thread, so what it has to say stands in the class.
        names = {"place": place, "__module__": LoopBlocked.__module__}
        self._broken = type(LoopBlocked.__name__, (LoopBroken,), names)
        self._blocked = type(LoopBlocked.__name__, (LoopBlocked,), names)

    def strike(self) -> bool:
        """Raise it as soon as nothing that others share is on top of the stay; whether it was done.

        A kernel that calls the loop or a port again and again is seldom on top itself, so it is looked at many times.
        """
        for _ in range(LOOKS):
            struck = self._look_and_strike()
            if struck is not None:
                return struck
        return False

    def _look_and_strike(self) -> bool | None:
        """Look once; None where another look may find it better."""
        sampler = self.sampler
        turn = sys.getswitchinterval()
        sys.setswitchinterval(RETURN_SECONDS)
        time.sleep(0)  # begins a fresh turn: what follows runs without a switch to the loop's thread
        sys.setswitchinterval(turn)
        sample = sampler.sample()
        stay = next((stay for stay in sample.stays if stay.entry is self.entry), None)
        if stay is None or sample.step is not self.step:
            return False
        if not stay.clean:
            return None
        top = sample.frames[0]
        before = top.f_lasti
        _raise_in(sampler.thread, self._broken if stay.contained else self._blocked)
        if sampler.now() != (top, before):
            _raise_in(sampler.thread, None)
            return None
        return True


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have an exception raised in a thread at its next instruction that looks for one; None: withdraw it."""
    error = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
