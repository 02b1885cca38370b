"""A module was asked for a name it does not export: it exports the name from the one place that defines it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.index import Index, defined_names
from grace_tui.healing.repair.operators.exports import add_export, has_all, plain_reexports
from grace_tui.healing.repair.operators.imports import ImportPlan, add_import
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site, Tree
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class MissingExport:
    name: str = "missing_export"
    problem: str = "missing_export"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        index, tree = scene.index, scene.tree
        if site.provider in site.consumers:
            return Refused(self.name, f"{site.provider} is itself a consumer, which is not changed")
        source = find_source(index, site)
        if isinstance(source, Refused):
            return source
        try:
            module = cst.parse_module(index.text(site.provider))
        except cst.ParserSyntaxError as error:
            return Refused(self.name, f"{site.provider} does not parse: {error.message}, line {error.raw_line}")
        submodule = index.names[source] == f"{site.qualname}.{site.name}"
        origin = site.qualname if submodule else index.names[source]
        plan = ImportPlan(site.name, origin, site.qualname, site.provider.endswith("__init__.py"))
        if not plan.extends(module) and (circle := cycle(index, source, site.provider)):
            return Refused(self.name, f"importing {site.name} would close an import cycle: {circle}")
        return [_patch(self.name, site, tree, module, chosen) for chosen in _styles(plan, module)]


def find_source(index: Index, site: Site) -> str | Refused:
    """The one file that defines the name, nearest first: a submodule, below the package, beside it, anywhere."""
    own = index.parsed(site.provider)
    if own is not None and site.name in defined_names(own.body):
        return Refused(MissingExport().name, f"{site.provider} defines {site.name} itself; it is used before that")
    if submodule := index.modules.get(f"{site.qualname}.{site.name}"):
        return submodule
    excluded = {site.provider, *site.consumers}
    found = [path for path in index.exporters(site.name) if path not in excluded and not _is_test(path)]
    if not found:
        return Refused(MissingExport().name, f"no source in the workspace defines {site.name}")
    nearest = min(_distance(index.names[path], site.qualname) for path in found)
    best = [path for path in found if _distance(index.names[path], site.qualname) == nearest]
    if len(best) > 1:
        return Refused(MissingExport().name, f"{site.name} is defined in several places: {', '.join(sorted(best))}")
    return best[0]


def cycle(index: Index, source: str, provider: str) -> str:
    """The chain by which importing `source` asks `provider` for a name before it has it; empty where there is none.

    `import provider` alone does not fail in a cycle: nothing is asked of the module until later.
    """
    target = index.names[provider]
    waiting: list[tuple[str, tuple[str, ...]]] = [(source, (index.names[source],))]
    seen = {source}
    while waiting:
        path, chain = waiting.pop(0)
        for entry in index.imports(path):
            submodule = f"{entry.module}.{entry.name}" in index.modules
            if entry.module == target and entry.name and not submodule:
                return " -> ".join([target, *chain, target])
            reached = f"{entry.module}.{entry.name}" if submodule else entry.module
            following = index.modules.get(reached, "")
            if following and following != provider and following not in seen:
                seen.add(following)
                waiting.append((following, (*chain, reached)))
    return ""


def _styles(plan: ImportPlan, module: cst.Module) -> list[ImportPlan]:
    """As the neighbours re-export; without an `__all__` an alias to itself is what says that the name is public."""
    if has_all(module) or not plan.package:
        return [plan]
    alias = replace(plan, alias=True)
    return [plan, alias] if plain_reexports(module) else [alias, plan]


def _patch(operator: str, site: Site, tree: Tree, module: cst.Module, plan: ImportPlan) -> Patch:
    changed = add_export(add_import(module, plan), site.name)
    summary = f"{site.qualname} exports {site.name} from {plan.source}"
    return Patch(operator, site, summary, (FileEdit(site.provider, tree.read(site.provider), changed.code),))


def _distance(module: str, package: str) -> int:
    if module.startswith(f"{package}."):
        return 0
    parent = package.rpartition(".")[0]
    return 1 if parent and module.startswith(f"{parent}.") else 2


def _is_test(path: str) -> bool:
    parts = path.split("/")
    return parts[0] in ("tests", "test") or parts[-1].startswith("test_") or parts[-1] == "conftest.py"
