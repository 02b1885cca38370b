"""Whether anything beside a function's own body knows a name as its parameter: documentation, kin, or a call."""

from collections.abc import Sequence

from grace_tui.healing.repair.calling.callers import Call
from grace_tui.healing.repair.calling.defaults import docs_of
from grace_tui.healing.repair.calling.kin import kin_of
from grace_tui.healing.repair.calling.parameters import BY_PLACE, Parameter
from grace_tui.healing.repair.index import Found, Index


def spoken_of(index: Index, found: Found, given: Sequence[Parameter], calls: Sequence[Call], name: str) -> bool:
    """Tells a parameter that was taken away from a name whose import is missing."""
    most = sum(entry.kind in BY_PLACE for entry in given)
    if any(name in call.keywords or len(call.positional) > most for call in calls):
        return True
    listed = [entry.name for entry in docs_of(index, found)]
    return name in listed or any(name == entry.name for kin in kin_of(index, found) for entry in kin.parameters)
