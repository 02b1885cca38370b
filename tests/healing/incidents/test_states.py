"""Which state of an incident may follow which."""

import pytest

from grace_tui.healing.incidents.states import MOVES, IllegalMove, check_move
from grace_tui.kernel.records import IncidentState


@pytest.mark.parametrize("state", MOVES)
def test_every_state_may_keep_and_every_open_one_may_be_resolved(state: IncidentState) -> None:
    check_move("I", state, state)
    if state != "resolved":
        check_move("I", state, "resolved")


@pytest.mark.parametrize(
    ("old", "new"),
    [("resolved", "open"), ("resolved", "in_repair"), ("open", "reopened"), ("suppressed", "in_repair")],
)
def test_a_move_that_does_not_follow_is_refused_with_what_would(old: IncidentState, new: IncidentState) -> None:
    with pytest.raises(IllegalMove, match=f"I is {old}; it may become .*, not {new}"):
        check_move("I", old, new)
