"""A package loads its parts and one of these asks back: the re-exports that lead back are imported on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from grace_tui.healing.failure import Frame
from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.graph import chain_to, reached
from grace_tui.healing.repair.imports.layout import INIT, is_test
from grace_tui.healing.repair.operators.lazy import (
    OnDemand,
    from_statement,
    hinder,
    postponed,
    used_names,
    with_entries,
    without_names,
)
from grace_tui.healing.repair.operators.shapes import dotted
from grace_tui.healing.repair.patch import FileEdit, Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

PROBLEM = "import_cycle"


@dataclass(frozen=True, slots=True)
class ImportCycle:
    """Asked of every package in the circle; the one whose own loading is asked back first."""

    name: str = "import_cycle"
    problem: str = PROBLEM

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        circle = frames_of_circle(site, scene)
        hubs = [frame for frame in circle if frame.file.endswith(INIT)]
        hubs.sort(key=lambda frame: frame.file != site.provider)
        reasons = []
        patches: list[Patch] = []
        for frame in hubs:
            outcome = _lazy(frame, site, scene)
            if isinstance(outcome, str):
                reasons.append(f"{frame.file}: {outcome}")
            else:
                patches.append(replace(outcome, score=round(0.7 - 0.05 * len(patches), 2)))
        if not patches:
            told = "; ".join(reasons) or "no package in the circle re-exports what leads back"
            return Refused(self.name, f"{site.qualname} is asked for {site.name} while it loads: {told}")
        return patches


def frames_of_circle(site: Site, scene: Scene) -> list[Frame]:
    """The imports under way between the module that is still loading and the one that asks it, outermost first."""
    frames = [
        frame
        for frame in (scene.failure.frames if scene.failure else ())
        if frame.in_project and frame.function == "<module>" and frame.file in scene.index.names
    ]
    start = next((at for at, frame in enumerate(frames) if frame.file == site.provider), 0)
    return [frame for frame in frames[start:] if not is_test(frame.file)]


def _lazy(frame: Frame, site: Site, scene: Scene) -> Patch | str:
    """The package with its re-exports that lead back to the loading module made on demand."""
    view = scene.imports
    demands = [entry for entry in view.demands.of(frame.file) if entry.at_import and entry.names and not entry.star]
    under_way = [entry for entry in demands if entry.line == frame.line]
    if not under_way:
        return "the import under way is no re-export"
    before = scene.tree.read(frame.file)
    module = cst.parse_module(before)
    if why := hinder(module):
        return why
    hub = view.layout.names[frame.file]
    if _starred_without_all(hub, scene):
        return "others import * from it, and it has no __all__"
    back = [entry for entry in demands if entry in under_way or _leads_back(entry, site.qualname, scene)]
    taken = _taken(hub, module, back, scene)
    if not all(set(entry.bound) <= taken for entry in under_way):
        return "it uses itself what it imports there"
    if asked := _asked_in_circle(frame, taken, site, scene):
        return f"{', '.join(sorted(asked))} would be asked for at once, in the same circle"
    changed, entries, parts = _on_demand(module, back, taken, hub, scene)
    edit = FileEdit(frame.file, before, with_entries(changed, [*entries, *parts]).code)
    names = [entry.name for entry in entries]
    says = f"{hub} imports {', '.join(names)} at once, and that leads back to {site.qualname}"
    whose = replace(site, provider=frame.file, consumers=tuple(path for path in site.consumers if path != frame.file))
    return Patch("import_cycle", whose, f"{hub} imports {', '.join(names)} on demand", (edit,), 0.7, (says,))


def _leads_back(demand: Demand, target: str, scene: Scene) -> bool:
    view = scene.imports
    return any(module != target and chain_to(module, target, view) for module in reached(demand, view)[:1])


def _taken(hub: str, module: cst.Module, demands: Sequence[Demand], scene: Scene) -> frozenset[str]:
    """Names that can wait: not used by the package itself, and not called as one of its modules."""
    used = used_names(module)
    bound = [(name, own) for entry in demands for name, own in zip(entry.names, entry.bound, strict=True)]
    parts = {name for entry in demands if entry.module == hub for name in entry.names}
    layout = scene.imports.layout
    return frozenset(
        own for name, own in bound if own not in used and (not layout.has(f"{hub}.{own}") or own == name in parts)
    )


def _asked_in_circle(frame: Frame, taken: frozenset[str], site: Site, scene: Scene) -> frozenset[str]:
    """Names on demand that the imports under way ask this package for: they would be imported at once."""
    view = scene.imports
    hub = view.layout.names[frame.file]
    asked = set()
    for other in frames_of_circle(site, scene):
        for entry in view.demands.of(other.file):
            if entry.line == other.line and entry.module == hub and other.file != frame.file:
                asked.update(set(entry.names) & taken)
    return frozenset(asked)


def _on_demand(
    module: cst.Module, demands: Sequence[Demand], taken: frozenset[str], hub: str, scene: Scene
) -> tuple[cst.Module, list[OnDemand], list[OnDemand]]:
    """The package without these imports, what it had by them, and the submodules that they made its attributes."""
    meant = {(entry.level, entry.written) for entry in demands}
    split = without_names(module, taken, _statements(module, meant))
    waiting = [node for node in _statements(split, meant) if {entry.name for entry in from_statement(node)} <= taken]
    entries: list[OnDemand] = []
    for node in waiting:
        for entry in from_statement(node):
            is_module = scene.imports.layout.has(f"{hub}.{entry.name}") and set(entry.module) == {"."}
            entries.append(OnDemand(entry.name, f"{entry.module}{entry.attribute}", "") if is_module else entry)
    names = {entry.name for entry in entries} | used_names(module)
    parts = {part for entry in entries if (part := _part(entry, hub)) is not None and part.name not in names}
    return postponed(split, waiting), sorted(set(entries), key=_name), sorted(parts, key=_name)


def _name(entry: OnDemand) -> str:
    return entry.name


def _part(entry: OnDemand, hub: str) -> OnDemand | None:
    """The submodule itself, which was an attribute of the package as long as it was imported at once."""
    written = entry.module.removeprefix(f"{hub}.") if entry.module.startswith(f"{hub}.") else entry.module[1:]
    if not entry.attribute or not written.isidentifier() or entry.module.startswith(".."):
        return None
    return OnDemand(written, entry.module, "")


def _statements(module: cst.Module, meant: set[tuple[int, str]]) -> list[cst.ImportFrom]:
    return [
        node
        for line in module.body
        if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
        for node in line.body
        if isinstance(node, cst.ImportFrom) and (len(node.relative), dotted(node.module)) in meant
    ]


def _starred_without_all(hub: str, scene: Scene) -> bool:
    index = scene.index
    path = scene.imports.layout.files[hub]
    return index.outline(path).exported is None and any(entry.name == "*" for entry in index.importers(hub))
