"""Raises an exception in a kernel that holds the loop, in the very place that was looked at, or not at all.

CPython can raise an exception in another thread, at the next instruction where that thread looks for one. Raised some
time after looking it may hit whoever runs by then: another kernel, or the loop. So the stack is looked at again and
the exception is set within one turn of the interpreter's lock, while the loop's thread cannot move; and it is looked
at once more, because the system may take that turn away in between: what hangs over a thread that has moved is
withdrawn before it can be raised.
"""

import ctypes
import time
from types import FrameType

from grace_tui.kernel.errors import LoopBlocked, LoopBroken
from grace_tui.runtime.guard.stack import Sampler


class Breaker:
    """Breaks one stay on one thread; made for each block."""

    def __init__(self, sampler: Sampler, entry: FrameType, step: FrameType | None, place: str) -> None:
        self.sampler, self.entry, self.step = sampler, entry, step
        # Only a class can be raised in another thread, so what it has to say stands in the class.
        names = {"place": place, "__module__": LoopBlocked.__module__}
        self._broken = type(LoopBlocked.__name__, (LoopBroken,), names)
        self._blocked = type(LoopBlocked.__name__, (LoopBlocked,), names)

    def strike(self) -> bool:
        """Raise it, if the stay still lasts and nothing that others share is on top of it; whether it was done."""
        sampler = self.sampler
        time.sleep(0)  # begins a fresh turn: what follows runs without a switch to the loop's thread
        sample = sampler.sample()
        stay = next((stay for stay in sample.stays if stay.entry is self.entry), None)
        if stay is None or not stay.clean or sample.step is not self.step:
            return False
        top = sample.frames[0]
        before = top.f_lasti
        _raise_in(sampler.thread, self._broken if stay.contained else self._blocked)
        if sampler.now() != (top, before):
            _raise_in(sampler.thread, None)
            return False
        return True


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have an exception raised in a thread at its next instruction that looks for one; None: withdraw it."""
    error = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
