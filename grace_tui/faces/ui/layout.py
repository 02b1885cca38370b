"""Where each pane of the main screen goes, for any size of terminal. Pure.

The splash uses it too, so it has no dataclasses: importing those costs more than painting the first frame."""

from typing import NamedTuple

SHORTEST_TILE = 24
"""Cells a one-line tile wants at least."""
TILE_WIDTHS = {1: 34, 2: 24, 4: 29}
"""Least width of a tile by its number of lines."""


COLUMN_GAP = 1
"""Cells between two tiles; the gutter of the right one is another."""


class Box(NamedTuple):
    x: int
    y: int
    width: int
    height: int


NOWHERE = Box(0, 0, 0, 0)


class Tiles(NamedTuple):
    """How the kernels stand in the grid."""

    columns: int
    lines: int
    gap: int
    """Empty lines between two rows of tiles."""
    rows: int
    """Rows needed for all kernels."""

    @property
    def height(self) -> int:
        return self.rows * (self.lines + self.gap) - self.gap


class Plan(NamedTuple):
    header: Box
    banner: Box
    grid: Box
    feed: Box
    queue: Box
    monitors: Box
    footer: Box
    boxed: bool = True
    """False where lines are too dear for frames."""


def tiles_for(width: int, height: int, count: int) -> Tiles:
    """The roomiest tiles with which all `count` kernels fit in `width` x `height`; else the tightest, which scroll."""
    for lines, gap in ((4, 1), (2, 1), (2, 0), (1, 0)):
        tiles = _tiles(width, lines, gap, count, TILE_WIDTHS[lines])
        if tiles.height <= height:
            return tiles
    return _tiles(width, 1, 0, count, SHORTEST_TILE)


def _tiles(width: int, lines: int, gap: int, count: int, tile_width: int) -> Tiles:
    columns = max(1, min((width + COLUMN_GAP) // (tile_width + COLUMN_GAP), max(1, count), 6))
    rows = max(1, -(-count // columns))
    # The fewest columns with that many rows: wider tiles, and no almost empty last column.
    return Tiles(max(1, -(-count // rows)), lines, gap, rows)


def plan(width: int, height: int, kernels: int, *, banner: bool = False, incidents: int = 0, tasks: int = 0) -> Plan:
    """Boxes for a terminal of `width` x `height`; a pane without room gets an empty box."""
    header = Box(0, 0, width, min(1, height))
    top = 1 + (1 if banner and height >= 4 else 0)
    footer_height = 1 if height >= 8 else 0
    monitors_height = 1 if height >= 18 and width >= 44 else 0
    body = max(0, height - top - footer_height - monitors_height)
    grid, feed, queue, boxed = _panes(width, top, body, kernels, incidents, tasks)
    return Plan(
        header=header,
        banner=Box(0, 1, width, 1) if top == 2 else NOWHERE,
        grid=grid,
        feed=feed,
        queue=queue,
        monitors=Box(0, top + body, width, 1) if monitors_height else NOWHERE,
        footer=Box(0, height - 1, width, 1) if footer_height else NOWHERE,
        boxed=boxed,
    )


def _panes(width: int, top: int, body: int, kernels: int, incidents: int, tasks: int) -> tuple[Box, Box, Box, bool]:
    if width >= 100 and body >= 20:
        return (*_wide(width, top, body, kernels), True)
    if width >= 64 and body >= 15:
        return (*_middle(width, top, body, kernels), True)
    if width >= 30 and body >= 22:
        return (*_tall(width, top, body, kernels), True)
    return (*_small(width, top, body, incidents, tasks), False)


def _wide(width: int, top: int, body: int, kernels: int) -> tuple[Box, Box, Box]:
    """Grid over queue at the left, the feed along the right."""
    side = max(38, min(72, width // 3 - 1))
    left = width - side
    high = _grid_height(left, body, kernels, share=0.68, rest=7)
    return Box(0, top, left, high), Box(left, top, side, body), Box(0, top + high, left, body - high)


def _middle(width: int, top: int, body: int, kernels: int) -> tuple[Box, Box, Box]:
    """The grid across; feed and queue share the lower part."""
    high = _grid_height(width, body, kernels, share=0.6, rest=6)
    half = width // 2
    return (
        Box(0, top, width, high),
        Box(0, top + high, half, body - high),
        Box(half, top + high, width - half, body - high),
    )


def _tall(width: int, top: int, body: int, kernels: int) -> tuple[Box, Box, Box]:
    """Narrow and high: one under the other."""
    high = _grid_height(width, body, kernels, share=0.55, rest=10)
    feed = (body - high + 1) // 2
    return (
        Box(0, top, width, high),
        Box(0, top + high, width, feed),
        Box(0, top + high + feed, width, body - high - feed),
    )


def _small(width: int, top: int, body: int, incidents: int, tasks: int) -> tuple[Box, Box, Box]:
    """Header and failures remain: the grid (failures first), and the open incidents as far as there is room."""
    feed = min(1 + 3 * incidents, body * 3 // 5) if incidents and body >= 5 else 0
    queue = min(1 + tasks, (body - feed) // 3) if tasks and body - feed >= 9 else 0
    high = body - feed - queue
    return (
        Box(0, top, width, high),
        Box(0, top + high, width, feed) if feed else NOWHERE,
        Box(0, top + high + feed, width, queue) if queue else NOWHERE,
    )


def _grid_height(width: int, body: int, kernels: int, *, share: float, rest: int) -> int:
    """Lines of the framed grid: the roomiest tiles within its share, so that at least `rest` lines remain."""
    most = max(3, min(int(body * share), body - rest))
    needed = tiles_for(width - 4, most - 2, kernels).height + 2
    # More kernels than fit: the others keep the least they can live with, however little there is to tell in them.
    return needed if needed <= most else max(most, min(needed, body - rest))
