"""A module imports at once what only its functions need, and that leads back to it: they import it when they run."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.scopes import uses
from grace_tui.healing.repair.operators.import_cycle import PROBLEM, frames_of_circle
from grace_tui.healing.repair.operators.local_import import with_local_imports
from grace_tui.healing.repair.operators.shapes import dotted
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class DeferredImport:
    name: str = "deferred_import"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        view = scene.imports
        frame = next((frame for frame in frames_of_circle(site, scene) if frame.file == site.provider), None)
        at = [entry for entry in view.demands.of(site.provider) if frame is not None and entry.line == frame.line]
        if frame is None or len(at) != 1 or not at[0].names or at[0].star or not at[0].at_import:
            return Refused(self.name, f"{site.provider} has no from-import under way that could wait")
        demand = at[0]
        text = scene.tree.read(site.provider)
        used = uses(text)
        names = ", ".join(demand.bound)
        if any(name in used.at_import for name in demand.bound):
            return Refused(self.name, f"{site.qualname} needs {names} while it loads")
        if not all(name in used.in_functions for name in demand.bound):
            return Refused(self.name, f"{site.qualname} does not use {names} itself; others may have it from there")
        others = [name for name in demand.bound if name in view.demands.names_on(site.qualname)]
        if others:
            return Refused(self.name, f"others import {', '.join(others)} from {site.qualname}")
        changed = _deferred(cst.parse_module(text), demand, used.in_functions)
        if changed is None:
            return Refused(self.name, f"line {demand.line} of {site.provider} is not a statement of its own")
        says = f"only functions of {site.qualname} use {names}"
        summary = f"{site.qualname} imports {names} in the functions that use it"
        return [Patch(self.name, site, summary, (FileEdit(site.provider, text, changed.code),), 0.6, (says,))]


def _deferred(module: cst.Module, demand: Demand, users: dict[str, frozenset[str]]) -> cst.Module | None:
    wanted = (demand.level, demand.written, demand.names)
    lines = [line for line in module.body if _is(line, wanted)]
    if len(lines) != 1:
        return None
    at = module.body.index(lines[0])
    body = [*module.body[:at], *module.body[at + 1 :]]
    if at < len(body) and at == 0:
        body[0] = body[0].with_changes(leading_lines=getattr(lines[0], "leading_lines", ()))
    changed = module.with_changes(body=body)
    source = "." * demand.level + demand.written
    for name, bound in reversed(list(zip(demand.names, demand.bound, strict=True))):
        statement = f"from {source} import {name}" + ("" if name == bound else f" as {bound}")
        changed = with_local_imports(changed, users[bound], statement)
    return changed


def _is(line: cst.BaseStatement, wanted: tuple[int, str, tuple[str, ...]]) -> bool:
    node = line.body[0] if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
    if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return False
    names = tuple(entry.evaluated_name for entry in node.names)
    return (len(node.relative), dotted(node.module), names) == wanted
