"""The parts of a room that outlive its kernels: bus, audit log, stores. Opened in the order of their need."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.evidence.collecting import Evidence
from grace_tui.healing.incidents.evidence.pruning import Policy
from grace_tui.healing.incidents.evidence.sources import Sources
from grace_tui.healing.incidents.silences import Silences
from grace_tui.healing.repair.queue import TaskQueue
from grace_tui.healing.snapshots import Snapshots
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.errors import LoopAbandoned
from grace_tui.kernel.events import Event
from grace_tui.kernel.records import PRIORITY_HIGH
from grace_tui.room.grouping import Grouping
from grace_tui.runtime.audit import AuditChain
from grace_tui.runtime.bus import MemoryBus
from grace_tui.runtime.calls import CallMeter
from grace_tui.runtime.clock import SystemClock
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.storage import KernelLog, StateStore
from grace_tui.settings import Settings
from grace_tui.workspace import Workspace

SOURCE = "room"


@dataclass(eq=False)
class RoomParts:
    workspace: Workspace
    settings: Settings
    clock: SystemClock
    bus: MemoryBus
    audit: AuditChain
    store: Store
    snapshots: Snapshots
    queue: TaskQueue
    silences: Silences
    loader: KernelLoader
    states: StateStore
    log: KernelLog
    """The room's own log."""
    publish: Callable[[Event], None]
    """Publish a fact from any thread."""
    calls: CallMeter
    """How long kernels take to answer each other."""
    evidence: Evidence = field(init=False)
    book: IncidentBook = field(init=False)
    grouping: Grouping = field(init=False)
    logs: dict[str, KernelLog] = field(default_factory=dict)

    def kernel_log(self, name: str) -> KernelLog:
        """The log of one kernel, opened once."""
        if name not in self.logs:
            self.logs[name] = KernelLog(self.workspace.logs / "kernels" / f"{name}.jsonl", name)
        return self.logs[name]

    def open_book(self, sources: Sources) -> None:
        """Open the incident book; `sources` are what the evidence of incidents is made from."""
        root = self.workspace.root
        limits = self.settings.incidents
        policy = Policy(int(limits.bundles_mb * 1_000_000), limits.bundles_days * 86_400)
        self.evidence = Evidence(self.workspace.logs / "incidents", root, sources, self.clock, policy)
        self.book = IncidentBook(
            self.store, self.clock, root, self.publish, self.evidence, group_wait=limits.group_wait, keep=limits.keep
        )
        self.book.suppress, self.book.hit = self.silences.hides, self.silences.hit
        self.grouping = Grouping(root, self.book, self.log.warning, self.audit.append)

    def close(self) -> None:
        """Close what is open, last opened first."""
        self.book.close()
        self.silences.ledger.flush()
        self.loader.close()
        self.store.close()
        self.audit.close()
        for log in (*self.logs.values(), self.log):
            log.close()

    def fence(self) -> None:
        """Refuse all that would be written from here on, and let go of what another room opens. Any thread.

        What waits for somebody, such as the evidence that is still being written, is left to a thread of its own.
        """
        self.states.fence()
        self.audit.fence()
        self.store.fence()
        self.loader.close()
        for log in (*self.logs.values(), self.log):
            log.close()
        threading.Thread(target=self._close_book, name="fence", daemon=True).start()

    def _close_book(self) -> None:
        with contextlib.suppress(LoopAbandoned):  # what it has not written yet, nobody writes
            self.book.close()


def open_parts(workspace: Workspace, settings: Settings) -> RoomParts:
    """Open the stores of a workspace on the running loop; damaged ones are put aside and said so in the room's log."""
    workspace.prepare()
    clock, calls = SystemClock(), CallMeter()
    bus = MemoryBus(calls.note)
    log = KernelLog(workspace.logs / "room.jsonl", SOURCE)
    store = open_store(workspace.state / "room.db")
    if store.notice:
        log.warning(store.notice)
    return RoomParts(
        workspace=workspace,
        settings=settings,
        clock=clock,
        bus=bus,
        audit=AuditChain(workspace.logs / "audit", workspace.state / "audit-head.json", clock),
        store=store,
        snapshots=Snapshots(workspace.root, workspace.state / "snapshots", clock),
        queue=TaskQueue(store, clock),
        silences=Silences(store, clock),
        loader=KernelLoader(workspace.root),
        states=StateStore(workspace.state / "state", log.warning),
        log=log,
        publish=_publisher(bus),
        calls=calls,
    )


def _publisher(bus: MemoryBus) -> Callable[[Event], None]:
    """Publish on the bus from any thread: evidence is written beside the loop and reports back."""
    loop, home = asyncio.get_running_loop(), threading.get_ident()

    def now(event: Event) -> None:
        bus.publish(event.topic, event, source=SOURCE, priority=PRIORITY_HIGH)

    def publish(event: Event) -> None:
        if threading.get_ident() == home:
            now(event)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(now, event)

    return publish
