"""A list of items of different heights, of which only those in sight are drawn. Feed and queue are such."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.inks import Inks, Paint
from grace_tui.faces.ui.draw.line import Line, Piece, blank, line_of


class Listed(Protocol):
    @property
    def id(self) -> str: ...


Item = TypeVar("Item", bound=Listed)
Draw = Callable[..., list[Line]]
"""(item, width, inks, *, gutter: Piece | None, roomy: bool) -> its lines."""
ROOMY = 12
"""Inner height from which items may spend lines on more than the needful."""


@dataclass(frozen=True, slots=True)
class ListState(Generic[Item]):
    title: str
    items: tuple[Item, ...] = ()
    selected: str = ""
    top: int = 0
    """First line in sight."""
    focused: bool = False
    boxed: bool = True
    roomy: bool = False
    alarming: bool = False
    note: str = ""
    empty: str = ""
    """Said when there are no items."""


@dataclass(slots=True)
class Drawn(Generic[Item]):
    """What was drawn before, by item: an unchanged item is never drawn twice."""

    draw: Draw
    lines: dict[tuple[str, int, bool, str], tuple[Item, Inks, list[Line]]] = field(default_factory=dict)

    def of(self, item: Item, width: int, inks: Inks, roomy: bool, chosen: str = "") -> list[Line]:
        key = (item.id, width, roomy, chosen)
        known = self.lines.get(key)
        if known is not None and known[0] == item and known[1] is inks:
            return known[2]
        gutter: Piece | None = ("▌", inks.accent) if chosen else None
        drawn = self.draw(item, width, inks, gutter=gutter, roomy=roomy)
        if len(self.lines) > 4096:
            self.lines.clear()
        self.lines[key] = (item, inks, drawn)
        return drawn


def spans(state: ListState[Item], width: int, paint: Paint, drawn: Drawn[Item]) -> list[tuple[int, int]]:
    """First line and number of lines of every item."""
    found, at = [], 0
    for item in state.items:
        high = len(drawn.of(item, width, paint.room, state.roomy))
        found.append((at, high))
        at += high
    return found


def clamped_top(state: ListState[Item], width: int, height: int, paint: Paint, drawn: Drawn[Item]) -> int:
    """The first line in sight, kept where there are lines."""
    inner_width, inner_height = inner_size(width, height, state.boxed)
    total = sum(high for _, high in spans(state, inner_width, paint, drawn))
    return max(0, min(state.top, total - inner_height))


def top_for(state: ListState[Item], width: int, height: int, paint: Paint, drawn: Drawn[Item]) -> int:
    """The first line to show so that the selected item is in sight, as near as possible to where it was."""
    inner_width, inner_height = inner_size(width, height, state.boxed)
    top = clamped_top(state, width, height, paint, drawn)
    for item, (first, high) in zip(state.items, spans(state, inner_width, paint, drawn), strict=True):
        if item.id == state.selected and state.focused:
            return first if first < top else max(top, min(first, first + high - inner_height))
    return top


def anchored_top(old: ListState[Item], new: ListState[Item], width: int, paint: Paint, drawn: Drawn[Item]) -> int:
    """Where to be in `new` so that the item at the top of `old` stays where it is on the screen."""
    if not old.top:
        return 0
    inner_width = inner_size(width, 9, old.boxed)[0]
    places = zip(old.items, spans(old, inner_width, paint, drawn), strict=True)
    anchor = next(((item.id, old.top - first) for item, (first, high) in places if first + high > old.top), None)
    for item, (first, _) in zip(new.items, spans(new, inner_width, paint, drawn), strict=True):
        if anchor is not None and item.id == anchor[0]:
            return first + anchor[1]
    return old.top


def item_at(state: ListState[Item], y: int, width: int, height: int, paint: Paint, drawn: Drawn[Item]) -> str:
    """Identifier of the item drawn at a line of the pane; empty below the last."""
    inner_width, inner_height = inner_size(width, height, state.boxed)
    line = y - (1 if inner_height < height else 0)
    if not 0 <= line < inner_height:
        return ""
    for item, (first, high) in zip(state.items, spans(state, inner_width, paint, drawn), strict=True):
        if first <= line + state.top < first + high:
            return item.id
    return ""


def list_lines(state: ListState[Item], width: int, height: int, paint: Paint, drawn: Drawn[Item]) -> list[Line]:
    """The whole pane: `height` lines of `width` cells."""
    inner_width, inner_height = inner_size(width, height, state.boxed)
    body: list[Line] = []
    places = spans(state, inner_width, paint, drawn)
    for item, (first, high) in zip(state.items, places, strict=True):
        if first + high <= state.top or first >= state.top + inner_height:
            continue
        chosen = state.focused and item.id == state.selected
        lines = drawn.of(
            item, inner_width, paint.selected if chosen else paint.room, state.roomy, "focus" if chosen else ""
        )
        body += lines[max(0, state.top - first) :]
    if not state.items:
        body = [blank(inner_width, paint.room.text)] * (1 if inner_height > 2 else 0)
        body.append(line_of([(f" {state.empty}", paint.room.muted)], inner_width, paint.room.text))
    frame = Frame(
        state.title,
        note=state.note,
        more=_more(places, state.top, inner_height),
        focused=state.focused,
        alarming=state.alarming,
        boxed=state.boxed,
    )
    return framed(frame, body, width, height, paint)


def _more(places: Sequence[tuple[int, int]], top: int, height: int) -> str:
    above = sum(first < top for first, _ in places)
    below = sum(first + high > top + height for first, high in places)
    return "  ".join(word for word in (f"↑ {above}" if above else "", f"↓ {below}" if below else "") if word)
