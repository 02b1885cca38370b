"""Parameters whose order was changed: documentation, kin and what callers pass by place agree on another one.

Nothing in the call itself need be refused then: the failure may show anywhere inside the function.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.calling.ordering import orders_of
from grace_tui.healing.repair.calling.parameters import BY_PLACE
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.reshape import arranged, slots, valid
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class Reordered:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        patches = ranked([patch for patch in self._all(target) if patch is not None], rivals=True)
        if patches:
            return patches
        return Refused(self.name, f"nothing speaks for another order of the parameters of {plain(site.qualname)}")

    def _all(self, target: Target) -> Iterator[Patch | None]:
        for order, score, why in orders_of(target.index, target.found, target.given, target.calls()):
            current = slots(target.function)
            by_place = [slot for slot in current if slot.kind in BY_PLACE]
            fixed, movable = by_place[: target.skipped], by_place[target.skipped :]
            if {slot.kind for slot in movable} != {movable[0].kind}:
                continue
            moved = sorted(movable, key=lambda slot, order=order: order.index(slot.name))  # type: ignore[misc]
            changed = [*fixed, *moved, *(slot for slot in current if slot.kind not in BY_PLACE)]
            if valid(changed):
                summary = f"{target.found.qualname} takes {', '.join(order)} in this order again"
                yield target.patch(self.name, summary, arranged(target.function, changed), score, why)
