"""Which playbook fits an incident: those whose condition holds, the one with the best record first. Pure.

A record is the mean of the Beta posterior over how its runs ended, from an even prior; equal ones go by name, so that
the same room picks the same playbook twice. What was considered is told in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grace_tui.healing.conditions import ConditionFailed
from grace_tui.healing.playbooks.model import Budget, Playbook
from grace_tui.healing.playbooks.namespace import judged
from grace_tui.healing.teller import beta
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.spelling import nearest, plural

ROUTE = "playbook:"
OTHERS = {
    "agent": "its rule asks the agent to act",
    "person": "its rule asks a person to act",
    "nobody": "its rule asks nobody to act",
}


@dataclass(frozen=True, slots=True)
class Pick:
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of the question, and why; `refused` has every playbook that was not taken, with its reason."""

    pick: Pick | None
    why: str
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of earlier runs."""

    outcomes: Callable[[str], tuple[int, int]]
    """Playbook -> runs that went well, runs that did not."""
    spent: Callable[[float], int]
    """Seconds -> automatic runs for this coarse signature within them."""
    unfit: Mapping[str, str]
    """Playbook -> why it is not to be run for this incident."""
    budget: Budget
    """Of playbooks that have none of their own."""


def judge(
    incident: IncidentRecord, playbooks: Mapping[str, Playbook], namespace: Mapping[str, Any], record: Record
) -> Judgement:
    """Pick a playbook for an incident, or say why none."""
    if incident.route in OTHERS:
        return Judgement(None, OTHERS[incident.route])
    refused: dict[str, str] = {}
    wanted = incident.route.removeprefix(ROUTE) if incident.route.startswith(ROUTE) else ""
    if wanted and wanted not in playbooks:
        refused[wanted] = f"its rule asks for {wanted}, which does not exist; {nearest(wanted, playbooks)}"
    fitting: list[tuple[float, str, str]] = []
    for name, playbook in playbooks.items():
        why_not, why = _judged(playbook, name == wanted, namespace, record)
        if why_not:
            refused[name] = why_not
        else:
            rank = -1.0 if name == wanted else -_score(name, record)
            fitting.append((rank, name, why))
    if not fitting:
        return Judgement(None, _none(refused), refused)
    fitting.sort()
    _, name, why = fitting[0]
    after = ", ".join(f"{other} ({_score(other, record):.2f})" for _, other, _ in fitting[1:4])
    return Judgement(Pick(name, f"{why}{f'; before {after}' if after else ''}"), "", refused)


NOT_ASKED = "only a rule or a person runs it"
NO_FIT = "its condition does not hold"


def _judged(playbook: Playbook, routed: bool, namespace: Mapping[str, Any], record: Record) -> tuple[str, str]:
    """Why not, or why."""
    budget = playbook.budget or record.budget
    spent = record.spent(budget.within)
    names, condition = {**namespace, "attempts": spent}, judged(playbook.when)
    if not routed:
        if not playbook.automatic:
            return NOT_ASKED, ""
        try:
            if not condition.holds(names):
                return NO_FIT, ""
        except ConditionFailed as failed:
            return f"{NO_FIT}: {failed}", ""
    if spent >= budget.runs:
        return f"its budget is spent: {spent} automatic runs in {budget.within / 60:g} min", ""
    if playbook.name in record.unfit:
        return record.unfit[playbook.name], ""
    reason = "its rule asks for it" if routed else condition.told(names) or "it fits everything"
    good, bad = record.outcomes(playbook.name)
    told = f"worked {good} of {plural(good + bad, 'time')}" if good + bad else "it has neither worked nor failed yet"
    return "", f"{reason}; {told} ({_score(playbook.name, record):.2f})"


def _none(refused: Mapping[str, str]) -> str:
    told = [f"{name}: {why}" for name, why in refused.items() if not why.startswith((NO_FIT, NOT_ASKED))]
    return "; ".join(told) or "no playbook's condition holds"


def _score(name: str, record: Record) -> float:
    good, bad = record.outcomes(name)
    return beta(good, good + bad)
