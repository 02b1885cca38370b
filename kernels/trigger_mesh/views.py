"""What trigger_mesh tells of its rules: frozen, of plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule as it stands. `value`, `detail` and `subject` are those of the worst reading of the last check."""

    name: str
    says: str
    measure: str
    kind: str
    unit: str
    threshold: float
    clear: float
    severity: str
    route: str
    """Who would act: `playbook:NAME`, `agent`, `person`, `nobody`; empty: the playbooks' conditions decide."""
    incident: bool
    every: float
    on: tuple[str, ...]
    file: str
    value: float | None = None
    """None where it was not measured yet, or cannot be."""
    detail: str = ""
    subject: str = ""
    firing: tuple[str, ...] = ()
    """Subjects for which it fires; an empty text stands for the room as a whole."""
    incidents: tuple[str, ...] = ()
    fired: int = 0
    last_fired: float | None = None
    """Wall-clock seconds since the epoch."""
    cool_down_left: float = 0.0
    """Seconds that it keeps quiet for some subject."""
    next_check: float = 0.0
    """Seconds until it is measured again."""
    checked_at: float | None = None
    took_ms: float = 0.0
    """How long the last check took."""
    problem: str = ""
    """Why it could not be measured; empty where it could."""


@dataclass(frozen=True, slots=True)
class SubjectView:
    subject: str
    value: float
    detail: str
    firing: bool
    incident_id: str


@dataclass(frozen=True, slots=True)
class RuleDetail:
    """A rule with what it measured lately."""

    rule: RuleView
    parameters: tuple[tuple[str, str], ...]
    subjects: tuple[SubjectView, ...]
    """The worst first."""
    recent: tuple[tuple[float, float], ...]
    """Wall-clock time and worst value of the last checks, oldest first."""


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What came of making a rule fire on purpose."""

    rule: str
    fired: bool
    resolved: bool
    how: str
    """`scratch`: on input of its own; `threshold`: lowered to what is measured."""
    value: float
    threshold: float
    incident_id: str
    text: str
    seconds: float
