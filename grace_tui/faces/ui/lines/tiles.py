"""A kernel as a tile of one, two or four lines. What is down says so in words, in the bad colour."""

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between, line_of
from grace_tui.faces.ui.draw.text import clip, shown, width_of, wrap
from grace_tui.faces.views import KernelView

SPARK = 8


def tile_lines(
    kernel: KernelView, width: int, lines: int, inks: Inks, *, gutter: Piece | None = None, names: int = 22
) -> list[Line]:
    """`lines` lines of `width` cells. `gutter` marks the selected tile; `names` is the width of the longest name."""
    edge = gutter or (" ", inks.text)
    if lines <= 1:
        return [_one(kernel, width, inks, edge, names)]
    tile = [_name_line(kernel, width, inks, edge), _words_line(kernel, width, inks, edge, with_spark=lines == 2)]
    if lines >= 4 and (kernel.state in marks.DOWN or (kernel.error and not _quiet(kernel))):
        tile += _error_lines(kernel, width, inks, edge)
    elif lines >= 4:
        tile += [_spark_line(kernel, width, inks, edge), _facts_line(kernel, width, inks, edge)]
    tile += [line_of([edge], width, inks.text) for _ in range(lines - len(tile))]
    return tile[:lines]


def status(kernel: KernelView) -> str:
    """Why a kernel is not simply running, in the fewest words: state, age, and what is being done about it."""
    word = marks.mark(marks.KERNEL, kernel.state).word
    if kernel.state == "backing_off" and kernel.next_try is not None:
        word = f"retry in {figures.duration(kernel.next_try)}"
    elif kernel.state in marks.DOWN:
        word = f"{word} {figures.duration(kernel.since)}"
    if kernel.repair:
        return f"{word}, {shown(kernel.repair)}"
    return word


def short_status(kernel: KernelView) -> str:
    """The same in one or two words: what is being done, or else how it stands."""
    return f"⚙ {shown(kernel.repair)}" if kernel.repair else status(kernel)


def _quiet(kernel: KernelView) -> bool:
    return kernel.state == "running" and not kernel.repair


def _words(kernel: KernelView, inks: Inks) -> Piece:
    """The kernel's own words when it runs, its trouble when it does not."""
    if _quiet(kernel):
        return shown(kernel.summary) or figures.rate(kernel.rate) or "idle", inks.muted
    return status(kernel), inks.named(marks.mark(marks.KERNEL, kernel.state).ink)


def _spark(kernel: KernelView, width: int, inks: Inks) -> Piece:
    busy = any(kernel.spark or ())
    return figures.spark(kernel.spark or (), width), inks.work if busy else inks.line


def _name(kernel: KernelView, inks: Inks) -> list[Piece]:
    mark = marks.mark(marks.KERNEL, kernel.state)
    name = inks.strong_bad if kernel.state in marks.DOWN else inks.text
    return [(f"{mark.glyph} ", inks.named(mark.ink)), (shown(kernel.name), name)]


def _one(kernel: KernelView, width: int, inks: Inks, edge: Piece, names: int) -> Line:
    words, style = _words(kernel, inks)
    column = min(names, 22) if width >= 36 else min(names, max(8, width // 2))
    name = _name(kernel, inks)
    name[1] = (clip(name[1][0], column), name[1][1])
    left: list[Piece] = [edge, *name, (" " * (column - width_of(name[1][0]) + 1), inks.text)]
    spare = width - column - 4
    if not _quiet(kernel):
        words = words if width_of(words) <= spare else short_status(kernel)
        return line_of([*left, (words, style)], width, inks.text)
    if spare >= 13:
        bars = min(SPARK, spare - 8)
        words = clip(words, spare - bars - 1)
        return line_between([*left, (words, style)], [_spark(kernel, bars, inks)], width, inks.text)
    return line_of([*left, (words, style)], width, inks.text)


def _name_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    return line_of([edge, *_name(kernel, inks)], width, inks.text)


def _words_line(kernel: KernelView, width: int, inks: Inks, edge: Piece, *, with_spark: bool) -> Line:
    words, style = _words(kernel, inks)
    left = [edge, ("  ", inks.text)]
    if not _quiet(kernel):
        return line_of([*left, (words, style)], width, inks.text)
    if with_spark and width >= SPARK + 12:
        words = clip(words, width - SPARK - 4)
        return line_between([*left, (words, style)], [_spark(kernel, SPARK, inks)], width, inks.text)
    right = [] if with_spark or not figures.rate(kernel.rate) else [(figures.rate(kernel.rate), inks.muted)]
    if right and words == right[0][0]:
        right = []
    return line_between([*left, (words, style)], right, width, inks.text)


def _spark_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    """The work of the last seconds while it runs; why it does not otherwise."""
    left = [edge, ("  ", inks.text)]
    if not _quiet(kernel) and kernel.detail:
        return line_of([*left, (shown(kernel.detail), inks.muted)], width, inks.text)
    return line_of([*left, _spark(kernel, width - 3, inks)], width, inks.text)


def _error_lines(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> list[Line]:
    texts = wrap(shown(kernel.error or kernel.detail), width - 3, 2)
    return [line_of([edge, ("  ", inks.text), (text, inks.text)], width, inks.text) for text in texts]


def _facts_line(kernel: KernelView, width: int, inks: Inks, edge: Piece) -> Line:
    facts = [f"v {shown(kernel.version)[:8]}" if kernel.version else "not loaded"]
    if kernel.restarts:
        facts.append(f"{figures.short(kernel.restarts)} restart{'s' if kernel.restarts != 1 else ''}")
    if kernel.isolation not in ("", "task", None):
        facts.append(shown(kernel.isolation))
    if kernel.critical:
        facts.append("critical")
    return line_of([edge, ("  ", inks.text), (" · ".join(facts), inks.muted)], width, inks.text)
