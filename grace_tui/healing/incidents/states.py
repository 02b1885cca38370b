"""The life of an incident: which state may follow which. Pure."""

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import IncidentState

_FROM_OPEN: frozenset[IncidentState] = frozenset({"acknowledged", "in_repair", "watching", "resolved", "suppressed"})

MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    "open": _FROM_OPEN,
    "reopened": _FROM_OPEN,
    "acknowledged": frozenset({"open", "in_repair", "watching", "resolved", "suppressed"}),
    "in_repair": frozenset({"open", "reopened", "acknowledged", "watching", "resolved", "suppressed"}),
    "watching": frozenset({"open", "reopened", "in_repair", "resolved"}),
    "suppressed": frozenset({"open", "reopened", "resolved"}),
    "resolved": frozenset({"reopened"}),
}
"""Staying in a state, with a new reason, is always allowed."""


class UnknownIncident(GraceError):
    def __init__(self, incident_id: str) -> None:
        super().__init__(f"there is no incident {incident_id}")
        self.incident_id = incident_id


class IllegalMove(GraceError):
    """An incident cannot go from its state to the one asked for."""

    def __init__(self, incident_id: str, old: IncidentState, new: IncidentState) -> None:
        allowed = ", ".join(sorted(MOVES[old]))
        super().__init__(f"{incident_id} is {old}; it may become {allowed}, not {new}")
        self.incident_id, self.old, self.new = incident_id, old, new


def check_move(incident_id: str, old: IncidentState, new: IncidentState) -> None:
    """
    Raises:
        IllegalMove: `new` does not follow `old`.
    """
    if new != old and new not in MOVES[old]:
        raise IllegalMove(incident_id, old, new)
