"""Where a parameter that was taken away stood: what kin, documentation, calls and the body's order say of its place."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grace_tui.healing.repair.calling.callers import Call, argument_name
from grace_tui.healing.repair.calling.defaults import docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.lost import order_of_use
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Kind, Parameter, parameters_of
from grace_tui.healing.repair.index import Definition, Found, Index


@dataclass(frozen=True, slots=True)
class Place:
    """Behind which parameters of the caller's list it goes: `at` counts those passed by place."""

    kind: Kind
    at: int
    score: float
    why: str


def places_for(index: Index, found: Found, given: Sequence[Parameter], name: str, calls: Sequence[Call]) -> list[Place]:
    """The likely places, the best first; the end of the list is always among them."""
    places = sorted(_said(index, found, given, name, calls), key=lambda place: -place.score)
    seen = [(place.kind, place.at) for place in places]
    return [place for at, place in enumerate(places) if seen[at] not in seen[:at]]


def _said(index: Index, found: Found, given: Sequence[Parameter], name: str, calls: Sequence[Call]) -> Iterator[Place]:
    by_place = [entry.name for entry in given if entry.kind in BY_PLACE]
    for kin in kin_of(index, found):
        kinds = {entry.name: entry.kind for entry in kin.parameters}
        if name in kinds:
            kind = Kind.KEYWORD_ONLY if kinds[name] is Kind.KEYWORD_ONLY else Kind.PLAIN
            at = _between([entry.name for entry in kin.parameters], by_place, name)
            yield Place(kind, at, 0.75, f"{kin} has {name} there")
    listed = [entry.name for entry in docs_of(index, found)]
    if name in listed and set(listed) & set(by_place):
        yield Place(Kind.PLAIN, _between(listed, by_place, name), 0.7, f"the docstring lists {name} there")
    for call in calls:
        for at, text in enumerate(call.positional):
            if argument_name(text) == name and at <= len(by_place):
                yield Place(Kind.PLAIN, at, 0.65, f"{call.path}:{call.line} passes {name} there")
    yield from _by_neighbours(index, found, by_place, name)
    yield from _by_use(found.node, by_place, name)
    optional = [at for at, entry in enumerate(given) if entry.kind in BY_PLACE and entry.default is not None]
    if optional:
        yield Place(Kind.PLAIN, optional[0], 0.38, "what must be passed stands before what need not")
    kinds_there = {entry.kind for entry in given}
    more = any(len(call.positional) > len(by_place) for call in calls)
    keyword_only = Kind.ARGS in kinds_there or (Kind.KEYWORD_ONLY in kinds_there and not more)
    yield Place(Kind.KEYWORD_ONLY if keyword_only else Kind.PLAIN, len(by_place), 0.4, "nothing tells its place")


def _by_use(node: Definition, by_place: Sequence[str], name: str) -> Iterator[Place]:
    """Bodies often use their parameters in order, constructors above all."""
    if isinstance(node, ast.ClassDef):
        return
    used = [entry for entry in order_of_use(node) if entry in by_place or entry == name]
    others = [entry for entry in used if entry != name]
    enough = len(others) > 1 or others == list(by_place) != []
    if name in used and enough and others == [entry for entry in by_place if entry in others]:
        score = 0.5 if node.name == "__init__" else 0.35
        yield Place(Kind.PLAIN, _between(used, by_place, name), score, "the body uses its parameters in this order")


def _by_neighbours(index: Index, found: Found, by_place: Sequence[str], name: str) -> Iterator[Place]:
    """Functions of a file that share parameters tend to list them in one order."""
    for entry in index.definitions(found.path):
        if isinstance(entry.node, ast.ClassDef) or entry.node is found.node:
            continue
        listed = [each.name for each in parameters_of(entry.node) if each.kind in BY_PLACE]
        if name in listed and set(listed) & set(by_place) - {"self", "cls"}:
            at = _between(listed, by_place, name)
            yield Place(Kind.PLAIN, at, 0.55, f"{entry.qualname} lists {name} there among the same parameters")


def _between(order: Sequence[str], by_place: Sequence[str], name: str) -> int:
    """Where `name` goes among `by_place`, when `order` lists both: behind the nearest that stands before it."""
    at = list(order).index(name)
    for earlier in reversed(order[:at]):
        if earlier in by_place:
            return list(by_place).index(earlier) + 1
    for later in order[at + 1 :]:
        if later in by_place:
            return list(by_place).index(later)
    return len(by_place)
