"""A file uses a name it never imports: it imports it from where that is defined, or as the rest of the tree does."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.calling.unbound import unbound_in_file
from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.graph import chain_to
from grace_tui.healing.repair.imports.sources import Source, evident
from grace_tui.healing.repair.operators.imports import ImportPlan, add_import, add_statement
from grace_tui.healing.repair.operators.local_import import with_local_import
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

MOST = 3
GUESS = 0.3
"""A source of no greater score is for a person to decide on."""


@dataclass(frozen=True, slots=True)
class MissingNameImport:
    name: str = "missing_name_import"
    problem: str = "missing_name"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        found = self._found(site, scene)
        if not found:
            return Refused(
                self.name,
                f"{site.name} is used in {site.provider} and nothing gives it: no source of the tree defines it or "
                "imports anything by that name, and the standard library has nothing by that name",
            )
        try:
            module = cst.parse_module(scene.tree.read(site.provider))
        except cst.ParserSyntaxError as error:
            return Refused(self.name, f"{site.provider} does not parse: {error.message}, line {error.raw_line}")
        clear = evident(found) and found[0].score > GUESS
        return [
            _patch(self.name, site, scene, module, source, at, ambiguous=at > 0 or not clear)
            for at, source in enumerate(found[:MOST])
        ]

    def _found(self, site: Site, scene: Scene) -> list[Source]:
        view = scene.imports
        if hasattr(builtins, site.name) or site.name in view.offers.own(site.provider).defined:
            return []
        own = [source for demand in view.demands.of(site.provider) if (source := _own(demand, site, scene))]
        if own:
            return own[:1]
        before = [source for source in earlier(site, scene) if source.module]
        near = view.layout.names[site.provider]
        found = view.sources.of(site.name, near, frozenset({site.provider}))
        defined = [source for source in found if source.rank[0] == 2]
        used = [source for source in found if source.rank[0] < 2]
        if len(defined) > 1 and used:
            found = [*used, *defined]
        return before or found or view.sources.standard(site.name)


def _own(demand: Demand, site: Site, scene: Scene) -> Source | None:
    """What the file itself imports by that name where it does not help: for type checkers, or in another function."""
    if site.name not in demand.bound or demand.star or (demand.at_import and demand.names):
        return None
    at = demand.bound.index(site.name)
    name = demand.names[at] if demand.names else ""
    path = scene.imports.layout.files.get(demand.module, "")
    return Source(demand.module, name, path, 0.8, f"{site.provider} imports it so elsewhere, line {demand.line}", (3,))


def earlier(site: Site, scene: Scene) -> list[Source]:
    """What an earlier version of the file imported by that name, where that can still be had."""
    from grace_tui.healing.repair.index.outline import outline

    view = scene.imports
    tops = {name.partition(".")[0] for name in view.layout.files}
    for version in scene.history.versions(site.provider):
        for entry in outline(version.text).imports:
            module = view.layout.absolute(site.provider, entry.module, entry.level)
            if entry.bound != site.name or not module or entry.name == "*":
                continue
            inside = module.partition(".")[0] in tops
            if inside and not (view.offers.has(module, entry.name) if entry.name else view.layout.has(module)):
                continue
            path = view.layout.files.get(module, "")
            return [Source(module, entry.name, path, 0.9, f"version {version.id} of the file imported it so", (4,))]
    return []


def _patch(
    operator: str, site: Site, scene: Scene, module: cst.Module, source: Source, at: int, *, ambiguous: bool
) -> Patch:
    near = scene.imports.layout.names[site.provider]
    statement = written(source, site.name)
    circle = chain_to(source.module, near, scene.imports) if source.path else ()
    local = with_local_import(module, site.qualname, statement) if circle else None
    if local is not None:
        changed = local
    elif source.name == site.name:
        names = [site.name, *_lost_with_it(site, source, scene)]
        statement = f"from {source.module} import {', '.join(names)}"
        changed = module
        for name in names:
            plan = ImportPlan(name, source.module, near, site.provider.endswith("__init__.py"))
            changed = add_import(changed, plan)
    else:
        changed = add_statement(module, statement)
    edit = FileEdit(site.provider, scene.tree.read(site.provider), changed.code)
    score = round(source.score - 0.05 * at, 2)
    summary = f"{near} imports {site.name}: {statement}"
    return Patch(operator, site, summary, (edit,), score, (source.evidence,), ambiguous)


def _lost_with_it(site: Site, source: Source, scene: Scene) -> list[str]:
    """Further names that the file uses and nothing gives, where the same module is the evident place to have them."""
    view = scene.imports
    near = view.layout.names[site.provider]
    lost = unbound_in_file(scene.index, site.provider) - {site.name}
    found = {name: view.sources.of(name, near, frozenset({site.provider})) for name in sorted(lost)}
    return [name for name, places in found.items() if places and evident(places) and _same(places[0], source, name)]


def _same(place: Source, source: Source, name: str) -> bool:
    return (place.module, place.name) == (source.module, name)


def written(source: Source, name: str) -> str:
    """The import statement that binds `name` to the source."""
    if not source.name:
        return f"import {source.module}" + ("" if source.module == name else f" as {name}")
    return f"from {source.module} import {source.name}" + ("" if source.name == name else f" as {name}")
