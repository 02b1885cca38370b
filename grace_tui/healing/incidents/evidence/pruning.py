"""Which bundles go: those of incidents that are over, the longest over first, by age and by the size of all. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be kept."""

    bytes: int
    seconds: float
    """Since the incident was resolved."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The bundles of one incident."""

    incident: str
    bytes: int
    over_since: float | None
    """None for one that is not over: it is never pruned."""


def to_prune(found: Iterable[Kept], policy: Policy, now: float) -> Iterator[tuple[str, str]]:
    """Each incident whose bundles go, and why."""
    found = list(found)
    total = sum(each.bytes for each in found)
    over = [(each.over_since, each) for each in found if each.over_since is not None]
    for since, each in sorted(over, key=lambda pair: pair[0]):
        if now - since > policy.seconds:
            yield each.incident, f"resolved more than {policy.seconds / DAY:g} days ago"
        elif total > policy.bytes:
            yield each.incident, f"all evidence has {total / 1e6:.1f} MB, and {policy.bytes / 1e6:g} MB are kept"
        else:
            continue
        total -= each.bytes
