"""A list keeps the eye where it was while items come and go."""

from dataclasses import replace

import msgspec
import pytest

from grace_tui.faces.ui.lines.feed import incident_lines
from grace_tui.faces.ui.lines.listing import Drawn, ListState, anchored_top, clamped_top, item_at, list_lines, top_for
from grace_tui.faces.views import IncidentView
from tests.faces.ui.sample import LOG_INCIDENT, RESOLVED
from tests.faces.ui.support import PAINT, is_picture, texts


def closed(count: int) -> tuple[IncidentView, ...]:
    return tuple(msgspec.structs.replace(RESOLVED, id=f"i-{index}", kernel=f"k{index}") for index in range(count))


def feed(count: int, **changes: object) -> ListState[IncidentView]:
    return replace(ListState("incidents", items=closed(count), empty="no incidents"), **changes)  # type: ignore[arg-type]


def drawn() -> Drawn[IncidentView]:
    return Drawn(incident_lines)


@pytest.mark.parametrize(("wide", "high"), [(40, 10), (40, 3), (5, 4), (2, 2), (1, 1)])
@pytest.mark.parametrize("count", [0, 1, 40])
def test_list_fills_its_box(wide: int, high: int, count: int) -> None:
    assert is_picture(list_lines(feed(count), wide, high, PAINT, drawn()), wide, high)


def test_list_says_when_it_is_empty() -> None:
    assert "no incidents" in texts(list_lines(feed(0), 30, 5, PAINT, drawn()))[2]


def test_list_says_how_many_are_out_of_sight() -> None:
    lines = texts(list_lines(feed(40, top=3), 30, 12, PAINT, drawn()))
    assert "↑ 3  ↓ 27" in lines[-1]


def test_list_follows_the_selected_item() -> None:
    state = feed(40, selected="i-25", focused=True)
    assert top_for(state, 30, 12, PAINT, drawn()) == 16
    assert top_for(replace(state, top=30), 30, 12, PAINT, drawn()) == 25


def test_list_scroll_stays_within_what_there_is() -> None:
    assert clamped_top(feed(40, top=999), 30, 12, PAINT, drawn()) == 30
    assert clamped_top(feed(2, top=9), 30, 12, PAINT, drawn()) == 0


def test_a_new_item_on_top_does_not_move_what_is_being_read() -> None:
    old = feed(40, top=7)
    new = replace(old, items=(LOG_INCIDENT, *old.items))
    lines = drawn()
    added = len(incident_lines(LOG_INCIDENT, 36, PAINT.room))
    assert anchored_top(old, new, 40, PAINT, lines) == 7 + added


def test_a_new_item_is_seen_at_once_by_who_reads_the_top() -> None:
    old = feed(40)
    assert anchored_top(old, replace(old, items=(LOG_INCIDENT, *old.items)), 40, PAINT, drawn()) == 0


def test_list_knows_what_was_clicked() -> None:
    assert item_at(feed(40, top=5), 1, 30, 12, PAINT, drawn()) == "i-5"
    assert item_at(feed(1), 6, 30, 12, PAINT, drawn()) == ""


def test_only_items_that_changed_are_drawn_again() -> None:
    lines, state = drawn(), feed(3)
    list_lines(state, 30, 12, PAINT, lines)
    before = dict(lines.lines)
    list_lines(replace(state, items=(state.items[0], LOG_INCIDENT)), 30, 12, PAINT, lines)
    assert all(lines.lines[key] is entry for key, entry in before.items())
