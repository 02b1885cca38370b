"""What a kernel declares about itself, read by the supervisor before anything of it runs."""

from dataclasses import dataclass
from typing import Literal

RestartType = Literal["permanent", "transient", "temporary"]
Isolation = Literal["task", "process"]


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """The static declaration of one kernel."""

    requires: tuple[str, ...] = ()
    """Kernels that must be RUNNING before this one starts."""
    after: tuple[str, ...] = ()
    """Kernels that start first where they can; this one starts without them if they fail."""
    priority: int = 50
    """Order among kernels that could start at the same moment; lower first."""
    critical: bool = False
    """The room is degraded while a critical kernel is not RUNNING."""
    restart: RestartType = "permanent"
    """permanent: always; transient: after a failure only; temporary: never."""
    isolation: Isolation = "task"
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
