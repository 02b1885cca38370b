"""Storm control: how many failures are looked at closely, and how many incidents may open. Never called without a lock.

The incident book asks before each closer look and before each new row. What is not looked at, or not opened, is counted
on a row that is there: no failure is lost, only told apart less.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.counting import Allowance
from grace_tui.healing.incidents.inhibition import Consequence
from grace_tui.healing.incidents.keys import Keys

LOOKS, LOOKS_AT_ONCE = 20.0, 40.0
"""Failures of one kernel that are looked at closely: a second, and at once after a rest."""
ALL_LOOKS, ALL_LOOKS_AT_ONCE = 60.0, 120.0
"""The same for all kernels together; a look takes about a millisecond."""
ALIKE, ALIKE_WITHIN = 5, 10.0
"""Incidents of one coarse signature within so many seconds; more of them are one storm."""
DIFFERENT, DIFFERENT_WITHIN = 20, 60.0
"""Incidents of one kernel within so many seconds; more of them are one storm."""
DIFFERENT_REPORTS = 100
"""The same for what is reported of one kernel: all rules may find something at once, or be drilled in a row."""
SEEN_KEPT = 1_024

STORM = "storm"
STORM_KIND = "FailureStorm"
"""Phase and kind of the incident that counts what a kernel's storm of different failures no longer opens."""
STORM_MESSAGE = "different failures come faster than they can be told apart; further ones are counted here"

Fold = Literal["", "alike", "different"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a closer look at a failure found, for those that are like it."""

    group: str
    consequence: Consequence
    title: str
    variant: bool = False
    """Whether `group` is not its own, but the one it is counted on."""


class Storms:
    def __init__(self) -> None:
        self._exact: OrderedDict[int, Seen] = OrderedDict()
        self._rough: OrderedDict[int, Seen] = OrderedDict()
        self._all_looks = Allowance(ALL_LOOKS, ALL_LOOKS_AT_ONCE)
        self._looks: defaultdict[str, Allowance] = defaultdict(lambda: Allowance(LOOKS, LOOKS_AT_ONCE))
        self._openings: dict[Hashable, deque[float]] = {}

    def seen(self, keys: Keys) -> Seen | None:
        """What is known of exactly such a failure."""
        return None if keys.exact is None else self._exact.get(keys.exact)

    def like(self, keys: Keys) -> Seen | None:
        """What the last failure of that type and place was, for one that is not looked at."""
        return self._rough.get(keys.rough)

    def may_look(self, kernel: str, now: float) -> bool:
        return self._looks[kernel].take(now) and self._all_looks.take(now)

    def remember(self, keys: Keys, seen: Seen) -> None:
        if keys.exact is not None:
            _keep(self._exact, keys.exact, seen)
        _keep(self._rough, keys.rough, seen)

    def forget(self) -> None:
        """The rules of grouping changed: what was seen would be grouped otherwise now."""
        self._exact.clear()
        self._rough.clear()

    def opens(self, kernel: str, coarse: str, now: float, *, reported: bool = False) -> Fold:
        """Whether one more incident may open (empty), or of which storm the failure is a part.

        What is reported and what is raised are two storms: neither leaves less room for the other.

        A storm lasts for as long as its failures come: each of them keeps its window full.
        """
        alike = _recent(self._openings, (kernel, coarse), now, ALIKE_WITHIN)
        different = _recent(self._openings, (kernel, reported), now, DIFFERENT_WITHIN)
        if len(alike) >= ALIKE:
            _pushed_on(alike, now)
            return "alike"
        if len(different) >= (DIFFERENT_REPORTS if reported else DIFFERENT):
            _pushed_on(different, now)
            return "different"
        alike.append(now)
        different.append(now)
        return ""


def storm_of(kernel: str, at: float, phase: str = STORM) -> Failure:
    """The failure that stands for a storm of different ones."""
    return Failure(kernel, phase, STORM_KIND, STORM_MESSAGE, frames=(), at=at)


def _keep(kept: OrderedDict[int, Seen], key: int, seen: Seen) -> None:
    kept[key] = seen
    kept.move_to_end(key)
    if len(kept) > SEEN_KEPT:
        kept.popitem(last=False)


def _recent(openings: dict[Hashable, deque[float]], key: Hashable, now: float, within: float) -> deque[float]:
    """The moments at which incidents of `key` opened; those of other keys go once they are of no more use."""
    if len(openings) > SEEN_KEPT:
        for old in [each for each, times in openings.items() if not times or now - times[-1] > DIFFERENT_WITHIN]:
            del openings[old]
    times = openings.setdefault(key, deque())
    while times and now - times[0] > within:
        times.popleft()
    return times


def _pushed_on(times: deque[float], now: float) -> None:
    times.popleft()
    times.append(now)
