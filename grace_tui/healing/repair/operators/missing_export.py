"""A module was asked for a name it does not export: it exports the name from the one place that defines it.

A package that lost several at once gets all of them that the tree asks it for, so that no second failure waits behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.imports.graph import chain_to
from grace_tui.healing.repair.imports.layout import is_test
from grace_tui.healing.repair.imports.sources import Source, nearness
from grace_tui.healing.repair.operators.exports import add_export, has_all, plain_reexports
from grace_tui.healing.repair.operators.imports import ImportPlan, add_import
from grace_tui.healing.repair.operators.lazy import OnDemand, with_entries
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

NAME = "missing_export"


@dataclass(frozen=True, slots=True)
class MissingExport:
    name: str = NAME
    problem: str = NAME

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        if site.provider in site.consumers:
            return Refused(self.name, f"{site.provider} is itself a consumer, which is not changed")
        found = find_sources(site, scene)
        if isinstance(found, Refused):
            return found
        try:
            module = cst.parse_module(scene.tree.read(site.provider))
        except cst.ParserSyntaxError as error:
            return Refused(self.name, f"{site.provider} does not parse: {error.message}, line {error.raw_line}")
        ambiguous = len(found) > 1
        patches: list[Patch] = []
        for source in found:
            outcome = _exported(site, scene, module, source)
            patches += [replace(patch, ambiguous=True) for patch in outcome[:1]] if ambiguous else outcome
        if not ambiguous and (every := all_asked(site, scene, module, found[0])) is not None:
            patches.insert(0, every)
        return patches


def find_sources(site: Site, scene: Scene) -> list[Source] | Refused:
    """The places that define the name, the nearest: a submodule, below the package, beside it, anywhere.

    Where nothing in the tree defines it, what the tree imports under that name.
    """
    view = scene.imports
    if site.name in view.offers.own(site.provider).defined:
        return Refused(NAME, f"{site.provider} defines {site.name} itself; it is used before that")
    submodule = f"{site.qualname}.{site.name}"
    if submodule in view.layout.files:
        path = view.layout.files[submodule]
        return [Source(submodule, "", path, 0.7, f"{path} is that submodule")]
    without = frozenset({site.provider, *site.consumers})
    found = view.sources.defined(site.name, site.qualname, without)
    if not found:
        used = [source for source in view.sources.used(site.name, without) if source.name and not is_test(source.path)]
        used = [source for source in used if source.module != site.qualname]
        found = sorted(used, key=lambda source: source.rank, reverse=True)
        if not found:
            return Refused(NAME, f"no source in the workspace defines {site.name}")
        return [source for source in found if source.rank == found[0].rank]
    nearest = min(_distance(source.module, site.qualname) for source in found)
    near = [source for source in found if _distance(source.module, site.qualname) == nearest]
    most = max(source.rank[1] for source in near)
    return [source for source in near if source.rank[1] == most]


def all_asked(site: Site, scene: Scene, module: cst.Module, first: Source) -> Patch | None:
    """Everything else that the tree asks of this module in vain, together with what failed; None where that is all."""
    names = lost_names(site, scene)
    names.pop(site.name, None)
    if not names:
        return None
    sources = {site.name: first, **names}
    eager = {name: source for name, source in sources.items() if not _circle(source, site, scene)}
    later = {name: source for name, source in sources.items() if name not in eager}
    changed = module
    for name, source in sorted(eager.items()):
        changed = _with_import(changed, _styles(_plan(site, source, name), module)[0])
    if later:
        changed = _with_demands(changed, [_on_demand(name, source, site) for name, source in sorted(later.items())])
    listed = ", ".join(sorted(sources))
    says = (first.evidence, f"the tree asks {site.qualname} for {', '.join(sorted(names))} too")
    edit = FileEdit(site.provider, scene.tree.read(site.provider), changed.code)
    return Patch(NAME, site, f"{site.qualname} exports {listed}", (edit,), first.score + 0.01, says)


def lost_names(site: Site, scene: Scene) -> dict[str, Source]:
    """Names that imports of the tree ask of the module, which lacks them, and that have one evident place."""
    view = scene.imports
    lost: dict[str, Source] = {}
    for name in sorted(view.demands.names_on(site.qualname)):
        if name.startswith("__") or view.offers.has(site.qualname, name):
            continue
        found = find_sources(replace(site, name=name), scene)
        if not isinstance(found, Refused) and len(found) == 1 and found[0].path:
            lost[name] = found[0]
    return lost


def _exported(site: Site, scene: Scene, module: cst.Module, source: Source) -> list[Patch]:
    plan = _plan(site, source, site.name)
    circle = "" if plan.extends(module) else _circle(source, site, scene)
    eager = [_patch(site, scene, _with_import(module, chosen), source) for chosen in _styles(plan, module)]
    if not circle and not plan.package:
        return eager
    changed = _with_demands(module, [_on_demand(site.name, source, site)])
    later = replace(_patch(site, scene, changed, source), score=source.score - 0.1)
    return [later] if circle else [*eager, later]  # other circles than those of the sources show on trial


def _plan(site: Site, source: Source, name: str) -> ImportPlan:
    origin = source.module if source.name else source.module.rpartition(".")[0]
    return ImportPlan(name, origin, site.qualname, site.provider.endswith("__init__.py"))


def _with_import(module: cst.Module, plan: ImportPlan) -> cst.Module:
    return add_export(add_import(module, plan), plan.name)


def _with_demands(module: cst.Module, entries: Sequence[OnDemand]) -> cst.Module:
    changed = with_entries(module, entries)
    for entry in entries:
        changed = add_export(changed, entry.name)
    return changed


def _on_demand(name: str, source: Source, site: Site) -> OnDemand:
    written = source.module
    if site.provider.endswith("__init__.py") and source.module.startswith(f"{site.qualname}."):
        written = source.module[len(site.qualname) :]
    return OnDemand(name, written, source.name)


def _circle(source: Source, site: Site, scene: Scene) -> str:
    """The chain by which importing the source asks the provider for a name before it has it."""
    chain = chain_to(source.module, site.qualname, scene.imports) if source.path else ()
    return " -> ".join([site.qualname, *chain, site.qualname]) if chain else ""


def _styles(plan: ImportPlan, module: cst.Module) -> list[ImportPlan]:
    """As the neighbours re-export; without an `__all__` an alias to itself is what says that the name is public."""
    if has_all(module) or not plan.package:
        return [plan]
    alias = replace(plan, alias=True)
    return [plan, alias] if plain_reexports(module) else [alias, plan]


def _patch(site: Site, scene: Scene, changed: cst.Module, source: Source) -> Patch:
    origin = source.module if source.name else source.module.rpartition(".")[0]
    summary = f"{site.qualname} exports {site.name} from {origin}"
    edit = FileEdit(site.provider, scene.tree.read(site.provider), changed.code)
    return Patch(NAME, site, summary, (edit,), source.score, (source.evidence,))


def _distance(module: str, package: str) -> int:
    if module.startswith(f"{package}."):
        return 0
    parent = package.rpartition(".")[0]
    return 1 if parent and nearness(module, parent) == len(parent.split(".")) else 2
