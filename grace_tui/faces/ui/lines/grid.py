"""The kernel grid as lines: which tiles stand where, which rows are in sight, what the frame says about the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grace_tui.faces.ui.draw import marks
from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Inks, Paint
from grace_tui.faces.ui.draw.line import Line, blank, line_of, to_height
from grace_tui.faces.ui.draw.text import shown, width_of
from grace_tui.faces.ui.layout import COLUMN_GAP, Tiles, tiles_for
from grace_tui.faces.ui.lines.tiles import tile_lines
from grace_tui.faces.views import KernelView


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
    """Without a box the kernels need no heading either: there is nothing else they could be."""
    return inner_size(width, height, boxed=True) if state.boxed else (width, height)


def tiles_in(state: GridState, width: int, height: int) -> Tiles:
    inner_width, inner_height = _inner(state, width, height)
    return tiles_for(inner_width, inner_height, len(state.kernels))


def ordered(state: GridState, width: int, height: int) -> tuple[KernelView, ...]:
    """Boot order where all fit, so that nothing moves; failures first where some would be out of sight."""
    inner_height = _inner(state, width, height)[1]
    if tiles_in(state, width, height).height <= inner_height:
        return state.kernels
    return tuple(sorted(state.kernels, key=lambda kernel: _urgency(kernel.state)))


def first_to_see(kernels: Sequence[KernelView]) -> str:
    """Name of the first that is down, or of the first."""
    down = [kernel.name for kernel in kernels if kernel.state in marks.DOWN]
    return down[0] if down else kernels[0].name if kernels else ""


def _urgency(state: str) -> int:
    return 0 if state in marks.DOWN else 2 if state == "running" else 1


def rows_in_sight(state: GridState, width: int, height: int) -> int:
    tiles = tiles_in(state, width, height)
    inner_height = _inner(state, width, height)[1]
    return max(1, (inner_height + tiles.gap) // (tiles.lines + tiles.gap))


def clamped_top(state: GridState, width: int, height: int) -> int:
    """The first row in sight, kept where there are rows."""
    return max(0, min(state.top, tiles_in(state, width, height).rows - rows_in_sight(state, width, height)))


def top_for(state: GridState, width: int, height: int) -> int:
    """The first row to show so that the selected kernel is in sight, as near as possible to where it was."""
    tiles = tiles_in(state, width, height)
    sight = rows_in_sight(state, width, height)
    top = clamped_top(state, width, height)
    names = [kernel.name for kernel in ordered(state, width, height)]
    if state.selected not in names:
        return top
    row = names.index(state.selected) // tiles.columns
    return row if row < top else max(top, row - sight + 1)


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
    names = max((width_of(shown(kernel.name)) for kernel in kernels), default=8)
    for row in range(state.top, tiles.rows):
        if len(body) >= inner_height:
            break
        body += _row_lines(
            kernels[row * tiles.columns :][: tiles.columns], tiles, inner_width, state, paint, cache, names
        )
        body += [blank(inner_width, paint.room.text)] * tiles.gap
    if not kernels:
        body = _empty(state, inner_width, paint)
    if not state.boxed:
        return to_height(body, width, height, paint.room.text)
    sight = rows_in_sight(state, width, height) * tiles.columns
    frame = _frame(state, kernels, state.top * tiles.columns, sight)
    return framed(frame, body, width, height, paint)


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
    text = f"no kernel's name has {shown(state.query)!r} in it; Esc shows all" if state.query else "no kernels yet"
    return [line_of([(text, paint.room.muted)], width, paint.room.text)]


def _frame(state: GridState, kernels: Sequence[KernelView], first: int, sight: int) -> Frame:
    hidden_above, hidden_below = first, max(0, len(kernels) - first - sight)
    more = []
    if hidden_above:
        more.append(f"↑ {hidden_above}")
    if hidden_below:
        down = sum(kernel.state in marks.DOWN for kernel in kernels[first + sight :])
        more.append(f"↓ {hidden_below}" + (f", ✖ {down} of them" if down else ""))
    note = f"/{shown(state.query)}  {len(kernels)} of {state.total}" if state.query else ""
    return Frame("kernels", note=note, more="  ".join(more), focused=state.focused)
