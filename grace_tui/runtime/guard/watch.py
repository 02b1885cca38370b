"""The guard's thread: notices that the loop is late, finds out who holds it, breaks it, and at last gives it up.

It never waits for the loop. On a loop that turns it looks once a beat at one number. What it finds it hands to its
listener, on this thread.
"""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grace_tui.runtime.guard.beat import BEAT_SECONDS, LoopBeat, Mark
from grace_tui.runtime.guard.block import Block, trace_of
from grace_tui.runtime.guard.breaker import Breaker
from grace_tui.runtime.guard.stack import Sample, Sampler, Stay, frames_to
from grace_tui.runtime.guard.suspicion import Suspicion

SWITCH_SECONDS = 0.001
"""How long a thread keeps the interpreter from the others while the loop is late: at Python's own 5 ms a spinning
kernel halves the pace of the screens, and the guard comes late too."""
LOOK_SECONDS = 2 * BEAT_SECONDS
"""How late the loop may be before its stack is looked at."""
SUSPICIOUS_SECONDS = 0.01
"""Between two looks at a loop that is late."""
HELD_SECONDS = 0.05
"""Between two looks at a loop that is held and cannot be broken for now."""
STRIKES, QUICK_STRIKES = 60, 30
"""How often a block is struck before it counts as unbreakable, and how many of these follow one another at once."""
STRIKE_SECONDS = 0.001
TELL_SECONDS = 0.2
"""Between two words about a block that lasts."""


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Seconds that the loop may be held."""

    stall: float = 0.14
    """Then what holds it is named and, where it can be, broken."""
    abandon: float = 30.0
    """Then the loop is given up."""


class GuardListener(Protocol):
    """What a guard tells, on its own thread."""

    def blocked(self, block: Block) -> None:
        """A kernel, or the core, is to blame; once for each block, before it is broken."""

    def held(self, block: Block, seconds: float) -> None:
        """The loop is held; a few times a second, also while it is not certain that what runs is to blame."""

    def released(self) -> None:
        """The loop turns again."""

    def given_up(self, block: Block) -> None:
        """The loop was held for longer than it is waited for; the last word of this guard."""


@dataclass(slots=True, eq=False)
class _Hold:
    """A block that was named, while it lasts."""

    block: Block
    breaker: Breaker | None
    strikes: int = 0
    struck: Mark | None = None


class Guard(threading.Thread):
    """Watches the loop that turns `beat`; kernels are the files below `kernels`."""

    def __init__(self, beat: LoopBeat, kernels: Path, limits: GuardLimits, listener: GuardListener) -> None:
        super().__init__(name="guard", daemon=True)
        self.beat, self.limits, self.listener = beat, limits, listener
        self._sampler = Sampler(beat.thread, kernels)
        self._stopping = threading.Event()
        self._suspicion: Suspicion | None = None
        self._hold: _Hold | None = None
        self._shown = 0.0
        """When it was last told that the loop is held; 0 while it turns."""
        self._switch = SWITCH_SECONDS
        self._has_given_up = False

    def run(self) -> None:
        pause = LOOK_SECONDS
        while not self._stopping.wait(pause):
            pause = self._look()
        if not self._has_given_up:  # what was given up may spin for ever beside the screens
            self._calm()

    def stop(self) -> None:
        """Look no more; the loop's thread may end."""
        self._stopping.set()

    def _look(self) -> float:
        """Look once; returns the seconds until the next look."""
        last, now = self.beat.last, self.beat.now()
        age = now.at - last.at
        if self._suspicion is not None and self._suspicion.turned is not last:
            self._over()
        if age < LOOK_SECONDS:
            return LOOK_SECONDS - age
        if self._hold is not None:
            return self._go_on(self._hold, now)
        if self._suspicion is None:
            self._suspicion = Suspicion(last)
            self._switch = sys.getswitchinterval()
            sys.setswitchinterval(SWITCH_SECONDS)
        return self._suspect(self._suspicion, now, age)

    def _suspect(self, suspicion: Suspicion, now: Mark, age: float) -> float:
        limit = self.limits.stall
        sample = self._sampler.sample()
        suspicion.look(sample, now, LOOK_SECONDS)
        culprit = suspicion.culprit(sample, now, limit)
        if self._stopping.is_set() or (culprit is None and not suspicion.is_the_core(sample, now, limit)):
            if age < limit:
                return min(SUSPICIOUS_SECONDS, limit - age)
            longest = suspicion.longest(sample, now, limit)
            if longest is not None:
                self._show(self._named(sample, longest, suspicion).block, now)
            return SUSPICIOUS_SECONDS
        self._hold = hold = self._named(sample, culprit, suspicion)
        self.listener.blocked(hold.block)
        return self._go_on(hold, now)

    def _named(self, sample: Sample, culprit: Stay | None, suspicion: Suspicion) -> _Hold:
        began = suspicion.turned.at
        if culprit is None:
            top = sample.frames[0]
            where = (self._sampler.file_of(top), top.f_lineno or 0, top.f_code.co_qualname)
            return _Hold(Block("", *where, began, trace_of(sample.frames)), None)
        inner = culprit.inner
        where = (self._sampler.file_of(inner), inner.f_lineno or 0, inner.f_code.co_qualname)
        block = Block(culprit.kernel, *where, began, trace_of(frames_to(sample, culprit.entry)))
        return _Hold(block, Breaker(self._sampler, culprit.entry, sample.step, block.place))

    def _go_on(self, hold: _Hold, now: Mark) -> float:
        block = hold.block
        seconds = now.at - block.began
        if seconds >= self.limits.abandon:
            self.stop()
            self._has_given_up = True
            self.listener.given_up(block)
            return 0.0
        self._show(block, now)
        return self._strike(hold, now)

    def _show(self, block: Block, now: Mark) -> None:
        if now.at - self._shown >= TELL_SECONDS:
            self._shown = now.at
            self.listener.held(block, now.at - block.began)

    def _strike(self, hold: _Hold, now: Mark) -> float:
        """Try to break it; returns the seconds until the next look."""
        if hold.breaker is None or hold.strikes >= STRIKES or self._is_pending(hold, now):
            return HELD_SECONDS
        if hold.breaker.strike():
            hold.strikes += 1
            hold.struck = self.beat.now()
            hold.block.broken = True
        return STRIKE_SECONDS if hold.strikes < QUICK_STRIKES else HELD_SECONDS

    def _is_pending(self, hold: _Hold, now: Mark) -> bool:
        """Whether the thread has not moved since it was struck: a sleep takes what was raised when it ends."""
        if hold.struck is None or hold.struck.use is None or now.use is None:
            return False
        return now.use.worked == hold.struck.use.worked

    def _calm(self) -> None:
        if self._suspicion is not None:
            self._suspicion = None
            sys.setswitchinterval(self._switch)

    def _over(self) -> None:
        self._calm()
        self._hold = None
        if self._shown:
            self._shown = 0.0
            self.listener.released()
