"""A module is gone and what it had lives in several others now: a module at the old name that gathers it again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.imports.shims import gathered, gathered_on_demand
from grace_tui.healing.repair.imports.sources import Source, evident
from grace_tui.healing.repair.imports.standing import hindrance, module_file
from grace_tui.healing.repair.imports.whereabouts import Wanted, whereabouts
from grace_tui.healing.repair.operators.moved_module import PROBLEM
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class GoneModule:
    name: str = "gone_module"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        view = scene.imports
        wanted = view.wanted(site.qualname)
        if whereabouts(wanted, view):
            return Refused(self.name, f"one module has all that is asked of {wanted.module}")
        if not view.is_ours(wanted.missing):
            return Refused(self.name, f"nothing tells that {wanted.missing} was ever a module of this tree")
        if not wanted.names:
            return Refused(self.name, f"nothing tells what {wanted.module} had: no name is asked of it")
        if (why := hindrance(wanted, view)) is not None:
            return Refused(self.name, why)
        found = {name: _places(name, wanted, scene) for name in wanted.names}
        nowhere = [name for name, places in found.items() if not places]
        if nowhere:
            looked = f"looked for definitions and imports of {', '.join(nowhere)} in every source of the tree"
            return Refused(self.name, f"{wanted.module} is gone and so is {', '.join(nowhere)}: {looked}")
        chosen = {name: places[0] for name, places in found.items()}
        doubtful = [name for name, places in found.items() if not evident(places)]
        for name in view.demands.names_on(wanted.module):
            places = _places(name, wanted, scene)
            if name not in chosen and places and evident(places):
                chosen[name] = places[0]
        return self._patches(replace(site, provider=""), wanted, chosen, doubtful, scene)

    def _patches(
        self, site: Site, wanted: Wanted, chosen: dict[str, Source], doubtful: list[str], scene: Scene
    ) -> Sequence[Patch]:
        groups: dict[str, set[str]] = {}
        for name, source in chosen.items():
            groups.setdefault(source.module, set()).add(name)
        evidence = tuple(source.evidence for source in chosen.values())
        summary = f"{wanted.module} gathers {', '.join(sorted(chosen))}"
        patches = []
        for score, write in ((0.7, gathered), (0.6, gathered_on_demand)):
            edits = module_file(wanted, write(wanted.module, groups), scene.imports)
            whose = replace(site, provider=edits[-1].path)
            patches.append(Patch(self.name, whose, summary, edits, score, evidence, bool(doubtful)))
        return patches


def _places(name: str, wanted: Wanted, scene: Scene) -> list[Source]:
    """Definitions in the tree; a name that a gone module had only imported is had from where others import it."""
    found = scene.imports.sources.of(name, wanted.module, frozenset({wanted.importer}))
    return [
        source
        for source in found
        if source.name and source.module != wanted.missing and not source.module.startswith(f"{wanted.missing}.")
    ]
