"""What a kernel's page says of it: how it stands and why, its last end, its restarts, its ties, its host."""

from collections.abc import Iterator

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.lines.said import Beside, Said, Saying, fact
from grace_tui.faces.ui.lines.status import budget_left, names
from grace_tui.faces.views import KernelView


def kernel_facts(kernel: KernelView, now: float) -> list[Saying]:
    """`now` is the wall-clock time of the view that `kernel` is from."""
    return [
        *_standing(kernel),
        *fact("because", kernel.detail),
        *fact("error", kernel.error, "bad"),
        *fact("repair", kernel.repair, "accent"),
        *fact("incident", kernel.incident_id, "bad"),
        *_explained(kernel),
        *_last_exit(kernel, now),
        Beside((*_life(kernel), *_ties(kernel)), (*_host(kernel), *_work(kernel))),
    ]


def _standing(kernel: KernelView) -> Iterator[Said]:
    mark = marks.mark(marks.KERNEL, kernel.state)
    age = figures.duration(kernel.since)
    since = f"since {figures.clock_time(kernel.since_at)}, {age}" if kernel.since_at else f"for {age}"
    yield Said(f"{shown(mark.word)} {since}", mark.ink, "state", mark.glyph)


def _explained(kernel: KernelView) -> Iterator[Said]:
    cause = f"{shown(kernel.cause)} failed" if kernel.cause else ""
    where = f"incident {shown(kernel.hidden_by)}" if kernel.hidden_by else ""
    yield from fact("because of", ": ".join(filter(None, (where, cause))), "warn")


def _life(kernel: KernelView) -> Iterator[Said]:
    if kernel.next_try is not None:
        yield Said(f"in {figures.seconds_spent(kernel.next_try)}", "warn", "next try")
    yield from fact("restarts", figures.short(kernel.restarts))
    if kernel.intensity:
        spent = f"{figures.short(kernel.window_restarts)} in the last {figures.window(kernel.period)}"
        yield from fact("failures", f"{spent}, {budget_left(kernel)}", "warn" if kernel.window_restarts else "text")
    yield from fact("policy", ", ".join(filter(None, (shown(kernel.restart), shown(kernel.strategy)))))


def _last_exit(kernel: KernelView, now: float) -> Iterator[Said]:
    last = kernel.last_exit
    if last is None:
        return
    number = figures.whole(last.code)
    # A signal's name says more than its number; a reason that has the number needs no second one.
    code = f" (code {number})" if last.code is not None and last.code > 0 and number not in last.reason else ""
    where = f" in {shown(last.phase)}" if last.phase else ""
    age = figures.duration(figures.between(last.at, now))
    said = f"{shown(last.reason)}{code}{where}, {figures.clock_time(last.at)}, {age} ago"
    # Of a kernel that runs again it is history.
    yield Said(said, "bad" if kernel.state in marks.DOWN else "text", "last exit", "" if last.ok else "✖")


def _ties(kernel: KernelView) -> Iterator[Said]:
    unknown = "nothing" if kernel.version else "unknown until it loads"
    yield from fact("waits for", names(kernel.waits_for), "warn")
    yield from fact("waited by", names(kernel.waited_by), "warn")
    yield from fact("requires", names(kernel.requires) or unknown)
    yield from fact("needed by", names(kernel.needed_by) or "nobody")


def _host(kernel: KernelView) -> Iterator[Said]:
    mark = marks.HOST.get(kernel.isolation)
    moved = f"; moved: {shown(kernel.moved)}" if kernel.moved else ""
    host = f"{shown(kernel.isolation)}{moved}"
    yield Said(host, "warn" if kernel.moved else "text", "runs as", mark.glyph if mark else "")
    if (used := kernel.vitals) is not None:
        tree = "" if used.processes == 1 else f", {figures.short(used.processes)} processes in its tree"
        yield from fact("process", f"pid {figures.whole(used.pid)}{tree}")
        yield from fact("uses", f"cpu {figures.percent(used.cpu_percent)}, rss {figures.size(used.rss_bytes)}")
    held = "once" if kernel.blocks == 1 else f"{figures.short(kernel.blocks)} times"
    yield from fact("held loop", held if kernel.blocks else "", "warn")
    tier = "never paused to shed load" if not kernel.tier or kernel.critical else f"tier {figures.short(kernel.tier)}"
    yield from fact("priority", f"{figures.short(kernel.priority)}{', critical' if kernel.critical else ''}; {tier}")
    yield from fact("file", kernel.path)
    yield from fact("version", kernel.version or "not loaded")


def _work(kernel: KernelView) -> Iterator[Said]:
    rate = figures.rate(kernel.rate)
    done = f"{figures.short(kernel.count)} done{', ' + rate if rate else ''}  {figures.spark(kernel.spark or (), 16)}"
    yield from fact("does", kernel.doc, "muted")
    yield from fact("says", kernel.summary)
    yield from fact("work", done)
    yield from fact("last beat", "" if kernel.beat_age is None else f"{figures.seconds_spent(kernel.beat_age)} ago")
