"""Every pane has its place, and no two share a cell, at any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.ui.layout import Box, plan, tiles_for


def cells(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height)}


@given(st.integers(1, 110), st.integers(1, 45), st.integers(0, 60), st.booleans(), st.integers(0, 9), st.integers(0, 9))
def test_panes_share_no_cell_and_leave_the_screen_nowhere(
    width: int, height: int, kernels: int, banner: bool, incidents: int, tasks: int
) -> None:
    found = plan(width, height, kernels, banner=banner, incidents=incidents, tasks=tasks)
    boxes = [box for box in found if isinstance(box, Box)]
    covered = [cell for box in boxes for cell in cells(box)]
    assert len(covered) == len(set(covered))
    assert all(0 <= x < width and 0 <= y < height for x, y in covered)
    assert len(covered) == width * height


@pytest.mark.parametrize(
    ("width", "height", "columns", "lines"),
    [
        pytest.param(80, 24, 2, 1, id="one-line-a-kernel"),
        pytest.param(120, 40, 3, 2, id="name-and-summary"),
        pytest.param(200, 60, 4, 4, id="with-details"),
    ],
)
def test_twenty_kernels_are_all_in_sight(width: int, height: int, columns: int, lines: int) -> None:
    grid = plan(width, height, 20).grid
    tiles = tiles_for(grid.width - 4, grid.height - 2, 20)
    assert (tiles.columns, tiles.lines) == (columns, lines)
    assert tiles.height <= grid.height - 2


def test_at_80x24_feed_and_queue_share_the_lower_half() -> None:
    found = plan(80, 24, 20)
    assert found.feed.y == found.queue.y == found.grid.y + found.grid.height
    assert found.feed.height == 9


def test_at_40x12_header_and_failures_remain() -> None:
    found = plan(40, 12, 20, incidents=2)
    assert found.header.height == 1
    assert found.grid.height >= 3
    assert found.feed.height >= 5


def test_a_calm_small_screen_gives_all_its_room_to_the_kernels() -> None:
    assert plan(40, 12, 20).grid.height == 10


@given(st.integers(1, 200), st.integers(0, 60), st.integers(0, 80))
def test_tiles_have_a_place_for_every_kernel(width: int, height: int, count: int) -> None:
    tiles = tiles_for(width, height, count)
    assert tiles.rows * tiles.columns >= count
