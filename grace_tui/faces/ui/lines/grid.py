"""The kernel grid as lines: which tiles stand where, which rows are in sight, what the frame says about the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Inks, Paint
from grace_tui.faces.ui.draw.line import Line, blank, line_of, to_height
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.layout import COLUMN_GAP, Tiles, tiles_for
from grace_tui.faces.ui.lines.tiles import name_width, tile_lines
from grace_tui.faces.views import KernelView

LEAST_WITH_HINT = 4
"""Lines from which a grid without a frame spends one on what is out of sight."""


@dataclass(frozen=True, slots=True)
class GridState:
    """What the grid shows and where the eye is."""

    kernels: tuple[KernelView, ...] = ()
    """Those that pass the filter, in boot order."""
    total: int = 0
    query: str = ""
    selected: str = ""
    chosen: bool = False
    """Whether a person selected it; until then it is the first that is down, or the first."""
    top: int = 0
    """First row of tiles in sight."""
    focused: bool = False
    boxed: bool = True
    boot_order: bool = False
    """Whether the order of boot is kept also where not all are in sight; failures come first otherwise."""


@dataclass(slots=True)
class TileCache:
    """Tiles drawn before, by kernel: most kernels say the same from one view to the next."""

    tiles: dict[tuple[object, ...], tuple[KernelView, Inks, list[Line]]] = field(default_factory=dict)

    def lines(self, kernel: KernelView, width: int, lines: int, inks: Inks, chosen: str, names: int) -> list[Line]:
        key = (kernel.name, width, lines, chosen, names)
        known = self.tiles.get(key)
        if known is not None and known[0] == kernel and known[1] is inks:
            return known[2]
        gutter = ("▌", inks.accent) if chosen else None
        drawn = tile_lines(kernel, width, lines, inks, gutter=gutter, names=names)
        if len(self.tiles) > 512:
            self.tiles.clear()
        self.tiles[key] = (kernel, inks, drawn)
        return drawn


def _inner(state: GridState, width: int, height: int) -> tuple[int, int]:
    """Without a box the kernels need no heading either; a last line tells what is out of sight, if anything is."""
    if state.boxed:
        return inner_size(width, height, boxed=True)
    count = len(state.kernels)
    return width, height - (height >= LEAST_WITH_HINT and tiles_for(width, height, count).height > height)


def tiles_in(state: GridState, width: int, height: int) -> Tiles:
    inner_width, inner_height = _inner(state, width, height)
    return tiles_for(inner_width, inner_height, len(state.kernels))


def ordered(state: GridState, width: int, height: int) -> tuple[KernelView, ...]:
    """Boot order where all fit, so that nothing moves; failures first where some would be out of sight."""
    inner_height = _inner(state, width, height)[1]
    if state.boot_order or tiles_in(state, width, height).height <= inner_height:
        return state.kernels
    return tuple(sorted(state.kernels, key=lambda kernel: _urgency(kernel.state)))


def first_to_see(kernels: Sequence[KernelView]) -> str:
    """Name of the first that is down, or of the first."""
    down = [kernel.name for kernel in kernels if kernel.state in marks.DOWN]
    return down[0] if down else kernels[0].name if kernels else ""


def next_down(kernels: Sequence[KernelView], selected: str, by: int) -> str:
    """Name of the next that is down after (`by` 1) or before (-1) the selected, round and round; empty if none is."""
    down = [kernel.name for kernel in kernels if kernel.state in marks.DOWN]
    if not down:
        return ""
    if selected in down:
        return down[(down.index(selected) + by) % len(down)]
    at = next((index for index, kernel in enumerate(kernels) if kernel.name == selected), 0)
    before = sum(kernel.state in marks.DOWN for kernel in kernels[:at])
    return down[(before if by > 0 else before - 1) % len(down)]


def _urgency(state: str) -> int:
    return 0 if state in marks.DOWN else {"running": 2, "completed": 3}.get(state, 1)


def rows_in_sight(state: GridState, width: int, height: int) -> int:
    tiles = tiles_in(state, width, height)
    inner_height = _inner(state, width, height)[1]
    return max(1, (inner_height + tiles.gap) // (tiles.lines + tiles.gap))


def clamped_top(state: GridState, width: int, height: int) -> int:
    """The first row in sight, kept where there are rows."""
    return max(0, min(state.top, tiles_in(state, width, height).rows - rows_in_sight(state, width, height)))


def top_for(state: GridState, width: int, height: int) -> int:
    """The first row to show so that the selected kernel is in sight, as near as possible to where it was."""
    sight = rows_in_sight(state, width, height)
    # Until a person selects, the first kernels are shown, and further ones only as far as the selected one is.
    top = clamped_top(state, width, height) if state.chosen else 0
    row = row_of(state, width, height)
    return top if row is None else row if row < top else max(top, row - sight + 1)


def row_of(state: GridState, width: int, height: int) -> int | None:
    """The row of tiles the selected kernel stands in."""
    places = enumerate(ordered(state, width, height))
    index = next((index for index, kernel in places if kernel.name == state.selected), None)
    return None if index is None else index // tiles_in(state, width, height).columns


def anchored_top(old: GridState, new: GridState, width: int, height: int) -> int:
    """Where to be in `new` so that the selected kernel stays where it is on the screen; the top stays the top."""
    before, after = row_of(old, width, height), row_of(new, width, height)
    in_sight = before is not None and 0 <= before - old.top < rows_in_sight(old, width, height)
    if not old.top or not in_sight or before is None or after is None:
        return old.top
    return max(0, old.top + after - before)


def kernel_at(state: GridState, x: int, y: int, width: int, height: int) -> str:
    """Name of the kernel drawn at a cell of the pane; empty between tiles."""
    inner_width, inner_height = _inner(state, width, height)
    edge_x, edge_y = (width - inner_width) // 2, 1 if inner_height < height else 0
    column_x, row_y = x - edge_x, y - edge_y
    tiles = tiles_in(state, width, height)
    if not (0 <= column_x < inner_width and 0 <= row_y < inner_height):
        return ""
    row, line = divmod(row_y, tiles.lines + tiles.gap)
    column = min(column_x // max(1, _tile_width(inner_width, tiles) + COLUMN_GAP), tiles.columns - 1)
    index = (state.top + row) * tiles.columns + column
    kernels = ordered(state, width, height)
    return kernels[index].name if line < tiles.lines and index < len(kernels) else ""


def grid_lines(state: GridState, width: int, height: int, paint: Paint, cache: TileCache) -> list[Line]:
    """The whole pane: `height` lines of `width` cells."""
    inner_width, inner_height = _inner(state, width, height)
    tiles = tiles_in(state, width, height)
    kernels = ordered(state, width, height)
    body: list[Line] = []
    names = max((name_width(kernel) for kernel in kernels), default=8)
    for row in range(state.top, tiles.rows):
        if len(body) >= inner_height:
            break
        body += _row_lines(
            kernels[row * tiles.columns :][: tiles.columns], tiles, inner_width, state, paint, cache, names
        )
        body += [blank(inner_width, paint.room.text)] * tiles.gap
    if not kernels:
        body = _empty(state, inner_width, paint)
    frame = _frame(state, kernels, tiles, rows_in_sight(state, width, height))
    if state.boxed:
        return framed(frame, body, width, height, paint)
    lines = to_height(body, width, inner_height, paint.room.text)
    hint = [(f" {frame.alarm}  " if frame.alarm else " ", paint.room.strong_bad), (frame.more, paint.room.muted)]
    return [*lines, line_of(hint, width, paint.room.text)][:height]


def _tile_width(width: int, tiles: Tiles) -> int:
    return (width - COLUMN_GAP * (tiles.columns - 1)) // tiles.columns


def _row_lines(
    kernels: Sequence[KernelView],
    tiles: Tiles,
    width: int,
    state: GridState,
    paint: Paint,
    cache: TileCache,
    names: int,
) -> list[Line]:
    wide = _tile_width(width, tiles)
    drawn = []
    for kernel in kernels:
        chosen = "" if kernel.name != state.selected else "focus" if state.focused else "rest"
        inks = paint.selected if chosen == "focus" else paint.room
        drawn.append(cache.lines(kernel, wide, tiles.lines, inks, chosen, names))
    gap = blank(COLUMN_GAP, paint.room.text)
    lines: list[Line] = []
    for y in range(tiles.lines):
        pieces: list[Line] = []
        for index, tile in enumerate(drawn):
            pieces += [gap, tile[y]] if index else [tile[y]]
        used = len(drawn) * wide + (len(drawn) - 1) * COLUMN_GAP
        pieces.append(blank(width - used, paint.room.text))
        lines.append(tuple(segment for piece in pieces for segment in piece))
    return lines


def _empty(state: GridState, width: int, paint: Paint) -> list[Line]:
    text = f"no kernel passes {shown(state.query)!r}; Esc shows all" if state.query else "no kernels yet"
    return [line_of([(text, paint.room.muted)], width, paint.room.text)]


def _frame(state: GridState, kernels: Sequence[KernelView], tiles: Tiles, rows: int) -> Frame:
    """What is said around the tiles: the filter, which of all kernels are in sight, and failures that are not."""
    first, end = state.top * tiles.columns, min(len(kernels), (state.top + rows) * tiles.columns)
    note = f"/{shown(state.query)}  {len(kernels)} of {state.total}" if state.query else ""
    if first == 0 and end == len(kernels):
        return Frame("kernels", note=note, focused=state.focused)
    places = ((_down(kernels[:first]), "above"), (_down(kernels[end:]), "below"))
    alarm = ", ".join(f"{count} {where}" for count, where in places if count)
    order = "boot order" if state.boot_order else "failures first"
    return Frame(
        "kernels",
        note=note or order,
        more=f"{first + 1}-{end} of {len(kernels)}",
        alarm=f"✖ {alarm}" if alarm else "",
        focused=state.focused,
    )


def _down(kernels: Sequence[KernelView]) -> int:
    return sum(kernel.state in marks.DOWN for kernel in kernels)
