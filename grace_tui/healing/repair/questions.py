"""What is asked of the analysis and what it answers, as lines of JSON between two processes.

Apart from `analyse.py`, which loads all that a diagnosis needs: whoever only asks starts faster without it.
"""

import json
from dataclasses import dataclass, field

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.allowed import Allowed
from grace_tui.healing.repair.patch import FileEdit, Patch, Site


@dataclass(frozen=True, slots=True)
class Question:
    failure: Failure
    edits: tuple[FileEdit, ...] = ()
    """What the sources look like by now: edits that are not in the real files."""
    allowed: Allowed = field(default_factory=Allowed)
    path: tuple[str, ...] = ()
    """`sys.path` of the process that failed, where it is known."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Candidate patches, best first; without any, `reason` says why."""

    site: Site | None
    """What was understood: the site of the best candidate, or the first that was recognised."""
    patches: tuple[Patch, ...] = ()
    operator: str = ""
    reason: str = ""
    seconds: float = 0.0


def encode(value: object) -> bytes:
    """One line of JSON. Texts with bytes of no encoding travel as escapes, which msgspec's own JSON refuses."""
    return json.dumps(msgspec.to_builtins(value)).encode() + b"\n"
