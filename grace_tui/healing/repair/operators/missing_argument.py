"""A parameter that callers do not fill: it gets the default that kin, documentation, its body or its callers tell."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from grace_tui.healing.repair.calling.defaults import Default, defaults_for, docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Kind
from grace_tui.healing.repair.index import plain
from grace_tui.healing.repair.operators.reshape import Slot, arranged, slots, valid, with_default
from grace_tui.healing.repair.operators.target import Target, ranked, target_of
from grace_tui.healing.repair.patch import Patch, Refused, Site
from grace_tui.healing.repair.scene import Scene


@dataclass(frozen=True, slots=True)
class MissingArgument:
    name: str = "missing_argument"
    problem: str = "missing_argument"

    def propose(self, site: Site, scene: Scene) -> Sequence[Patch] | Refused:
        target = target_of(self.name, site, scene)
        if isinstance(target, Refused):
            return target
        missing = [name for name in (site.name, *site.asked) if name in {slot.name for slot in slots(target.function)}]
        if not missing:
            return Refused(self.name, f"{plain(site.qualname)} has no parameter {site.name}")
        patches = ranked([*self._filled(target, missing), *self._strangers(target, missing)])
        if patches:
            return patches[:4]
        return Refused(
            self.name,
            f"nothing tells a default for {', '.join(missing)} of {target.found.qualname}: neither its docstring, its "
            "body, overrides and bases, functions beside it, nor its other callers",
        )

    def _filled(self, target: Target, missing: Sequence[str]) -> Iterator[Patch]:
        """Every missing parameter gets a default where it stands."""
        told = {name: defaults_for(target.index, target.found, name) for name in missing}
        if not all(told.values()):
            return
        for rank in range(max(len(entries) for entries in told.values())):
            chosen = {name: entries[min(rank, len(entries) - 1)] for name, entries in told.items()}
            changed = [_defaulted(slot, chosen.get(slot.name)) for slot in slots(target.function)]
            if not valid(changed):
                changed = _moved_behind(changed, set(missing))
            if valid(changed) and target.heals(changed):
                yield self._patch(target, changed, chosen)

    def _strangers(self, target: Target, missing: Sequence[str]) -> Iterator[Patch]:
        """The parameter that shifted the others: kin and documentation know all the missing ones, but not it."""
        for name, why in _unknown_to_others(target):
            told = defaults_for(target.index, target.found, name)
            if name in missing or not told:
                continue
            chosen = {name: replace(told[0], score=0.7, why=f"{told[0].why}; {why}")}
            changed = _moved_behind(
                [_defaulted(slot, chosen.get(slot.name)) for slot in slots(target.function)], {name}
            )
            if valid(changed):
                yield self._patch(target, changed, chosen)

    def _patch(self, target: Target, changed: list[Slot], chosen: dict[str, Default]) -> Patch:
        said = ", ".join(f"{name}={entry.text}" for name, entry in chosen.items())
        return target.patch(
            self.name,
            f"{target.found.qualname} has the default {said}",
            arranged(target.function, changed),
            min(entry.score for entry in chosen.values()),
            *(entry.why for entry in chosen.values()),
        )


def _defaulted(slot: Slot, default: Default | None) -> Slot:
    return slot if default is None else replace(slot, node=with_default(slot.node, default.text))


def _moved_behind(changed: list[Slot], names: set[str]) -> list[Slot]:
    """Those parameters behind the others that are passed by place; all of them can still be passed by name."""
    movable = [slot for slot in changed if slot.name in names and slot.kind is Kind.PLAIN]
    rest = [slot for slot in changed if slot not in movable]
    at = sum(slot.kind in BY_PLACE for slot in rest)
    return [*rest[:at], *movable, *rest[at:]]


def _used(node: ast.AST, name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node))


def _unknown_to_others(target: Target) -> Iterator[tuple[str, str]]:
    """Parameters that every relative, or a docstring that lists the others, does not have."""
    names = [entry.name for entry in target.given if entry.kind in BY_PLACE]
    listed = {entry.name for entry in docs_of(target.index, target.found)}
    kin = [{entry.name for entry in each.parameters} for each in kin_of(target.index, target.found)]
    for name in names:
        others = set(names) - {name}
        if others and others <= listed and name not in listed:
            yield name, f"the docstring lists every parameter but {name}"
        elif kin and others and all(others <= each and name not in each for each in kin):
            yield name, f"{len(kin)} relatives take the same without {name}"
        elif not _used(target.node, name) and all(_used(target.node, other) for other in others):
            yield name, f"the body uses every parameter but {name}"
