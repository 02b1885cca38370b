"""A package that re-exports what its parts define, and how it does so on demand."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst

from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.scopes import Uses, uses
from grace_tui.healing.repair.operators.lazy import OnDemand, from_statement, postponed, with_entries, without_names
from grace_tui.healing.repair.operators.local_import import with_local_imports
from grace_tui.healing.repair.operators.shapes import dotted
from grace_tui.healing.repair.scene import Scene


class Hub:
    """One `__init__.py` and what it re-exports."""

    def __init__(self, path: str, scene: Scene) -> None:
        self.path, self.scene, self.view = path, scene, scene.imports
        self.name = self.view.layout.names[path]

    @cached_property
    def module(self) -> cst.Module:
        return cst.parse_module(self.scene.tree.read(self.path))

    @cached_property
    def uses(self) -> Uses:
        return uses(self.scene.tree.read(self.path))

    @cached_property
    def demands(self) -> list[Demand]:
        """Its from-imports whose names are known, those of `*` by the `__all__` of the part."""
        return [entry for entry in self.view.demands.of(self.path) if entry.at_import and self.given(entry)]

    @property
    def looks_itself_up(self) -> bool:
        """True where it goes through its own names while it loads, so that all have to be there."""
        return bool(self.uses.at_import & {"locals", "globals", "vars", "dir"})

    def given(self, demand: Demand) -> list[tuple[str, str]]:
        """(name there, name here) of all that a from-import binds."""
        if not demand.star:
            return list(zip(demand.names, demand.bound, strict=True)) if demand.names else []
        file = self.view.layout.files.get(demand.module, "")
        public = self.view.index.outline(file).exported if file else None
        return [(name, name) for name in public or ()]

    def taken(self, demands: Sequence[Demand]) -> frozenset[str]:
        """Names that can wait: not needed while the package loads, and not called as one of its modules."""
        parts = {name for entry in demands if entry.module == self.name for name in entry.names}
        names = ((there, here) for entry in demands for there, here in self.given(entry))
        layout = self.view.layout
        return frozenset(
            here
            for there, here in names
            if here not in self.uses.at_import
            and (not layout.has(f"{self.name}.{here}") or (here == there and here in parts))
        )

    def on_demand(self, demands: Sequence[Demand], taken: frozenset[str]) -> tuple[cst.Module, list[str]]:
        """The package with these names on demand; and their names."""
        starred = {
            (entry.level, entry.written): [name for name, _ in self.given(entry)] for entry in demands if entry.star
        }
        meant = {(entry.level, entry.written) for entry in demands}
        split = without_names(self.module, taken, list(_statements(self.module, meant)))
        found = {node: self._bound(node, starred) for node in _statements(split, meant)}
        waiting = {node: names for node, names in found.items() if {entry.name for entry in names} <= taken}
        entries = sorted({entry for names in waiting.values() for entry in names}, key=lambda entry: entry.name)
        names = {entry.name for entry in entries}
        parts = {
            part
            for entry in entries
            if (part := self._part(entry)) is not None and part.name not in names and not self.uses.anywhere(part.name)
        }
        changed = with_entries(postponed(split, list(waiting)), [*entries, *sorted(parts, key=lambda part: part.name)])
        for entry in entries:
            if entry.name in self.uses.in_functions:
                changed = with_local_imports(changed, self.uses.in_functions[entry.name], _written(entry))
        return changed, [entry.name for entry in entries]

    def _bound(self, node: cst.ImportFrom, starred: dict[tuple[int, str], list[str]]) -> list[OnDemand]:
        if isinstance(node.names, cst.ImportStar):
            written = "." * len(node.relative) + dotted(node.module)
            return [OnDemand(name, written, name) for name in starred[len(node.relative), dotted(node.module)]]
        return [self._as_module(entry) for entry in from_statement(node)]

    def _as_module(self, entry: OnDemand) -> OnDemand:
        """`from . import part` asks for the module as such."""
        if set(entry.module) == {"."} and self.view.layout.has(f"{self.name}.{entry.attribute}"):
            return OnDemand(entry.name, f"{entry.module}{entry.attribute}", "")
        return entry

    def _part(self, entry: OnDemand) -> OnDemand | None:
        """The submodule itself, which was an attribute of the package as long as it was imported at once."""
        absolute = entry.module.startswith(f"{self.name}.")
        written = entry.module.removeprefix(f"{self.name}.") if absolute else entry.module[1:]
        if not entry.attribute or not written.isidentifier() or not (absolute or entry.module.startswith(".")):
            return None
        return OnDemand(written, entry.module, "")


def _statements(module: cst.Module, meant: set[tuple[int, str]]) -> Iterator[cst.ImportFrom]:
    for line in module.body:
        node = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
        if isinstance(node, cst.ImportFrom) and (len(node.relative), dotted(node.module)) in meant:
            yield node


def _written(entry: OnDemand) -> str:
    """The statement that imports it where it is needed."""
    if entry.attribute:
        renamed = "" if entry.attribute == entry.name else f" as {entry.name}"
        return f"from {entry.module} import {entry.attribute}{renamed}"
    package, _, name = entry.module.rpartition(".")
    return f"from {package or '.'} import {name}" + ("" if name == entry.name else f" as {entry.name}")
