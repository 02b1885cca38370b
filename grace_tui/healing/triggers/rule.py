"""What a rule is: which measure, from where on it is a breach, how long until it fires, and who is to act."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Severity = Literal["minor", "moderate", "major", "critical"]
Occasion = Literal["boot", "files.changed", "kernel.state", "incident.opened"]
"""What makes a rule be checked besides its period; `boot`: as soon as the mesh is up."""
SEVERITIES: tuple[Severity, ...] = ("minor", "moderate", "major", "critical")
ROUTES = ("agent", "person", "nobody")
PLAYBOOK = "playbook:"

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Kind = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]{0,59}$")]
Seconds = Annotated[float, Meta(ge=0, le=604_800)]
Period = Annotated[float, Meta(ge=5, le=86_400)]
Times = Annotated[int, Meta(ge=1, le=1_000)]


class Worse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the breach is from a higher value on."""

    at: float
    severity: Severity
    route: str = ""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One question about the room, asked again and again."""

    name: Name
    measure: Name
    kind: Kind
    """Kind of the incident that a breach opens."""
    threshold: float
    """A breach from here on."""
    clear: float
    """Fires no more from here on down; below the threshold, so that a value at the edge does not flicker."""
    says: str = ""
    """What it watches, in a sentence."""
    parameters: Mapping[str, Any] = {}
    """What it tells its measure, checked against the measure's own parameters."""
    kernel: str = "room"
    """Whom a breach is reported against, where the measure names no kernel."""
    in_a_row: Times = 1
    """Breaches one after the other until it fires."""
    cool_down: Seconds = 300.0
    """Seconds it keeps quiet after it was clear again."""
    settle: Seconds = 0.0
    """Seconds after the mesh started in which it does not fire."""
    every: Period = 30.0
    on: tuple[Occasion, ...] = ()
    severity: Severity = "moderate"
    route: str = ""
    """`playbook:NAME`, `agent`, `person`, `nobody`; empty: the severity's route, else the playbooks' conditions."""
    worse: Worse | None = None
    incident: bool = True
    """False where a breach is worth showing and nothing is broken."""
    enabled: bool = True

    def severity_of(self, value: float) -> Severity:
        return self.worse.severity if self.worse is not None and value >= self.worse.at else self.severity


class RuleSet(msgspec.Struct, frozen=True):
    """The rules in force, and the routes of severities that have one."""

    rules: tuple[Rule, ...]
    routes: Mapping[Severity, str] = {}
    files: Mapping[str, str] = {}
    """Rule -> the file that has the last word on it."""

    def route_of(self, rule: Rule, value: float) -> str:
        """Who is to act at this value: as the rule says, else as its severity's route does."""
        severity = rule.severity_of(value)
        if rule.worse is not None and value >= rule.worse.at and rule.worse.route:
            return rule.worse.route
        return rule.route or self.routes.get(severity, "")


def is_route(text: str) -> bool:
    return text in ROUTES or re.fullmatch(rf"{PLAYBOOK}[a-z][a-z0-9_]*", text) is not None
