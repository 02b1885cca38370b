"""How long each stay on the loop's stack has lasted, and when one has lasted too long. Pure, given the samples.

A loop that is late need not be held: a busy machine, or a process that was stopped for a while, looks the same from
its clock. So a stay counts from the moment it was first *seen*, and it must have worked (a spin, a C call), or waited
for something of its own (a sleep, a lock); what may have waited for the interpreter is given twice the time, and what
waited for a processor all the time that it takes.
"""

from dataclasses import dataclass, field
from types import FrameType

from grace_tui.runtime.guard.beat import Mark
from grace_tui.runtime.guard.stack import Sample, Stay

WORKED = 0.5
"""Share of the limit that is enough where it was spent at work."""
STILL = 0.2
"""Share of its time below which a thread does not work but waits for something of its own."""


def is_held(since: Mark, now: Mark, limit: float) -> bool:
    """Whether something that is there since a moment has held the loop for too long."""
    elapsed = now.at - since.at
    if elapsed < limit or since.use is None or now.use is None:
        return elapsed >= limit
    worked = now.use.worked - since.use.worked
    if worked >= WORKED * limit:
        return True
    own = elapsed - (now.use.waited - since.use.waited)
    return own >= limit and (worked <= STILL * own or own >= 2 * limit)


@dataclass(slots=True, eq=False)
class Suspicion:
    """What is known of one lateness of the loop, from sample to sample."""

    turned: Mark
    """The loop's last turn."""
    step: FrameType | None = None
    step_since: Mark = field(init=False)
    seen: list[tuple[FrameType, Mark]] = field(default_factory=list)
    """Frames by which stays were entered, and since when each is known to be there."""
    samples: int = 0

    def __post_init__(self) -> None:
        self.step_since = self.turned

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

    def longest(self, sample: Sample, now: Mark, limit: float) -> Stay | None:
        """The innermost stay that is there for that long, whatever kept its thread from working."""
        for stay, (_, since) in zip(sample.stays, self.seen, strict=True):
            if now.at - since.at >= limit:
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
        since, elapsed = self.turned.use, now.at - self.turned.at
        if elapsed <= 2 * expected or now.use is None or since is None:
            return self.turned
        worked = now.use.worked - since.worked
        return self.turned if worked >= WORKED * (elapsed - (now.use.waited - since.waited)) else now
