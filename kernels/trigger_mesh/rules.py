"""The table of rules: what is asked, how it is measured, and when it is a breach. Read by trigger_mesh alone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kernels.trigger_mesh.measures import Measures, Reading


@dataclass(frozen=True, slots=True)
class Rule:
    """One question about the room, asked periodically."""

    name: str
    asks: str
    """What is measured, in words for the incident's title."""
    kind: str
    """Kind of the incident that a breach opens."""
    kernel: str
    """Whom a breach is reported against, unless the reading names a kernel."""
    unit: str
    threshold: float
    """A breach from here on."""
    clear: float
    """Fires no more from here on down: below the threshold, so that a value at the edge does not flicker."""
    measure: Callable[[Measures], Awaitable[Reading]]
    in_a_row: int = 1
    cool_down: float = 300.0
    opens_incident: bool = True
    """False where a breach is worth showing and nothing is broken."""


RULES: tuple[Rule, ...] = (
    Rule(
        "heartbeat_gap", "age of the oldest heartbeat, as share of its timeout", "HeartbeatGap", "room", "x",
        1.0, 0.5, Measures.heartbeat_gap,
    ),
    Rule("bus_backlog", "messages waiting in one mailbox", "BusBacklog", "message_bus", "messages",
         512, 128, Measures.bus_backlog, in_a_row=2),
    Rule("bus_denials", "bus denials since the last check", "BusDenials", "message_bus", "denials",
         20, 5, Measures.bus_denials),
    Rule("cpu_pressure", "CPU in use on this machine", "CpuPressure", "room", "%",
         95, 80, Measures.cpu, in_a_row=4),
    Rule("memory_pressure", "memory in use on this machine", "MemoryPressure", "room", "%",
         92, 85, Measures.memory, in_a_row=3),
    Rule("disk_pressure", "disk in use under the workspace", "DiskPressure", "room", "%",
         97, 95, Measures.disk, in_a_row=2),
    Rule("config_drift", "settings and policy files changed unseen", "ConfigDrift", "governance", "files",
         1, 0, Measures.config_drift, in_a_row=2),
    Rule("repeated_errors", "failures within 10 min that nobody repairs", "RepeatedErrors", "room", "failures",
         5, 2, Measures.repeated_errors),
    Rule("audit_chain", "bad entries found in the audit chain", "AuditChainBroken", "immutable_log", "entries",
         1, 0, Measures.audit_chain),
    Rule("code_drift", "workspace files that differ from the newest snapshot", "CodeDrift", "room", "files",
         1, 0, Measures.code_drift, opens_incident=False),
    Rule("dependency_drift", "packages replaced under the running room", "DependencyDrift", "room", "packages",
         1, 0, Measures.dependency_drift, opens_incident=False),
)  # fmt: skip
