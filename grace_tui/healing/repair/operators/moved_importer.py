"""A file was moved and its relative imports mean other modules now: a module where they look that is the real one.

Where it is allowed, just those import lines are rewritten instead, and no stand-in is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.standing import stand_in
from grace_tui.healing.repair.imports.whereabouts import Wanted, all_hold_elsewhere, whereabouts
from grace_tui.healing.repair.operators.moved_module import PROBLEM, aliases, is_tied, relative
from grace_tui.healing.repair.operators.shapes import dotted
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class MovedImporter:
    name: str = "moved_importer"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        wanted = scene.imports.wanted(site.qualname)
        if not relative(wanted):
            return Refused(self.name, f"{site.qualname} is not asked for by a relative import")
        patches = aliases(self.name, site, wanted, scene)
        if not isinstance(patches, Refused) and (every := _every(patches[0], wanted, scene)) is not None:
            patches = [every, *patches]
        rewritten = (
            _rewritten(self.name, site, wanted, scene)
            if scene.allowed.rewrite_moved and was_moved(wanted, scene)
            else None
        )
        if rewritten is None:
            return patches
        return [rewritten] if isinstance(patches, Refused) else [rewritten, *patches]


@dataclass(frozen=True, slots=True)
class ClimbedOut:
    """A relative import that climbs out of the top package: no module can stand where it looks."""

    name: str = "climbed_out"
    problem: str = "climbed_out"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        if not scene.allowed.rewrite_moved:
            return Refused(
                self.name,
                f"{site.provider} looks above its top package, where nothing can be put; its own import lines would "
                "have to change, which is allowed with --rewrite-moved",
            )
        demand = next((entry for entry in scene.imports.demands.of(site.provider) if _at(entry, scene)), None)
        if demand is None:
            return Refused(self.name, f"no relative import of {site.provider} stands at the failing line")
        wanted = Wanted(demand.written, demand.written, site.provider, demand.names, demand)
        patch = _rewritten(self.name, site, wanted, scene)
        return [patch] if patch else Refused(self.name, f"nothing in the tree is what {demand.written} could mean")


def _every(first: Patch, wanted: Wanted, scene: Scene) -> Patch | None:
    """The first patch with stand-ins for all that the file asks for in vain; None where that is all there is."""
    view = scene.imports
    if first.ambiguous:
        return None
    edits = {edit.path: edit for edit in first.edits}
    for demand in view.demands.of(wanted.importer):
        lost = demand.level and demand.module and demand.at_import and not view.layout.has(demand.module)
        if not lost or demand.module.startswith(wanted.missing):
            continue
        other = Wanted(demand.module, view.layout.first_missing(demand.module), wanted.importer, demand.names, demand)
        found = whereabouts(other, view)
        if not found or is_tied(found):
            continue
        more = stand_in(other, found[0].module, view)
        if not isinstance(more, str):
            edits.update((edit.path, edit) for edit in more)
    if len(edits) == len(first.edits):
        return None
    summary = f"{wanted.importer} finds all that it imports"
    return replace(first, edits=tuple(edits.values()), summary=summary, score=round(first.score + 0.01, 2))


def was_moved(wanted: Wanted, scene: Scene) -> bool:
    """True where it is the importing file that moved: history says so, or all its imports hold from one other place."""
    if scene.history.moved(wanted.importer):
        return True
    here = scene.imports.layout.package_of(wanted.importer)
    return all_hold_elsewhere(wanted.importer, ".".join(here), scene.imports)


def _at(demand: Demand, scene: Scene) -> bool:
    lines = [frame.line for frame in scene.failure.frames if frame.file == demand.path] if scene.failure else []
    return demand.level > 0 and demand.line in lines


def _rewritten(operator: str, site: Site, wanted: Wanted, scene: Scene) -> Patch | None:
    """The importing file with every relative import that names nothing pointed at what it means."""
    view = scene.imports
    places: dict[tuple[int, str], str] = {}
    for demand in view.demands.of(wanted.importer):
        if demand.level and not (demand.module and view.layout.has(demand.module)):
            lost = Wanted(demand.module or demand.written, demand.module, wanted.importer, demand.names, demand)
            found = whereabouts(lost, view)
            if found:
                places[demand.level, demand.written] = found[0].module
    if wanted.demand is None or (wanted.demand.level, wanted.demand.written) not in places:
        return None
    before = scene.tree.read(wanted.importer)
    after = cst.parse_module(before).visit(_Pointer(places))
    edit = FileEdit(wanted.importer, before, after.code)
    consumers = tuple(path for path in site.consumers if path != wanted.importer)
    whose = replace(site, provider=wanted.importer, consumers=consumers)
    says = "rewriting the imports of a moved file is allowed"
    return Patch(operator, whose, f"{wanted.importer} imports from where it means", (edit,), 0.75, (says,))


class _Pointer(cst.CSTTransformer):
    def __init__(self, places: dict[tuple[int, str], str]) -> None:
        super().__init__()
        self.places = places

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
        real = self.places.get((len(original_node.relative), dotted(original_node.module)))
        if real is None or not original_node.relative:
            return updated_node
        module = cst.ensure_type(cst.parse_expression(real), cst.Name if "." not in real else cst.Attribute)
        return updated_node.with_changes(relative=(), module=module)
