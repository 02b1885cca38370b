"""In which order a function's parameters may have stood: documentation, kin, and what callers pass by place."""

from collections.abc import Iterator, Sequence

from grace_tui.healing.repair.calling.callers import Call, argument_name
from grace_tui.healing.repair.calling.defaults import docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Parameter
from grace_tui.healing.repair.index import Found, Index


def orders_of(
    index: Index, found: Found, given: Sequence[Parameter], calls: Sequence[Call]
) -> Iterator[tuple[list[str], float, str]]:
    """Other orders of the parameters that are passed by place, with how much and what speaks for each."""
    own = [entry.name for entry in given if entry.kind in BY_PLACE]
    if len(own) < 2:
        return
    listed = [entry.name for entry in docs_of(index, found) if entry.name in own]
    if sorted(listed) == sorted(own) and listed != own:
        yield listed, 0.65, "the docstring lists its parameters in this order"
    for kin in kin_of(index, found):
        names = [entry.name for entry in kin.parameters if entry.kind in BY_PLACE and entry.name in own]
        if sorted(names) == sorted(own) and names != own and kin.relation != "sibling":
            yield names, 0.65, f"{kin} takes them in this order"
    said = [[argument_name(text) for text in call.positional] for call in calls]
    swapped = [names for names in said if len(names) > 1 and set(names) <= set(own) and names != own[: len(names)]]
    agreeing = [names for names in said if names == own[: len(names)] and len(names) > 1]
    if swapped and not agreeing and all(names == swapped[0] for names in swapped):
        order = [*swapped[0], *(name for name in own if name not in swapped[0])]
        yield order, 0.6, f"{len(swapped)} calls pass arguments of these names in this order"
