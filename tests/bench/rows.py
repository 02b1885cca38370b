"""What a measurement is: a figure that was asked for, the values that were measured, and whether they keep to it."""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. An empty `values` says that the measurement could not be made; `note` says why."""

    name: str
    what: str
    unit: str
    values: Sequence[float]
    asked: float | None = None
    """The figure asked of the median; None where none is."""
    asked_p99: float | None = None
    asked_p95: float | None = None
    better: Literal["less", "more"] = "less"
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def percentile(self, share: int) -> float:
        """What `share` percent of the values do not exceed; of rates, what they do not fall below."""
        ordered = sorted(self.values, reverse=self.better == "more")
        return ordered[max(math.ceil(len(ordered) * share / 100), 1) - 1]

    @property
    def kept(self) -> bool | None:
        """Whether what was asked is kept; None where nothing was asked."""
        if not self.values:
            return None if self.asked is None and self.asked_p95 is None else False
        checks = [
            value <= limit if self.better == "less" else value >= limit
            for value, limit in (
                (self.median, self.asked),
                (self.percentile(95), self.asked_p95),
                (self.percentile(99), self.asked_p99),
            )
            if limit is not None
        ]
        return all(checks) if checks else None


Measure = Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that come out of one setting; `names` lets a person choose them without running anything."""

    names: tuple[str, ...]
    measure: Measure
