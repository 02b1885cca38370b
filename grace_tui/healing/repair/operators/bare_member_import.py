"""`import member` of what is `package.member`: a top-level module that is the member itself.

Such imports come from files that once ran with the package's own folder on the search path.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.operators.moved_module import PROBLEM, aliases, relative
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class BareMemberImport:
    name: str = "bare_member_import"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        wanted = scene.imports.wanted(site.qualname)
        if relative(wanted) or "." in wanted.missing:
            return Refused(self.name, f"{site.qualname} is looked for in a package")
        return aliases(self.name, site, wanted, scene)
