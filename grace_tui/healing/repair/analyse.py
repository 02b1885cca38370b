"""The process that analyses a failure: `python -m grace_tui.healing.repair.analyse ROOT` with a Failure on stdin.

A process of its own because syntax trees of libcst cost 150 ms of CPU and tens of megabytes the room need not bear.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.diagnose import sites
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene
from grace_tui.healing.repair.tree import FileTree

CANDIDATES = 12
"""Patches that one analysis hands on at most."""


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
    found, refusals = sites(failure, scene)
    patches: list[Patch] = []
    reasons = [refusal.reason for refusal in refusals]
    for site in found:
        for operator in (entry for entry in OPERATORS.values() if entry.problem == site.problem):
            outcome = operator.propose(site, scene)
            if isinstance(outcome, Refused):
                reasons.append(outcome.reason)
            else:
                patches += outcome
    ranked = _distinct(sorted(patches, key=lambda patch: -patch.score))
    site_of_best = ranked[0].site if ranked else found[0] if found else None
    operator_of_best = ranked[0].operator if ranked else found[0].problem if found else _named(refusals)
    if not ranked and not reasons:
        reasons.append(_unknown(failure, found))
    chosen = tuple(tidy(patch, root) for patch in ranked[:CANDIDATES])
    return Proposal(site_of_best, chosen, operator_of_best, "" if chosen else "; ".join(dict.fromkeys(reasons)))


def _distinct(patches: list[Patch]) -> list[Patch]:
    """Without those that make the same edits as a better one."""
    seen = [patch.edits for patch in patches]
    return [patch for at, patch in enumerate(patches) if patch.edits not in seen[:at]]


def _named(refusals: tuple[Refused, ...]) -> str:
    return refusals[0].operator if refusals else "diagnosis"


def _unknown(failure: Failure, found: tuple[Site, ...]) -> str:
    if found:
        return f"no operator for {found[0].problem}"
    return f"no diagnosis fits {failure.kind}: {failure.message}"


def main() -> None:
    failure = msgspec.json.decode(sys.stdin.buffer.read(), type=Failure)
    sys.stdout.buffer.write(msgspec.json.encode(analyse(failure, Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
