"""All that one kernel instance is given: made by the host that runs it, never by the kernel."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from grace_tui.kernel.ports import (
    AuditPort,
    BusPort,
    Clock,
    HealerPort,
    IncidentPort,
    LogPort,
    PlaybookPort,
    RoomPort,
    SnapshotPort,
    Subscription,
    TaskPort,
    Workspace,
)


@dataclass(slots=True, eq=False)
class KernelContext:
    name: str
    clock: Clock
    log: LogPort
    bus: BusPort
    audit: AuditPort
    incidents: IncidentPort
    tasks: TaskPort
    healer: HealerPort
    playbooks: PlaybookPort
    snapshots: SnapshotPort
    room: RoomPort
    workspace: Workspace
    resolve: Callable[[str], Awaitable[object]]
    """Name of a kernel -> its running instance; raises ProviderDown."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """The `[kernels.NAME]` table of grace.toml."""
    saved_state: Mapping[str, object] = field(default_factory=dict)
    beat: Callable[[], None] = lambda: None
    count: Callable[[int], None] = lambda units: None
    failed: Callable[[BaseException, str], None] = lambda error, phase: None
    """Report a failure that does not end the kernel: the error, and the phase it happened in."""
    keep_state: Callable[[Mapping[str, object]], None] = lambda state: None
    """Keep a state for the next instance at once, rather than when `save_state` is next asked."""
    took: Callable[[str, str, float], None] = lambda provider, name, seconds: None
    """Note how long a call to another kernel took."""
    ended: Callable[[], None] = lambda: None
    """Say that the process which this kernel speaks for has ended: a pause holds the kernel no longer."""
    subscriptions: list[Subscription] = field(default_factory=list)

    def close(self) -> None:
        """Close every mailbox this instance opened."""
        for subscription in self.subscriptions:
            subscription.close()
        self.subscriptions.clear()
