"""How long each stay on the loop's stack has lasted, and when one has lasted too long. Pure, given the samples.

A loop that is late need not be held: a busy machine, or a process that was stopped for a while, looks the same from
its clock. So a stay counts from the moment it was first *seen*, and is believed where the loop's thread either worked
all the while (a spin, a C call) or not at all (a sleep, a lock); what lies between is given twice the time.
"""

from dataclasses import dataclass, field
from types import FrameType

from grace_tui.runtime.guard.stack import Sample, Stay

BUSY, STILL = 0.5, 0.05
"""Share of the time that its thread used the processor: above, it works; below, it waits."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the loop's thread."""

    at: float
    used: float | None
    """Processor seconds of the thread; None where nobody counts them."""


def is_held(since: Mark, now: Mark, limit: float) -> bool:
    """Whether something that is there since a moment has held the loop for too long."""
    held = now.at - since.at
    if held < limit:
        return False
    if now.used is None or since.used is None:
        return True
    share = (now.used - since.used) / held if held else 0.0
    return share >= BUSY or share <= STILL or held >= 2 * limit


@dataclass(slots=True, eq=False)
class Suspicion:
    """What is known of one lateness of the loop, from sample to sample."""

    turned: Mark
    """The loop's last turn."""
    step: FrameType | None = None
    step_since: Mark = Mark(0.0, None)
    seen: list[tuple[FrameType, Mark]] = field(default_factory=list)
    """Frames by which stays were entered, and since when each is known to be there."""
    samples: int = 0

    def look(self, sample: Sample, now: Mark, expected: float) -> None:
        """Take a sample; the first one was to be taken `expected` seconds after the loop's last turn."""
        self.samples += 1
        first = self._first(now, expected) if self.samples == 1 else None
        if first is not None or sample.step is not self.step:
            self.step, self.step_since, self.seen = sample.step, first or now, []
        since = {id(frame): mark for frame, mark in self.seen}
        self.seen = [(stay.entry, since.get(id(stay.entry), first or now)) for stay in sample.stays]

    def culprit(self, sample: Sample, now: Mark, limit: float) -> Stay | None:
        """The innermost stay that has held the loop for too long."""
        for stay, (_, since) in zip(sample.stays, self.seen, strict=True):
            if is_held(since, now, limit):
                return stay
        return None

    def is_the_core(self, sample: Sample, now: Mark, limit: float) -> bool:
        """Whether the loop is held and no kernel is to blame."""
        if sample.step is None:  # it waits for work, or between two pieces of it
            return False
        return is_held(self.step_since, now, limit if not sample.stays else 3 * limit)

    def _first(self, now: Mark, expected: float) -> Mark:
        """Since when what the first sample shows may be taken to be there.

        Where the guard itself came late, either a C call kept the interpreter from everybody, and the loop's thread
        worked; or the whole process stood still, and nobody is to blame for the time that is past.
        """
        late = now.at - self.turned.at > 2 * expected
        if not late or now.used is None or self.turned.used is None:
            return self.turned
        worked = (now.used - self.turned.used) / (now.at - self.turned.at)
        return self.turned if worked >= BUSY else now
