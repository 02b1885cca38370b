"""A playbook as its file says it: frozen structs whose fields are the keys, each with the words of what would be right.

Made by `loading`, which checks every value; the engine trusts them.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

SPAN = 'a time such as "30s", "5m" or "1h 30m"'
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}$", description="a name of small letters, digits and _")]
Said = Annotated[str, Meta(min_length=1, max_length=300, description="a text of 1 to 300 characters")]
Judged = Annotated[str, Meta(description="a condition in quotes, such as \"kernel.state == 'failed'\"")]
Span = Annotated[float, Meta(description=SPAN)]
Flag = Annotated[bool, Meta(description="true or false")]
Tries = Annotated[int, Meta(ge=1, le=10, description="a whole number from 1 to 10")]
Runs = Annotated[int, Meta(ge=0, le=1000, description="a whole number from 0 to 1000")]
Given = Annotated[Mapping[str, Any], Meta(description="a table of the action's parameters")]

STOP, CONTINUE, UNDO, ESCALATE, GOTO = "stop", "continue", "undo", "escalate", "goto:"
ON_FAILURE = (STOP, CONTINUE, UNDO, ESCALATE)
NEXT, END = "next", "end"


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a file holds."""


class Step(Strict, frozen=True, kw_only=True, rename={"with_": "with"}):
    """One act of a playbook."""

    action: Annotated[str, Meta(description="the name of an action")]
    name: Name = ""
    """What it is called in `on_failure`, `then` and in a run; left out: the action's name."""
    with_: Given = {}
    """What the action is given."""
    when: Judged = "true"
    """It is skipped where this does not hold when its turn comes."""
    timeout: Span = 60.0
    """How long one try may take."""
    tries: Tries = 1
    backoff: Span = 1.0
    """Wait before the second try; doubled before each further one."""
    on_failure: Annotated[str, Meta(description="stop, continue, undo, escalate or goto:STEP")] = UNDO
    then: Annotated[str, Meta(description="next, end or the name of a step")] = NEXT
    """Where a run goes on after it."""
    until: Judged = ""
    """What it did is taken back by itself once this holds."""
    at_most: Span = 900.0
    """What it did is taken back after this, whatever `until` says."""
    answer_within: Span = 86400.0
    """How long a person may take to answer what it asks."""


class Check(Strict, frozen=True, kw_only=True, rename={"for_": "for"}):
    """What has to hold after the steps; otherwise they are taken back."""

    that: Judged
    for_: Span = 0.0
    """How long it has to hold without a break."""
    within: Span = 30.0
    """How long it may take until it has."""


class Budget(Strict, frozen=True, kw_only=True):
    """How often machines may run playbooks for failures of one coarse signature before somebody else has to act."""

    runs: Runs = 3
    within: Span = 3600.0


class Playbook(Strict, frozen=True, kw_only=True):
    says: Said
    """What it is for, in a sentence."""
    when: Judged
    """The incidents it fits."""
    step: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=50, description="1 to 50 tables [[step]]")]
    name: Name = ""
    """Left out: the file's name."""
    automatic: Flag = True
    """Whether it is picked by itself; false: only a rule that routes to it, or a person, runs it."""
    timeout: Span = 600.0
    """How long all of it may take, without the time that a person takes to answer."""
    budget: Budget | None = None
    """Left out: the room's."""
    verify: Annotated[tuple[Check, ...], Meta(max_length=20, description="at most 20 tables [[verify]]")] = ()
    file: str = ""
    """Where it was read; no key of the file."""

    def step_of(self, name: str) -> Step:
        return next(step for step in self.step if step.name == name)

    def after(self, name: str) -> str:
        """The step that follows a step that went well; empty where the steps end."""
        step = self.step_of(name)
        if step.then == END:
            return ""
        if step.then != NEXT:
            return step.then
        names = [each.name for each in self.step]
        place = names.index(name) + 1
        return names[place] if place < len(names) else ""
