"""A kernel as a tile of one, two or four lines. What is down says so in words, in the bad colour."""

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import clip, shown, width_of, wrap
from grace_tui.faces.ui.lines.status import host_sign, status, vitals
from grace_tui.faces.views import KernelView

SPARK = 8
LONGEST_NAME = 24
SHORTEST_WORDS = 12
"""Cells of a narrow tile that are not its name: edge, sign, and eight for its words."""
WITH_VITALS = 13
"""Cells after the name from which measurements stand at the right."""


def tile_lines(
    kernel: KernelView, width: int, lines: int, inks: Inks, *, gutter: Piece | None = None, names: int = 22
) -> list[Line]:
    """`lines` lines of `width` cells. `gutter` marks the selected tile; `names` is the width of the longest name."""
    edge = gutter or (" ", inks.text)
    if lines <= 1:
        return [_one(kernel, width, inks, edge, names)]
    tile = [_name_line(kernel, width, inks, edge), _words_line(kernel, width, inks, edge, alone=lines == 2)]
    if lines >= 4 and (kernel.state in marks.DOWN or (kernel.error and not _quiet(kernel))):
        tile += _error_lines(kernel, width, inks, edge)
    elif lines >= 4:
        tile += [_spark_line(kernel, width, inks, edge), _facts_line(kernel, width, inks, edge)]
    tile += [line_of([edge], width, inks.text) for _ in range(lines - len(tile))]
    return tile[:lines]


def name_width(kernel: KernelView) -> int:
    """Cells of the name and of the sign of its host."""
    return width_of(shown(kernel.name)) + len(host_sign(kernel))


def _quiet(kernel: KernelView) -> bool:
    return kernel.state == "running" and not kernel.repair


def _words(kernel: KernelView, width: int, inks: Inks, *, alone: bool = True) -> Piece:
    """The kernel's own words when it runs, its trouble when it does not."""
    if _quiet(kernel):
        own = shown(kernel.summary) or figures.rate(kernel.rate)
        return own or _process(kernel, width, alone=alone) or "idle", inks.muted
    ink = "muted" if kernel.state == "completed" else _mark(kernel).ink
    return status(kernel, width), inks.named(ink)


def _mark(kernel: KernelView) -> marks.Mark:
    """The failure of another is told more quietly than a failure of its own."""
    mark = marks.mark(marks.KERNEL, kernel.state)
    return mark._replace(ink="warn") if kernel.cause and kernel.state in marks.DOWN else mark


def _process(kernel: KernelView, width: int, *, alone: bool) -> str:
    """Of a program that says nothing: what it uses, and where that stands beside it already, its number."""
    if kernel.vitals is None:
        return ""
    if not alone:
        return f"up {figures.duration(kernel.since)}"
    if width >= WITH_VITALS:
        return f"pid {figures.whole(kernel.vitals.pid)}"
    used = vitals(kernel)
    return used if len(used) <= width else f"{figures.percent(kernel.vitals.cpu_percent):>5}"


def _measured(kernel: KernelView, width: int, inks: Inks) -> Piece:
    """What it did in the last seconds; of a program whose work nobody counts, what it uses."""
    busy = any(kernel.spark or ())
    if not busy and (used := vitals(kernel)) and len(used) <= width + 3:
        return used, inks.muted
    return figures.spark(kernel.spark or (), width), inks.work if busy else inks.line


def _name(kernel: KernelView, width: int, inks: Inks) -> list[Piece]:
    """Sign, name and host in at most `width` cells after the sign."""
    mark = _mark(kernel)
    down, ended = kernel.state in marks.DOWN, kernel.state == "completed"
    host = host_sign(kernel)
    name = inks.named(mark.ink) if down else inks.muted if ended else inks.text
    return [
        (f"{mark.glyph} ", inks.named(mark.ink)),
        (clip(shown(kernel.name), width - len(host)), name),
        (host if width > 8 else "", inks.warn if kernel.moved else inks.muted),
    ]


