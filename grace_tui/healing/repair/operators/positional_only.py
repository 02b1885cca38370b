"""Parameters that became positional-only while callers still pass them by keyword: they take both again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.calling.parameters import Kind
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.reshape import arranged, slots
from grace_tui.healing.repair.operators.target import target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class PositionalOnly:
    name: str
    problem: str

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        current = slots(target.function)
        asked = {site.name, *site.asked}
        there = [at for at, slot in enumerate(current) if slot.kind is Kind.POSITIONAL_ONLY and slot.name in asked]
        if not there:
            return Refused(self.name, f"{plain(site.qualname)} has no positional-only parameter {site.name}")
        first = there[0] if there[0] > target.skipped else 0
        changed = [
            replace(slot, kind=Kind.PLAIN) if at >= first and slot.kind is Kind.POSITIONAL_ONLY else slot
            for at, slot in enumerate(current)
        ]
        names = ", ".join(slot.name for slot in current if slot.name in asked)
        summary = f"{target.found.qualname} takes {names} by keyword again"
        why = f"callers pass {names} by keyword"
        return [target.patch(self.name, summary, arranged(target.function, changed), 0.85, why)]
