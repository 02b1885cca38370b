"""The ladder of answers: what is done about an incident, what was considered before it, and why not. Pure.

From the surest to the last: take back a repair that broke it, replay a proven fix, run a playbook, queue a coding task,
ask a person. `Answers` gathers the case and carries out what `climb` chooses; people read every rung.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.spelling import duration

Act = Literal["undo", "replay", "playbook", "agent", "nothing", "person"]

ATTEMPTS = 2
"""Repairs that may fail for one incident before it is left to a person."""
NO_PLAYBOOK = "no playbook's condition holds"
LEFT = "; left to a person"
"""How the action of an incident ends that no machine will act on any more."""
WAITS = "; no other act is due"
"""How the action of an incident ends that something else is taking care of."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that an answer depends on. A reason that is empty speaks against nothing."""

    incident: IncidentRecord
    broke: str = ""
    """The task of a repair that broke what fails now; empty where none did."""
    broke_why: str = "no repair of late touched what failed"
    fix: str = ""
    """What the known fix does; empty where none can be replayed."""
    no_fix: str = "no fix is known for this signature"
    diagnosis: str = ""
    """What a coding task would look for; empty where the failure's words fit no diagnosis."""
    no_code: str = ""
    """Why no coding task can help."""
    picked: str = ""
    """The playbook that fits, by the incident's route or by its condition and its record."""
    picked_why: str = NO_PLAYBOOK
    acts: tuple[str, ...] = ()
    """What was done automatically for the coarse signature within the budget's period, oldest first."""
    budget: int = 3
    period: float = 3600.0
    coded: bool = False
    """Whether a coding task is among them."""
    failed_tasks: int = 0
    """Repairs of this very incident that failed."""
    last_failure: str = ""
    """Why the last of them failed."""
    agent_tried: bool = False
    """Whether the agent just failed at it: it is not asked a second time in one answer."""
    loop: str = ""
    """The chain of repairs that undo or follow one another without end."""
    moved: str = ""
    """What the guard of the loop did about a block already."""


@dataclass(frozen=True, slots=True)
class Rung:
    act: Act
    says: str
    """What it would do."""
    refused: str = ""
    """Why it is not what is done; empty on the rung that is taken."""
    target: str = ""
    """The task to undo, or the playbook to run."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ladder:
    rungs: tuple[Rung, ...]
    """Every rung that was considered; the last is taken."""

    @property
    def taken(self) -> Rung:
        return self.rungs[-1]

    def lines(self) -> list[str]:
        """The ladder as a person reads it."""
        refused = [f"{rung.says}: no, {rung.refused}" for rung in self.rungs[:-1]]
        return [*refused, f"{self.taken.says}: {self.taken.why}"]


def climb(case: Case) -> Ladder:
    """Consider the rungs from the surest on, and take the first that nothing speaks against."""
    considered: list[Rung] = []
    for rung in _rungs(case):
        considered.append(rung)
        if not rung.refused:
            break
    return Ladder(tuple(considered))


def is_left(record: IncidentRecord) -> bool:
    """Whether an unanswered incident was handed to people, or nobody is to act on it."""
    return record.action.endswith((LEFT, WAITS)) or record.route == "nobody"


def _rungs(case: Case) -> Iterator[Rung]:
    route = case.incident.route
    if route == "nobody":
        yield Rung("nothing", "leave it to its rule", why="the rule that measured it asks nobody to act")
        return
    if case.moved:
        yield Rung("nothing", "leave it to the guard of the loop", why=case.moved)
        return
    yield _undo(case)
    yield _replay(case)
    code_first = bool(case.diagnosis) and not case.no_code
    agent, playbook = _agent(case), _playbook(case)
    yield from (agent, playbook) if code_first else (playbook, agent)
    yield _person(case, agent, playbook)


def _undo(case: Case) -> Rung:
    rung = Rung("undo", f"take back {case.broke or 'a repair'}", case.loop, case.broke, case.broke_why)
    return rung if case.broke else replace(rung, refused=case.broke_why)


def _replay(case: Case) -> Rung:
    if not case.fix:
        return Rung("replay", "replay a known fix", case.no_fix)
    return Rung("replay", f"replay the known fix: {case.fix}", case.loop, why="it is proven for this strict signature")


def _playbook(case: Case) -> Rung:
    if not case.picked:
        return Rung("playbook", "run a playbook", _closed(case) or case.picked_why)
    return Rung("playbook", f"run playbook {case.picked}", _closed(case), case.picked, case.picked_why)


def _closed(case: Case) -> str:
    """Why no playbook at all is run."""
    return case.loop or (_spent(case) if len(case.acts) >= case.budget else "")


def _spent(case: Case) -> str:
    return f"the budget of {case.budget} acts in {duration(case.period)} is spent: {', '.join(case.acts)}"


def _agent(case: Case) -> Rung:
    return Rung("agent", "queue a coding task", _no_agent(case), why=case.no_fix)


def _no_agent(case: Case) -> str:
    if case.incident.route == "person":
        return "its rule routes to the person"
    if case.no_code:
        return case.no_code
    if case.failed_tasks >= ATTEMPTS:
        return f"{case.failed_tasks} repairs failed"
    if case.agent_tried:
        return f"the repair failed: {case.last_failure}"
    if case.loop:
        return case.loop
    # Where playbooks alone spent the budget, the agent has one go before a person is asked.
    return _spent(case) if len(case.acts) >= case.budget and case.coded else ""


def _person(case: Case, agent: Rung, playbook: Rung) -> Rung:
    route = case.incident.route
    if case.loop:
        why = case.loop
    elif route == "person":
        why = "its rule routes to a person"
    elif case.acts and len(case.acts) >= case.budget:
        why = _spent(case)
    elif case.no_code and route != "agent":
        why = case.no_code if playbook.refused == NO_PLAYBOOK else f"{playbook.refused}; {case.no_code}"
    else:
        why = agent.refused
    return Rung("person", "ask a person", why=why)
