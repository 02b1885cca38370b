"""In-memory ports for kernels that run without a room: tests, and the replay of a failure in a trial copy.

They keep the contracts of `ports` and none of their durability. Public through `grace_tui.kernel.testing`.
"""

from grace_tui.kernel.clock import RealClock
from grace_tui.kernel.fakes.bus import MemoryBus, MemoryMailbox
from grace_tui.kernel.fakes.clocks import ManualClock, ManualTimer
from grace_tui.kernel.fakes.healing import MemoryHealer, MemoryPlaybooks
from grace_tui.kernel.fakes.room import FolderWorkspace, MemoryLog, MemoryRoom
from grace_tui.kernel.fakes.stores import MemoryAudit, MemoryIncidents, MemorySnapshots, MemoryTasks

__all__ = [
    "FolderWorkspace",
    "ManualClock",
    "ManualTimer",
    "MemoryAudit",
    "MemoryBus",
    "MemoryHealer",
    "MemoryIncidents",
    "MemoryLog",
    "MemoryMailbox",
    "MemoryPlaybooks",
    "MemoryRoom",
    "MemorySnapshots",
    "MemoryTasks",
    "RealClock",
]
