"""The process that analyses a failure: `python -m grace_tui.healing.repair.analyse ROOT` with a Failure on stdin.

A process of its own because syntax trees of libcst cost 150 ms of CPU and tens of megabytes the room need not bear.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose import diagnose
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree


@dataclass(frozen=True, slots=True)
class Proposal:
    """Candidate patches, best first; without any, `reason` says why."""

    site: Site | None
    patches: tuple[Patch, ...] = ()
    operator: str = ""
    reason: str = ""


def analyse(failure: Failure, root: Path) -> Proposal:
    """Diagnose and ask the operators, here: loads libcst."""
    from grace_tui.healing.repair.operators import OPERATORS
    from grace_tui.healing.repair.tidy import tidy

    scene = Scene(FileTree(root), failure)
    site = diagnose(failure, scene)
    if isinstance(site, Refused):
        return Proposal(None, operator=site.operator, reason=site.reason)
    reasons = []
    for operator in (entry for entry in OPERATORS.values() if entry.problem == site.problem):
        outcome = operator.propose(site, scene)
        if not isinstance(outcome, Refused):
            return Proposal(site, tuple(tidy(patch, root) for patch in outcome), operator.name)
        reasons.append(outcome.reason)
    return Proposal(site, operator=site.problem, reason="; ".join(reasons) or f"no operator for {site.problem}")


def main() -> None:
    failure = msgspec.json.decode(sys.stdin.buffer.read(), type=Failure)
    sys.stdout.buffer.write(msgspec.json.encode(analyse(failure, Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
