"""A method is read as a property, or a property is called, by everybody: it gets or loses its `@property`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import libcst as cst

from grace_tui.healing.repair.diagnose.common import consumers
from grace_tui.healing.repair.members.binding import Mismatch, disagreeing
from grace_tui.healing.repair.members.classes import PROPERTIES
from grace_tui.healing.repair.operators.shapes import last_name
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene

MOST = 4
"""Methods that are proposed for one failure."""


@dataclass(frozen=True, slots=True)
class ReboundMethod:
    name: str = "rebound_method"
    problem: str = "method_or_property"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        if scene.failure is None:
            return Refused(self.name, f"nothing tells how {site.qualname} was used")
        patches: list[Patch] = []
        refused = Refused(self.name, f"{site.qualname} is used as what it is")
        for chosen in islice(disagreeing(scene.failure, scene.index), MOST):
            path = chosen.found.path
            left = consumers(scene.failure, path)
            moved = replace(site, provider=path, qualname=chosen.found.qualname, name="", consumers=left)
            target = target_of(self.name, moved, scene)
            against = _against(chosen)
            if isinstance(target, Refused):
                refused = target
            elif against and not chosen.kin:
                said = f"{moved.qualname} is used as a {chosen.wanted} here, but not by {against}"
                refused = Refused(self.name, said)
            else:
                patches.append(self._patch(target, chosen))
        return ranked(patches)[:MOST] or refused

    def _patch(self, target: Target, chosen: Mismatch) -> Patch:
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
        sure = chosen.told and not _against(chosen)
        score = 0.8 if sure else 0.6 if chosen.told or chosen.kin else 0.45
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
