"""A module is imported by a name it no longer has: a small module at the old name that *is* the real one.

The same for three ways to get there: the module was moved, the file that imports it was moved, or a member of a package
is imported as if it stood alone. They differ in what speaks for a candidate, which `whereabouts` weighs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.imports.standing import stand_in
from grace_tui.healing.repair.imports.whereabouts import Wanted, Whereabouts, whereabouts
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

PROBLEM = "missing_module"
STEP = 0.05
"""How much less speaks for each candidate after the first."""


@dataclass(frozen=True, slots=True)
class MovedModule:
    """An absolute import of the old name."""

    name: str = "moved_module"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        wanted = scene.imports.wanted(site.qualname)
        if relative(wanted) or "." not in wanted.missing:
            return Refused(self.name, f"{site.qualname} is not an absolute import of a module in a package")
        return aliases(self.name, site, wanted, scene)


def relative(wanted: Wanted) -> bool:
    return wanted.demand is not None and wanted.demand.level > 0


def aliases(operator: str, site: Site, wanted: Wanted, scene: Scene) -> Sequence[Patch] | Refused:
    """A patch for each candidate, the best first."""
    found = whereabouts(wanted, scene.imports)
    if not found:
        asked = f" with {', '.join(wanted.names)}" if wanted.names else ""
        last = wanted.module.rpartition(".")[2]
        return Refused(operator, f"no module of the tree is called {last}{asked}, or defines all of that")
    patches = []
    for at, entry in enumerate(found):
        edits = stand_in(wanted, entry.module, scene.imports)
        if isinstance(edits, str):
            return Refused(operator, edits)
        summary = f"{wanted.module} is {entry.module}"
        score = round(entry.score - STEP * at, 2)
        ambiguous = at > 0 or is_tied(found)
        whose = replace(site, provider=edits[-1].path)
        patches.append(Patch(operator, whose, summary, edits, score, entry.evidence, ambiguous))
    return patches


def is_tied(found: Sequence[Whereabouts]) -> bool:
    """True where only the distance tells the first two apart."""
    return len(found) > 1 and found[0].rank[:-1] == found[1].rank[:-1]
