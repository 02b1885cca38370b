"""One kernel as the supervisor keeps it: what it is, what is wanted of it, what was measured of it."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.ports import LogPort
from grace_tui.kernel.records import KernelRecord, KernelState
from grace_tui.kernel.spec import KernelSpec
from grace_tui.runtime.hosts.source import Source
from grace_tui.runtime.reload.loader import LoadedKernel

SPARK_SECONDS = 32
RATE_SECONDS = 5


@dataclass(eq=False)
class Child:
    name: str
    path: str
    """File relative to the workspace."""
    log: LogPort
    settings: Mapping[str, object]
    since: float
    """Monotonic time of the last move."""
    source: Source
    state: KernelState = "stopped"
    wanted: bool = True
    """False once somebody asked for it to stop."""
    code: LoadedKernel | None = None
    stale: bool = True
    """The file changed since `code` was loaded from it."""
    loading: bool = False
    """Its file is being read and run at this moment; a change meanwhile may or may not be in what comes of it."""
    instance: Kernel | None = None
    scope: anyio.CancelScope | None = None
    """Cancels the running body."""
    ending: str = ""
    """Why the body was cancelled: stop, restart or hung; empty while it runs of its own."""
    hung: BaseException | None = None
    """What to report where `ending` is hung."""
    phase: str = "load"
    waits_for: tuple[str, ...] = ()
    crashes: deque[float] = field(default_factory=lambda: deque(maxlen=1000))
    """Monotonic times of failures, oldest first."""
    was_ready: bool = False
    restarts: int = -1
    """Starts after the first."""
    error: str = ""
    detail: str = ""
    next_try: float | None = None
    last_beat: float | None = None
    count: int = 0
    counted: int = 0
    spark: deque[int] = field(default_factory=lambda: deque([0] * SPARK_SECONDS, SPARK_SECONDS))
    summary: str = ""
    wake: anyio.Event = field(default_factory=anyio.Event)
    """Set when something about it changed that its life should look at."""
    resumed: anyio.Event | None = None
    """Unset while paused."""
    moved: anyio.Event = field(default_factory=anyio.Event)
    """Set and replaced at every move, for those who wait for this kernel."""

    @property
    def spec(self) -> KernelSpec:
        return self.code.kind.spec if self.code else KernelSpec()

    @property
    def is_changing(self) -> bool:
        """Whether another instance is about to take this one's place."""
        return self.stale or self.loading or bool(self.ending)

    def poke(self) -> None:
        self.wake.set()

    def tell_moved(self) -> None:
        """Wake those who wait for this kernel."""
        moved, self.moved = self.moved, anyio.Event()
        moved.set()

    def second(self) -> None:
        """Close one second of work counting."""
        self.spark.append(self.count - self.counted)
        self.counted = self.count

    def record(self, now: float) -> KernelRecord:
        spec = self.spec
        latest = list(self.spark)[-RATE_SECONDS:]
        beating = self.state == "running" and self.last_beat is not None
        return KernelRecord(
            name=self.name,
            state=self.state,
            since=now - self.since,
            priority=spec.priority,
            critical=spec.critical,
            requires=spec.requires,
            summary=self.summary,
            doc=self.code.doc if self.code else "",
            detail=self.detail,
            path=self.path,
            version=self.code.version if self.code else "",
            count=self.count,
            rate=sum(latest) / len(latest),
            spark=tuple(self.spark),
            restarts=max(self.restarts, 0),
            beat_age=now - self.last_beat if beating and self.last_beat is not None else None,
            next_try=max(self.next_try - now, 0.0) if self.next_try is not None else None,
            error=self.error,
            heartbeat_timeout=spec.heartbeat_timeout,
            isolation=self.source.isolation,
            moved=self.source.moved,
            restart=spec.restart,
            strategy=spec.strategy,
        )
