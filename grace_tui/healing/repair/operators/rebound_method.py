"""A method is read as a property, or a property is called, by everybody: it gets or loses its `@property`."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from grace_tui.healing.repair.members.binding import Mismatch, mismatches
from grace_tui.healing.repair.members.classes import PROPERTIES
from grace_tui.healing.repair.operators.shapes import last_name
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class ReboundMethod:
    name: str = "rebound_method"
    problem: str = "method_or_property"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        every = list(mismatches(scene.failure, scene.index)) if scene.failure is not None else []
        same = [each for each in every if each.found.path == site.provider and each.found.qualname == site.qualname]
        if not same:
            return Refused(self.name, f"{site.qualname} is used as what it is")
        chosen = same[0]
        against = _against(chosen)
        if against and not chosen.kin:
            return Refused(self.name, f"{site.qualname} is used as a {chosen.wanted} here, but not by {against}")
        return ranked([self._patch(target, chosen, sure="method" in site.asked)])

    def _patch(self, target: Target, chosen: Mismatch, *, sure: bool) -> Patch:
        function = target.function
        if chosen.wanted == "property":
            mark = cst.Decorator(cst.Name("property"))
            changed = function.with_changes(decorators=[mark, *function.decorators])
        else:
            kept = [mark for mark in function.decorators if last_name(mark.decorator) not in PROPERTIES]
            above = function.leading_lines
            changed = function.with_changes(decorators=kept, leading_lines=above)
        said = [f"every use of .{target.node.name} in the tree is that of a {chosen.wanted}"]
        if chosen.kin:
            said = [f"it is a {chosen.wanted} in {', '.join(chosen.kin)}"]
        score = 0.8 if sure and not _against(chosen) else 0.6 if sure or chosen.kin else 0.45
        summary = f"{target.found.qualname} is a {chosen.wanted} again"
        return target.patch(self.name, summary, changed, score, *said)


def _against(chosen: Mismatch) -> str:
    """The first use that speaks against what is wanted; empty where all agree."""
    for use in chosen.uses:
        called = use.how == "called"
        if called != (chosen.wanted == "method") and use.how != "passed":
            return f"{use.path}, line {use.line}"
        if called and (use.positional or use.keywords) and chosen.wanted == "method":
            return f"{use.path}, line {use.line}"
    return ""
