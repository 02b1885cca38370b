"""Parameters that became keyword-only while callers still pass them by place: they take both again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.calling.callers import argument_name
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Kind
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.reshape import Slot, arranged, slots, valid
from grace_tui.healing.repair.operators.target import Target, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class KeywordOnly:
    name: str = "keyword_only"
    problem: str = "too_many_positionals"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        current = slots(target.function)
        keyword_only = [slot for slot in current if slot.kind is Kind.KEYWORD_ONLY]
        more = int(site.asked[0]) if site.asked else 1
        if len(keyword_only) < more:
            known = f"{len(keyword_only)} keyword-only parameters" if keyword_only else "no keyword-only parameter"
            return Refused(self.name, f"{plain(site.qualname)} has {known}, and {more} more came by place")
        changed = [_by_place(slot) for slot in keyword_only[:more]]
        by_place = [slot for slot in current if slot.kind in BY_PLACE]
        rest = [slot for slot in current if slot.kind not in BY_PLACE and slot not in keyword_only[:more]]
        arrangement = [*by_place, *changed, *rest]
        if not valid(arrangement):
            return Refused(
                self.name,
                f"a keyword-only parameter of {plain(site.qualname)} that has no default follows one that has",
            )
        names = ", ".join(slot.name for slot in changed)
        score, why = _agreement(target, [slot.name for slot in changed], len(by_place) - target.skipped)
        summary = f"{target.found.qualname} takes {names} by place again"
        return [target.patch(self.name, summary, arranged(target.function, arrangement), score, why)]


def _by_place(slot: Slot) -> Slot:
    return replace(slot, kind=Kind.PLAIN)


def _agreement(target: Target, names: Sequence[str], start: int) -> tuple[float, str]:
    texts = target.call.positional[start:] if target.call else ()
    same = [name for name, text in zip(names, texts, strict=False) if argument_name(text) == name]
    if same:
        return 0.8, f"the call passes {', '.join(same)} there"
    return 0.65, f"as many came by place as {target.found.qualname} takes by keyword only"