def _one(kernel: KernelView, width: int, inks: Inks, edge: Piece, names: int) -> Line:
    column = min(names, LONGEST_NAME) if width >= 36 else min(names, max(8, width - SHORTEST_WORDS))
    name = _name(kernel, column, inks)
    used = sum(width_of(text) for text, _ in name[1:])
    left: list[Piece] = [edge, *name, (" " * (column - used + 1), inks.text)]
    spare = width - column - 4
    if not _quiet(kernel):
        return line_of([*left, _words(kernel, spare, inks)], width, inks.text)
    words, style = _words(kernel, spare, inks)
    if spare >= WITH_VITALS:
        right = _measured(kernel, min(SPARK, spare - 8), inks)
        words = clip(words, spare - width_of(right[0]) - 1)
        return line_between([*left, (words, style)], [right], width, inks.text)
    return line_of([*left, (words, style)], width, inks.text)


def _name_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    return line_of([edge, *_name(kernel, width - 3, inks)], width, inks.text)


def _words_line(kernel: KernelView, width: int, inks: Inks, edge: Piece, *, alone: bool) -> Line:
    """`alone`: no lines follow that say more."""
    words, style = _words(kernel, width - 3, inks, alone=alone)
    left = [edge, ("  ", inks.text)]
    if not _quiet(kernel):
        return line_of([*left, (words, style)], width, inks.text)
    if alone and width >= SPARK + 12:
        right = _measured(kernel, SPARK, inks)
        words = clip(words, width - width_of(right[0]) - 4)
        return line_between([*left, (words, style)], [right], width, inks.text)
    rate = figures.rate(kernel.rate)
    shown_rate: list[Piece] = [] if alone or not rate or words == rate else [(rate, inks.muted)]
    return line_between([*left, (words, style)], shown_rate, width, inks.text)


def _spark_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    """The work of the last seconds while it runs; why it does not otherwise."""
    left = [edge, ("  ", inks.text)]
    if not _quiet(kernel) and kernel.detail:
        return line_of([*left, (shown(kernel.detail), inks.muted)], width, inks.text)
    return line_of([*left, _spark(kernel, width - 3, inks)], width, inks.text)


def _spark(kernel: KernelView, width: int, inks: Inks) -> Piece:
    return figures.spark(kernel.spark or (), width), inks.work if any(kernel.spark or ()) else inks.line


def _error_lines(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> list[Line]:
    texts = wrap(shown(kernel.error or kernel.detail), width - 3, 2)
    return [line_of([edge, ("  ", inks.text), (text, inks.text)], width, inks.text) for text in texts]


def _facts_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    left: list[Piece] = [edge, ("  ", inks.text)]
    if kernel.moved:
        why = f"moved to a process: {shown(kernel.moved)}"
        why = why if width_of(why) <= width - 3 else f"moved: {shown(kernel.moved)}"
        left += [(why, inks.warn), ("  ", inks.text)]
    facts = _facts(kernel)
    while len(facts) > 1 and cells(left) + width_of(" · ".join(facts)) > width:
        facts.pop()
    if cells(left) + width_of(facts[0]) <= width or not kernel.moved:
        left.append((" · ".join(facts), inks.muted))
    return line_of(left, width, inks.text)


def _facts(kernel: KernelView) -> list[str]:
    facts = [f"v {shown(kernel.version)[:8]}" if kernel.version else "not loaded"]
    if kernel.vitals is not None:
        used = kernel.vitals
        facts = [f"pid {figures.whole(used.pid)}", figures.percent(used.cpu_percent), figures.size(used.rss_bytes)]
    if kernel.restarts:
        facts.append(f"{figures.short(kernel.restarts)} restart{'s' if kernel.restarts != 1 else ''}")
    if kernel.critical:
        facts.append("critical")
    return facts
