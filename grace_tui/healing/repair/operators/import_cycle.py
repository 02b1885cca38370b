"""A package loads its parts and one of these asks back: the re-exports that lead back are imported on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.failure import Frame
from grace_tui.healing.repair.imports.demands import Demand
from grace_tui.healing.repair.imports.graph import chain_to, reached
from grace_tui.healing.repair.imports.layout import INIT, is_test
from grace_tui.healing.repair.operators.hub import Hub
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
    hub = Hub(frame.file, scene)
    under_way = [entry for entry in hub.demands if entry.line == frame.line]
    if not under_way:
        return "the import under way is no re-export"
    if hub.looks_itself_up:
        return "it goes through its own names while it loads"
    if _starred_without_all(hub.name, scene):
        return "others import * from it, and it has no __all__"
    back = [entry for entry in hub.demands if entry in under_way or _leads_back(entry, site.qualname, scene)]
    taken = hub.taken(back)
    kept = sorted({own for entry in under_way for _, own in hub.given(entry)} - taken)
    if kept:
        return f"it needs {', '.join(kept)} while it loads"
    if asked := _asked_in_circle(hub, taken, site, scene):
        return f"{', '.join(sorted(asked))} would be asked for at once, in the same circle"
    changed, names = hub.on_demand(back, taken)
    edit = FileEdit(frame.file, scene.tree.read(frame.file), changed.code)
    says = f"{hub.name} imports {', '.join(names)} at once, and that leads back to {site.qualname}"
    whose = replace(site, provider=frame.file, consumers=tuple(path for path in site.consumers if path != frame.file))
    summary = f"{hub.name} imports {', '.join(names)} on demand"
    return Patch("import_cycle", whose, summary, (edit,), 0.7, (says,))


def _leads_back(demand: Demand, target: str, scene: Scene) -> bool:
    view = scene.imports
    return any(module != target and chain_to(module, target, view) for module in reached(demand, view)[:1])


def _asked_in_circle(hub: Hub, taken: frozenset[str], site: Site, scene: Scene) -> frozenset[str]:
    """Names on demand that the imports under way ask for, of a module that is itself under way: no order helps them."""
    view = scene.imports
    circle = frames_of_circle(site, scene)
    loading = {view.layout.names[frame.file] for frame in circle}
    origins = {own: entry.module for entry in hub.demands for _, own in hub.given(entry)}
    asked = {
        name
        for frame in circle
        if frame.file != hub.path
        for entry in view.demands.of(frame.file)
        if entry.line == frame.line and entry.module == hub.name
        for name in entry.names
    }
    return frozenset(name for name in asked & taken if origins.get(name, "") in loading)


def _starred_without_all(hub: str, scene: Scene) -> bool:
    index = scene.index
    path = scene.imports.layout.files[hub]
    return index.outline(path).exported is None and any(entry.name == "*" for entry in index.importers(hub))
