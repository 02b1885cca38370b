"""What the author of a kernel sees. `grace_tui.kernel.testing` runs a kernel alone."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grace_tui.kernel.base import Feed, Kernel, kernel_class
    from grace_tui.kernel.context import KernelContext
    from grace_tui.kernel.errors import Denied, GraceError, NoReply, NotReady, ProviderDown, RemoteFailure
    from grace_tui.kernel.events import (
        DecisionMade,
        Event,
        FilesChanged,
        IncidentChanged,
        IncidentOpened,
        KernelFailed,
        KernelStateChanged,
        MonitorReported,
        PlaybookRun,
        TaskChanged,
        TaskFinished,
        TaskQueued,
        Tick,
    )
    from grace_tui.kernel.handle import Handle
    from grace_tui.kernel.records import (
        PRIORITY_CRITICAL,
        PRIORITY_HIGH,
        PRIORITY_LOW,
        PRIORITY_NORMAL,
        AuditEntry,
        AuditReport,
        BusStatistics,
        CommandResult,
        ExitRecord,
        GateVerdict,
        IncidentRecord,
        KernelRecord,
        LatencyRecord,
        Message,
        PlaybookRecord,
        RunRecord,
        SilenceRecord,
        SnapshotRecord,
        TaskRecord,
        Vitals,
    )
    from grace_tui.kernel.spec import KernelSpec

__all__ = [
    "PRIORITY_CRITICAL",
    "PRIORITY_HIGH",
    "PRIORITY_LOW",
    "PRIORITY_NORMAL",
    "AuditEntry",
    "AuditReport",
    "BusStatistics",
    "CommandResult",
    "DecisionMade",
    "Denied",
    "Event",
    "ExitRecord",
    "Feed",
    "FilesChanged",
    "GateVerdict",
    "GraceError",
    "Handle",
    "IncidentChanged",
    "IncidentOpened",
    "IncidentRecord",
    "Kernel",
    "KernelContext",
    "KernelFailed",
    "KernelRecord",
    "KernelSpec",
    "KernelStateChanged",
    "LatencyRecord",
    "Message",
    "MonitorReported",
    "NoReply",
    "NotReady",
    "PlaybookRecord",
    "PlaybookRun",
    "ProviderDown",
    "RemoteFailure",
    "RunRecord",
    "SilenceRecord",
    "SnapshotRecord",
    "TaskChanged",
    "TaskFinished",
    "TaskQueued",
    "TaskRecord",
    "Tick",
    "Vitals",
    "kernel_class",
]

HOMES = ("base", "events", "records", "context", "errors", "handle", "spec")
"""Modules that are asked, in this order, for a name."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import a name when it is first used: the command line needs the errors only, and paints before the rest."""
        for home in HOMES if name in __all__ else ():
            found = vars(importlib.import_module(f"{__name__}.{home}"))
            if name in found:
                return globals().setdefault(name, found[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
