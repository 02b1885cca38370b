"""One look at the tree's imports, shared by diagnosis and operators through `Scene.imports`; read only."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.history import History
from grace_tui.healing.repair.imports.demands import Demand, Demands, importer, reaching
from grace_tui.healing.repair.imports.foreign import distribution_of, is_foreign
from grace_tui.healing.repair.imports.layout import Layout, joined
from grace_tui.healing.repair.imports.offers import Offers
from grace_tui.healing.repair.imports.sources import Sources
from grace_tui.healing.repair.imports.whereabouts import Wanted, attributes_used
from grace_tui.healing.repair.index import Index


@dataclass(frozen=True)
class View:
    index: Index
    history: History
    failure: Failure | None = None

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.index)

    @cached_property
    def demands(self) -> Demands:
        return Demands(self.layout)

    @cached_property
    def offers(self) -> Offers:
        return Offers(self.layout)

    @cached_property
    def sources(self) -> Sources:
        return Sources(self.layout, self.demands, self.offers)

    def is_foreign(self, module: str) -> bool:
        """True for a top-level name that the standard library, a requirement of the tree or a known package has."""
        root = getattr(self.index.tree, "root", None)
        return is_foreign(module) or bool(distribution_of(module, root if isinstance(root, Path) else None)[0])

    def is_ours(self, module: str) -> bool:
        """True where the tree has the top of that name, or once had a module of it."""
        top = module.partition(".")[0]
        if self.layout.has(top):
            return True
        paths = (f"{top}.py", f"{top}/__init__.py")
        return any(next(iter(self.history.versions(path)), None) is not None for path in paths)

    def wanted(self, missing: str) -> Wanted:
        """What a failed import of the module `missing` was after, with what the importing file takes from it."""
        frame = importer(self.failure) if self.failure else None
        path = frame.file if frame is not None and frame.file in self.layout.names else ""
        demand = self.demands.failing(self.failure, missing) if self.failure and path else None
        if demand is None:
            return Wanted(missing, missing, path)
        module = reaching(demand, missing)
        return Wanted(module, missing, path, self._asked(demand, module), demand)

    def expected_path(self, wanted: Wanted) -> str:
        """Where the file of the first missing part would be looked for, without its ending; empty where nowhere."""
        parent, _, last = wanted.missing.rpartition(".")
        if parent:
            folder = self.layout.folders.get(parent, "")
            return joined(folder, last) if folder and self.layout.is_package(parent) else ""
        return joined(self.layout.root_of(wanted.importer) if wanted.importer else "", last)

    def _asked(self, demand: Demand, module: str) -> tuple[str, ...]:
        """Names of an import, or the attributes that the file takes from a module it imports whole."""
        if demand.star:
            return ()
        if demand.module == module and demand.names:
            return demand.names
        bound = demand.bound[0] if demand.bound and not demand.names else module
        if demand.module != module:
            bound = demand.bound[demand.names.index(module.rpartition(".")[2])]
        tree = self.index.parsed(demand.path)
        return attributes_used(tree, bound) if tree is not None else ()
