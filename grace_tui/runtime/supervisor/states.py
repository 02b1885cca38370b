"""The states of a kernel and the moves between them that are legal; nothing else may move one."""

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import KernelState

DOWN: frozenset[KernelState] = frozenset({"failed", "backing_off", "quarantined"})
"""States of a kernel that should run and does not."""

LEGAL: dict[KernelState, frozenset[KernelState]] = {
    "stopped": frozenset({"starting", "quarantined"}),
    "starting": frozenset({"running", "completed", "failed", "quarantined", "stopped"}),
    "running": frozenset({"paused", "completed", "failed", "stopped", "starting"}),
    "paused": frozenset({"running", "failed", "stopped", "starting"}),
    "completed": frozenset({"starting", "stopped"}),
    "failed": frozenset({"backing_off", "quarantined", "starting", "stopped"}),
    "backing_off": frozenset({"starting", "stopped"}),
    "quarantined": frozenset({"starting", "stopped"}),
}


class IllegalMove(GraceError):
    """A kernel was about to move between states in a way that the table forbids: a defect of the supervisor."""

    def __init__(self, kernel: str, old: str, new: str) -> None:
        super().__init__(f"{kernel} may not move from {old} to {new}")
        self.kernel, self.old, self.new = kernel, old, new
