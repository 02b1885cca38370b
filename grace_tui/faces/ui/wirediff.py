"""Sends only the cells that changed. The only file of the screens that uses private names of Textual.

Textual resends a whole fragment of a line (a *chop*) when one cell of it changed. Here each chop is compared with the
one sent before at the same place, and only the runs that differ go out. Whatever is not a plain update of chops (a new
layout, another screen, a repaint on request) goes out whole and empties the memory of what was sent.

Relied on, in Textual 8.2: `App._display`, `App._batch_count`, `App._running`, `_compositor.ChopsUpdate` (`chops`,
`spans`, `chop_ends`), `_compositor.CompositorUpdate`, `Strip._segments`. tests/faces/ui/test_wirediff.py is the
gate of an upgrade.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate
from textual.screen import Screen
from textual.strip import Strip

GAP = 8
"""Cells that are cheaper to send again than to jump over: a jump costs six to eight bytes."""

Sent = dict[int, tuple[tuple[int, ...], dict[int, Sequence[Segment]]]]
"""By line: where its chops begin, and the segments sent last for each."""
Run = tuple[int, list[Segment]]
"""First column and what to write there."""


def differing(old: str, new: str) -> Iterator[tuple[int, int]]:
    """Runs in which two equally long strings of single-width characters differ; runs with a small gap are one."""
    start = end = -1
    for index, (before, now) in enumerate(zip(old, new, strict=True)):
        if before == now:
            continue
        if start >= 0 and index - end > GAP:
            yield start, end
            start = index
        elif start < 0:
            start = index
        end = index + 1
    if start >= 0:
        yield start, end


def changed_runs(old: Sequence[Segment], new: Sequence[Segment]) -> list[Run] | None:
    """What to write, relative to the chop's first column; None where cells cannot be matched and all must be sent."""
    if len(old) != len(new):
        return None
    runs: list[Run] = []
    end = -1  # the column after the last run
    column = 0
    for before, now in zip(old, new, strict=True):
        length = len(now.text)
        if len(before.text) != length or not (_single_width(before.text) and _single_width(now.text)):
            return None
        pieces = differing(before.text, now.text) if _same(before.style, now.style) else iter(((0, length),))
        for first, last in pieces:
            segment = Segment(now.text[first:last], now.style)
            if runs and end == column + first:
                runs[-1][1].append(segment)
            else:
                runs.append((column + first, [segment]))
            end = column + last
        column += length
    return runs


def _same(one: Style | None, other: Style | None) -> bool:
    return one is other or one == other


def _single_width(text: str) -> bool:
    return text.isascii() or cell_len(text) == len(text)


class DiffUpdate(CompositorUpdate):
    """An update of chops that writes only what differs from `sent`, and remembers what it wrote."""

    def __init__(self, update: ChopsUpdate, sent: Sent) -> None:
        self.update, self.sent = update, sent

    def render_segments(self, console: Console) -> str:
        out: list[str] = []
        for y, x1, x2 in self.update.spans:
            line = self.update.chops[y]
            begins = tuple(line)
            known = self.sent.get(y)
            # Other beginnings mean another layout of this line: what was remembered of it says nothing any more.
            if known is None or known[0] != begins:
                known = self.sent[y] = (begins, {})
            for end, (x, strip) in zip(self.update.chop_ends[y], line.items(), strict=False):
                if strip is not None and x <= x2 and end > x1:
                    self._write(out, console, x, y, strip, known[1])
        return "".join(out)

    def _write(
        self, out: list[str], console: Console, x: int, y: int, strip: Strip, sent: dict[int, Sequence[Segment]]
    ) -> None:
        new = strip._segments
        old = sent.get(x)
        sent[x] = new
        if old is new:
            return
        runs = None if old is None else changed_runs(old, new)
        for column, segments in [(0, new)] if runs is None else runs:
            out.append(f"\x1b[{y + 1};{x + column + 1}H")
            out.append(Strip(segments).render(console))


class DiffWire:
    """Mixed into an App before App."""

    _sent: Sent | None = None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if self._sent is None:
            self._sent = {}
        app: Any = self
        if isinstance(renderable, ChopsUpdate) and not app._batch_count and app._running:
            super()._display(screen, DiffUpdate(renderable, self._sent))  # type: ignore[misc]
            return
        if renderable is not None:
            self._sent.clear()
        super()._display(screen, renderable)  # type: ignore[misc]
