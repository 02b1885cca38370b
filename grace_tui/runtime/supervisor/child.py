"""One kernel as the supervisor keeps it: what it is, what is wanted of it, what was measured of it."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from grace_tui.kernel.base import Kernel
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.ports import LogPort
from grace_tui.kernel.records import ExitRecord, KernelState, Vitals
from grace_tui.kernel.spec import KernelSpec
from grace_tui.runtime.hosts.source import Source
from grace_tui.runtime.reload.loader import LoadedKernel
from grace_tui.runtime.supervisor.gate import Gate
from grace_tui.runtime.supervisor.timing import Bell, Timer

SPARK_SECONDS = 32
UNKNOWN = KernelSpec()
"""The spec of a kernel that was never loaded."""


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
    since_at: float = 0.0
    """Wall-clock time of the last move."""
    state: KernelState = "stopped"
    wanted: bool = True
    """False once somebody asked for it to stop."""
    gone: bool = False
    """Taken out: its life ends."""
    code: LoadedKernel | None = None
    stale: bool = True
    """The file changed since `code` was loaded from it."""
    loading: anyio.CancelScope | None = None
    """Set while its file is being read and run; a change meanwhile may or may not be in what comes of it."""
    instance: Kernel | None = None
    scope: anyio.CancelScope | None = None
    """Cancels the running body; None while there is none."""
    task: "asyncio.Task[None] | None" = None
    """Of the present or the last body."""
    ending: str = ""
    """Why the body ends: stop, restart, hung, or over where it ends of its own; empty while it runs."""
    due: bool = False
    """A kernel that it restarts with is about to end it."""
    hung: BaseException | None = None
    """What to report where `ending` is hung."""
    carries: str = ""
    """Who restarts together with it this time: follows (who asked), strategy (those and who its strategy names)."""
    gate: Gate = field(default_factory=Gate)
    """The running instance's; shut while it is paused."""
    held: str = ""
    """Why it was last paused."""
    phase: str = "load"
    waits_for: tuple[str, ...] = ()
    crashes: deque[float] = field(default_factory=deque)
    """Monotonic times of the failures within the period that counts, oldest first."""
    streak: int = 0
    """Failures since it was last healthy: what the backoff grows by."""
    running_since: float | None = None
    """Monotonic time at which this body got ready; None before."""
    restarts: int = -1
    """Starts after the first."""
    untold: tuple[KernelFailed, Timer] | None = None
    """A failure that is yet to be published, and what does so at the latest."""
    error: str = ""
    detail: str = ""
    last_exit: ExitRecord | None = None
    next_try: float | None = None
    last_beat: float | None = None
    blocks: int = 0
    barred: str = ""
    """Why it is to be quarantined, whatever its budget; empty for every other."""
    vitals: Vitals | None = None
    count: int = 0
    counted: int = 0
    spark: deque[int] = field(default_factory=lambda: deque([0] * SPARK_SECONDS, SPARK_SECONDS))
    summary: str = ""
    bell: Bell = field(default_factory=Bell)
    """Rung when something changed that its life should look at."""
    watchers: "set[Child]" = field(default_factory=set)
    """Those whose lives look at every move of this one."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set and replaced at every move, for commands and calls that wait for this kernel."""

    @property
    def spec(self) -> KernelSpec:
        return self.code.kind.spec if self.code else UNKNOWN

    @property
    def is_changing(self) -> bool:
        """Whether another instance is about to take this one's place."""
        return not self.is_read or self.due or bool(self.ending)

    @property
    def is_read(self) -> bool:
        """Whether its spec is that of the file on disk."""
        return not self.stale and self.loading is None

    @property
    def was_ready(self) -> bool:
        return self.running_since is not None

    def poke(self) -> None:
        self.bell.ring()

    def tell_moved(self) -> None:
        """Wake those who wait for this kernel."""
        moved, self.moved = self.moved, asyncio.Event()
        moved.set()
        for watcher in self.watchers:
            watcher.poke()

    def second(self) -> None:
        """Close one second of work counting."""
        self.spark.append(self.count - self.counted)
        self.counted = self.count
