"""The life of an incident: which state may follow which. Pure."""

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import IncidentRecord, IncidentState

_FROM_OPEN: frozenset[IncidentState] = frozenset({"acknowledged", "in_repair", "watching", "resolved", "suppressed"})

MOVES: dict[IncidentState, frozenset[IncidentState]] = {
    "open": _FROM_OPEN,
    "reopened": _FROM_OPEN,
    "acknowledged": frozenset({"open", "in_repair", "watching", "resolved", "suppressed"}),
    "in_repair": frozenset({"open", "reopened", "acknowledged", "watching", "resolved", "suppressed"}),
    "watching": frozenset({"open", "reopened", "in_repair", "resolved"}),
    "suppressed": frozenset({"open", "acknowledged", "reopened", "resolved"}),
    "resolved": frozenset({"reopened"}),
}
"""Staying in a state, with a new reason, is always allowed."""

UNANSWERED: frozenset[IncidentState] = frozenset({"open", "reopened"})
"""Nobody has said yet that they look after it."""

RUNS_AGAIN = "running again"
"""How the reason of a watch or an end begins that came with a restart alone: nobody has looked into the failure."""


class UnknownIncident(GraceError):
    def __init__(self, incident_id: str) -> None:
        super().__init__(f"there is no incident {incident_id}")
        self.incident_id = incident_id


class UnreadableFailure(GraceError):
    """The failure that an incident is about is stored, but not in a form that this Grace reads."""

    def __init__(self, incident_id: str, problem: str) -> None:
        super().__init__(f"the failure of {incident_id} cannot be read: {problem}; the stored row was left as it is")
        self.incident_id, self.problem = incident_id, problem


class IllegalMove(GraceError):
    """An incident cannot go from its state to the one asked for."""

    def __init__(self, incident_id: str, old: IncidentState, new: IncidentState) -> None:
        allowed = ", ".join(sorted(MOVES[old]))
        super().__init__(f"{incident_id} is {old}; it may become {allowed}, not {new}")
        self.incident_id, self.old, self.new = incident_id, old, new


class HasSuccessor(GraceError):
    """An incident cannot be reopened: a newer one is about the same failures already."""

    def __init__(self, incident_id: str, newer: str) -> None:
        super().__init__(f"{incident_id} cannot be reopened: {newer} is about the same failures")
        self.incident_id, self.newer = incident_id, newer


def is_run_watched(record: IncidentRecord) -> bool:
    """Whether it only waits for its kernel to run well for a while: there is no repair whose effect is watched."""
    if record.state != "watching":
        return False
    moves = (text for _, _, text in reversed(record.timeline) if text.startswith("watching: "))
    return next(moves, "").startswith(f"watching: {RUNS_AGAIN}")


def needs_nothing(record: IncidentRecord) -> bool:
    """Whether nothing is to be done about it, unless it happens again."""
    return record.state in ("resolved", "suppressed") or is_run_watched(record)


def check_move(incident_id: str, old: IncidentState, new: IncidentState) -> None:
    """
    Raises:
        IllegalMove: `new` does not follow `old`.
    """
    if new != old and new not in MOVES[old]:
        raise IllegalMove(incident_id, old, new)
