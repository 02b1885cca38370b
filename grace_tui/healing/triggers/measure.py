"""What a rule may name as its measure, as data; trigger_mesh has the code. The loader checks rules against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ParameterKind = Literal["number", "text", "texts"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value. The higher, the worse."""

    value: float
    detail: str = ""
    subject: str = ""
    """Which of many things it is about, such as a kernel or a file; a rule fires for each by itself."""
    kernel: str = ""
    """Whom an incident is reported against; empty: the rule's own."""
    message: str = ""
    """The incident's message, where others report the same breach: the same words, so one incident."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """More that was measured, for the conditions of playbooks."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a rule may tell its measure; the kind of its value is that of `default`."""

    default: float | str | tuple[str, ...]
    says: str
    least: float = 0.0
    most: float = 1e9

    @property
    def kind(self) -> ParameterKind:
        if isinstance(self.default, str):
            return "text"
        return "texts" if isinstance(self.default, tuple) else "number"


@dataclass(frozen=True, slots=True)
class MeasureSpec:
    name: str
    says: str
    """What one value is, in words for the incident's title."""
    unit: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
