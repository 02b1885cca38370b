"""What a kernel declares about itself, read by the supervisor before anything of it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RestartType = Literal["permanent", "transient", "temporary"]
Isolation = Literal["task", "process"]
Strategy = Literal["one_for_one", "rest_for_one", "one_for_all"]
Condition = Literal["started", "ready", "completed"]
"""What a kernel asks of one it requires: its body runs; it is RUNNING; it ended successfully."""


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """The static declaration of one kernel."""

    requires: tuple[str, ...] = ()
    """Kernels that must be RUNNING before this one starts."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """For kernels in `requires` of which something else than being RUNNING is asked."""
    follows: tuple[str, ...] = ()
    """Kernels in `requires` whose restart restarts this one as well."""
    after: tuple[str, ...] = ()
    """Kernels that start first where they can; this one starts without them if they fail."""
    priority: int = 50
    """Order among kernels that could start at the same moment; lower first."""
    critical: bool = False
    """The room is degraded while a critical kernel is not RUNNING."""
    tier: int = 1
    """Who goes first where load has to be shed: 3 first, then 2, then 1; 0, and whatever is critical, never."""
    restart: RestartType = "permanent"
    """permanent: always; transient: after a failure only; temporary: never."""
    strategy: Strategy = "one_for_one"
    """What restarts after a failure of this kernel: only it (and who `follows` it); all that require it, directly or
    through others (rest_for_one); those and all that it requires itself (one_for_all)."""
    isolation: Isolation = "task"
    task_only: str = ""
    """Why this kernel cannot run in a process of its own; empty where it can."""
    intensity: int | None = None
    """Failures within `period` that are answered by a restart; None: the supervisor's own."""
    period: float | None = None
    """Seconds that `intensity` counts over; None: the supervisor's own."""
    healthy_after: float | None = None
    """Seconds of being RUNNING after which the backoff starts afresh; None: the supervisor's own."""
    start_timeout: float = 15.0
    """Seconds from start to a green probe before the start counts as failed."""
    stop_timeout: float = 5.0
    """Seconds from the request to stop to cancellation."""
    heartbeat_timeout: float = 30.0
    """Seconds without a beat before the kernel counts as hung."""

    @property
    def beat_interval(self) -> float:
        """Seconds an idle kernel waits between two beats."""
        return self.heartbeat_timeout / 6
