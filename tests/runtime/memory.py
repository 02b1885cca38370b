"""What kernels are given where only their supervisor is under test: ports in memory, on a real bus and clock."""

from collections.abc import Mapping
from pathlib import Path

from grace_tui.kernel import KernelContext
from grace_tui.kernel.fakes import (
    FolderWorkspace,
    MemoryAudit,
    MemoryHealer,
    MemoryIncidents,
    MemoryPlaybooks,
    MemoryRoom,
    MemorySnapshots,
    MemoryTasks,
    RealClock,
)
from grace_tui.kernel.ports import Clock, LogPort
from grace_tui.runtime.bus import MemoryBus


class MemoryPorts:
    """The same for all kernels of a bench."""

    def __init__(self, root: Path, clock: Clock, bus: MemoryBus) -> None:
        self.root, self.clock, self.bus = root, clock, bus
        memory_clock = RealClock()
        self.audit = MemoryAudit(memory_clock)
        self.incidents = MemoryIncidents(memory_clock)
        self.tasks = MemoryTasks()
        self.playbooks = MemoryPlaybooks(memory_clock, self.incidents)

    def context(self, name: str, log: LogPort, table: Mapping[str, object]) -> KernelContext:
        return KernelContext(
            name=name,
            clock=self.clock,
            log=log,
            bus=self.bus,
            audit=self.audit,
            incidents=self.incidents,
            tasks=self.tasks,
            healer=MemoryHealer(self.tasks),
            playbooks=self.playbooks,
            snapshots=MemorySnapshots(),
            room=MemoryRoom(),
            workspace=FolderWorkspace(self.root),
            resolve=_nobody,
            settings=table,
        )


async def _nobody(provider: str) -> object:
    raise AssertionError(f"the supervisor answers who asks for {provider}")
