"""What a step of a playbook may do: the contract between the engine, which knows order, and the room, which acts.

The engine checks every step against the catalogue when a playbook is loaded, so that an action, a parameter or a kernel
that does not exist is refused by name before anything runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.records import IncidentRecord

ParameterKind = Literal["text", "kernel", "number", "seconds", "flag", "words", "path"]
"""`kernel` names a kernel that the workspace has; `path` is a file of the workspace; `words` is a list of texts."""


class ActionFailed(GraceError):
    """An action could not do what it was asked; nothing is half done."""


@dataclass(frozen=True, slots=True)
class Parameter:
    kind: ParameterKind
    says: str
    required: bool = False
    default: object = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action as a person reads it and a playbook is checked against."""

    name: str
    does: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    undoes: bool = False
    """Whether what it did can be taken back exactly."""
    asks: bool = False
    """Whether it waits for a person's answer."""


def _kept_nowhere(undo: Mapping[str, object]) -> None:
    """For calls of which nobody keeps a record."""


@dataclass(frozen=True, slots=True)
class Call:
    """One action as it is to be carried out."""

    action: str
    arguments: Mapping[str, object]
    incident: IncidentRecord
    run_id: str
    by: str
    keep: Callable[[Mapping[str, object]], None] = _kept_nowhere
    """Makes durable what `undo` will need. An action calls it before the first effect that outlives the process or a
    failure of its own: between that effect and its answer the process may be killed. `undo` of an effect that never
    came about does nothing."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did."""

    text: str
    undo: Mapping[str, object] | None = None
    """What `undo` needs, as plain data that outlives the process; None where there is nothing to take back."""
    question: str = ""
    """What a person has to answer before the run goes on; the engine waits for it."""


class Actions(Protocol):
    def catalogue(self) -> Mapping[str, ActionSpec]: ...

    def kernels(self) -> frozenset[str]:
        """Names that a parameter of kind `kernel` may have."""

    async def do(self, call: Call) -> Done:
        """Carry out one action.

        Raises:
            ActionFailed: it could not be done.
        """

    async def undo(self, call: Call, undo: Mapping[str, object]) -> str:
        """Take back what `do` did; returns what was done, in a few words.

        Raises:
            ActionFailed: it could not be taken back; the text says what is left.
        """

    async def approved(self, call: Call) -> Done:
        """Go on with an action whose question a person answered with yes.

        Raises:
            ActionFailed: it could not be done.
        """
