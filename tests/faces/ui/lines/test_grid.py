"""The grid keeps its places where it can, and brings failures to sight where it cannot."""

from dataclasses import replace

import msgspec
import pytest

from grace_tui.faces.ui.lines.grid import (
    GridState,
    TileCache,
    anchored_top,
    clamped_top,
    first_to_see,
    grid_lines,
    kernel_at,
    next_down,
    ordered,
    top_for,
)
from tests.faces.ui.crowd import CROWD, MIXED
from tests.faces.ui.sample import ALL, TWO_INCIDENTS
from tests.faces.ui.support import PAINT, is_picture, style_of, texts

STATE = GridState(kernels=TWO_INCIDENTS.kernels, total=20)


@pytest.mark.parametrize(("wide", "high"), [(80, 12), (81, 22), (135, 27), (40, 5), (10, 3), (3, 2), (1, 1)])
def test_grid_fills_its_box(wide: int, high: int) -> None:
    assert is_picture(grid_lines(STATE, wide, high, PAINT, TileCache()), wide, high)


def test_grid_keeps_boot_order_where_all_kernels_fit() -> None:
    assert ordered(STATE, 80, 12) == TWO_INCIDENTS.kernels


def test_grid_puts_failures_first_where_some_would_be_out_of_sight() -> None:
    assert [kernel.name for kernel in ordered(STATE, 40, 5)][:3] == ["coding_agent", "governance", "voice_conversation"]


def test_grid_says_how_many_are_out_of_sight() -> None:
    assert "1-3 of 20" in texts(grid_lines(STATE, 40, 5, PAINT, TileCache()))[-1]


def test_grid_without_a_frame_says_so_in_its_last_line() -> None:
    state = replace(STATE, boxed=False, top=2)
    assert texts(grid_lines(state, 40, 6, PAINT, TileCache()))[-1] == " ✖ 2 above  3-7 of 20"
    assert "of 20" not in texts(grid_lines(state, 40, 3, PAINT, TileCache()))[-1]


def test_grid_tells_loudly_of_failures_out_of_sight() -> None:
    state = replace(STATE, boot_order=True)
    last = grid_lines(state, 40, 5, PAINT, TileCache())[-1]
    assert "✖ 2 below  1-3 of 20" in texts([last])[0]
    assert style_of(last, "✖ 2 below") == PAINT.room.strong_bad


def test_grid_scrolls_just_far_enough_for_the_selected() -> None:
    state = GridState(kernels=ALL, selected=ALL[10].name, chosen=True, boxed=False)
    top = top_for(state, 30, 5)
    assert top == 7
    assert any(ALL[10].name in line for line in texts(grid_lines(replace(state, top=top), 30, 5, PAINT, TileCache())))


def test_grid_scroll_stays_within_what_there_is() -> None:
    assert clamped_top(replace(STATE, top=999, boxed=False), 30, 5) == 16
    assert clamped_top(replace(STATE, top=-4), 30, 5) == 0


@pytest.mark.parametrize(
    ("x", "y", "expected"), [(4, 1, "message_bus"), (60, 2, "coding_agent"), (0, 0, ""), (79, 11, "")]
)
def test_grid_knows_what_was_clicked(x: int, y: int, expected: str) -> None:
    assert kernel_at(STATE, x, y, 80, 12) == expected


def test_grid_says_when_the_filter_hides_everything() -> None:
    lines = texts(grid_lines(GridState(query="zzz", total=20), 60, 4, PAINT, TileCache()))
    assert "/zzz  0 of 20" in lines[0]
    assert "no kernel passes 'zzz'; Esc shows all" in lines[1]


def test_first_to_see_is_the_first_that_is_down() -> None:
    assert (first_to_see(ALL), first_to_see(TWO_INCIDENTS.kernels), first_to_see(())) == (
        "message_bus",
        "coding_agent",
        "",
    )


def test_an_unchanged_tile_is_not_drawn_twice() -> None:
    cache = TileCache()
    first = cache.lines(ALL[0], 30, 2, PAINT.room, "", 22)
    assert cache.lines(ALL[0], 30, 2, PAINT.room, "", 22) is first
    assert cache.lines(ALL[0], 30, 2, PAINT.selected, "", 22) is not first


def test_grid_keeps_boot_order_where_a_person_wants_it() -> None:
    assert ordered(replace(STATE, boot_order=True), 40, 5) == TWO_INCIDENTS.kernels


def test_grid_puts_what_has_completed_last() -> None:
    state = GridState(kernels=MIXED.kernels)
    assert ordered(state, 40, 5)[-1].name == "migrate"


def test_only_kernels_in_sight_are_drawn() -> None:
    cache = TileCache()
    grid_lines(GridState(kernels=CROWD.kernels, total=200), 80, 24, PAINT, cache)
    assert len(cache.tiles) == 66


@pytest.mark.parametrize(
    ("selected", "by", "expected"),
    [
        ("worker-37", 1, "worker-93"),
        ("worker-140", 1, "worker-37"),
        ("worker-37", -1, "worker-140"),
        ("worker-50", 1, "worker-93"),
        ("worker-50", -1, "worker-37"),
        ("worker-150", 1, "worker-37"),
        ("", 1, "worker-37"),
    ],
)
def test_the_next_failing_kernel_is_found_round_and_round(selected: str, by: int, expected: str) -> None:
    assert next_down(CROWD.kernels, selected, by) == expected


def test_where_none_is_failing_none_is_found() -> None:
    assert next_down(ALL, ALL[3].name, 1) == ""


def test_a_failure_elsewhere_does_not_move_what_is_being_read() -> None:
    old = GridState(kernels=ALL, selected=ALL[10].name, chosen=True, top=7, boxed=False)
    new = replace(old, kernels=(*ALL[:-1], msgspec.structs.replace(ALL[-1], state="failed")))
    assert anchored_top(old, new, 30, 5) == 8
    assert anchored_top(replace(old, top=0), new, 30, 5) == 0
