"""What the pages say: a kernel, an incident, a task, an answer, the help. Facts come from the newest view."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Paint
from grace_tui.faces.ui.draw.line import Line, blank, line_of
from grace_tui.faces.ui.draw.text import fit, shown, shown_lines, width_of, wrap
from grace_tui.faces.views import IncidentView, KernelView, TaskView

LABEL = 11


class Said(NamedTuple):
    """One line of a page before it is fitted to a width; `label` stands before it and is kept clear when it wraps."""

    text: str
    ink: str = "text"
    label: str = ""
    glyph: str = ""


def heading(text: str) -> Said:
    return Said(text, "heading")


def fact(label: str, text: object, ink: str = "text") -> Iterator[Said]:
    """A fact where there is one."""
    words = shown(text) if isinstance(text, str) else "" if text is None else str(text)
    if words:
        yield Said(words, ink, label)


def kernel_facts(kernel: KernelView) -> list[Said]:
    mark = marks.mark(marks.KERNEL, kernel.state)
    return [
        Said(f"{shown(mark.word)} for {figures.duration(kernel.since)}", mark.ink, "state", mark.glyph),
        *fact("repair", kernel.repair, "accent"),
        *fact("because", kernel.detail),
        *fact("error", kernel.error, "bad"),
        *fact("does", kernel.doc, "muted"),
        *fact("says", kernel.summary),
        *fact("work", _work(kernel)),
        *fact(
            "requires", ", ".join(kernel.requires or ()) or ("nothing" if kernel.version else "unknown until it loads")
        ),
        *fact("file", kernel.path),
        *fact("version", kernel.version or "not loaded"),
        *fact(
            "runs as",
            f"{shown(kernel.isolation)}, boot priority {kernel.priority}{', critical' if kernel.critical else ''}",
        ),
        *fact("restarts", figures.short(kernel.restarts)),
        *fact("last beat", "" if kernel.beat_age is None else f"{figures.seconds_spent(kernel.beat_age)} ago"),
        *fact("next try", "" if kernel.next_try is None else f"in {figures.duration(kernel.next_try)}", "warn"),
        *fact("incident", kernel.incident_id, "bad"),
    ]


def _requires(kernel: KernelView) -> str:
    return ", ".join(kernel.requires or ()) or ("nothing" if kernel.version else "unknown until it loads")


def _work(kernel: KernelView) -> str:
    rate = figures.rate(kernel.rate)
    return f"{figures.short(kernel.count)} done{', ' + rate if rate else ''}  {figures.spark(kernel.spark or (), 24)}"


def incident_facts(incident: IncidentView) -> list[Said]:
    mark = marks.mark(marks.INCIDENT, incident.state)
    return [
        Said(f"{shown(mark.word)}, seen {_times(incident.count)}", mark.ink, "state", mark.glyph),
        *fact("what", incident.title, "strong"),
        *fact("kind", incident.kind),
        *fact("kernel", incident.kernel),
        *fact("phase", incident.phase),
        *fact("provider", incident.provider),
        *fact("being done", incident.action, "accent"),
        *fact("opened", figures.clock_time(incident.opened_at)),
        *fact("last seen", figures.clock_time(incident.last_at)),
        *fact("signature", incident.signature, "muted"),
        *fact("task", incident.task_id),
        *fact("evidence", incident.bundle),
    ]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{figures.short(count)} times"


def task_facts(task: TaskView) -> list[Said]:
    mark = marks.mark(marks.TASK, task.state)
    return [
        Said(
            f"{shown(mark.word)} {figures.seconds_spent(task.seconds) if task.seconds else ''}".rstrip(),
            mark.ink,
            "state",
            mark.glyph,
        ),
        *fact("what", task.title, "strong"),
        *fact("because", task.detail),
        *fact("priority", figures.short(task.priority)),
        *fact("kernel", task.kernel),
        *fact("provider", task.provider),
        *fact("operator", task.operator),
        *fact("known", "a remembered fix, replayed without analysis" if task.known else ""),
        *fact("files", ", ".join(task.files or ())),
        *fact("worker", task.worker),
        *fact("incident", task.incident_id),
        *_gates(task),
    ]


def _gates(task: TaskView) -> Iterator[Said]:
    if not task.gates:
        return
    passed = sum(gate.state == "passed" for gate in task.gates)
    yield heading(f"gates: {passed} of {len(task.gates)} passed")
    for gate in task.gates:
        mark = marks.mark(marks.GATE, gate.state)
        spent = figures.milliseconds(gate.ms) if gate.ms else ""
        words = " ".join(word for word in (fit(shown(mark.word), 8), fit(spent, 7), shown(gate.detail)) if word)
        yield Said(words.rstrip(), mark.ink, shown(gate.name), mark.glyph)


def told(title: str, text: object, *, failed: bool = False) -> list[Said]:
    """A section with what the room answered."""
    lines = shown_lines(text)
    said = [heading(title)] if title else []
    if failed:
        return [
            *said,
            *(Said(line, "bad", glyph="✗" if not index else "") for index, line in enumerate(lines or ["no answer"])),
        ]
    return [*said, *(Said(line, ink_of(line)) for line in lines or ["nothing"])]


_STARTS = (
    ("+++", "strong"),
    ("---", "strong"),
    ("@@", "accent"),
    ("+", "ok"),
    ("-", "bad"),
)
_LEVELS = (("CRITICAL", "bad"), ("ERROR", "bad"), ("WARNING", "warn"))


def ink_of(line: str) -> str:
    """Colour of a line of a diff or a log; the words say the same."""
    for start, ink in _STARTS:
        if line.startswith(start):
            return ink
    if line.startswith("Traceback"):
        return "bad"
    head = line[:60].upper()
    return next((ink for level, ink in _LEVELS if level in head), "text")


def help_page(tables: Iterable[tuple[str, Sequence[tuple[str, str]]]]) -> list[Said]:
    """(group, rows of (key, sentence)): the keys, then the signs."""
    said: list[Said] = []
    for name, rows in tables:
        said.append(heading(name))
        said += [Said(sentence, "text", keys) for keys, sentence in rows]
    for name, table in (
        ("Kernels", marks.KERNEL),
        ("Incidents", marks.INCIDENT),
        ("Tasks", marks.TASK),
        ("Gates", marks.GATE),
    ):
        said.append(heading(f"Signs: {name.lower()}"))
        said += [Said(mark.word, mark.ink, glyph=mark.glyph) for mark in table.values()]
    return said


def page_lines(said: Sequence[Said], width: int, paint: Paint) -> list[Line]:
    """`said` fitted to `width`: labels in a column, long text wrapped beside it."""
    inks = paint.room
    lines: list[Line] = []
    column = max((width_of(one.label) for one in said if one.label), default=0) + 1
    column = min(max(column, LABEL if column > 1 else 0), max(4, width // 3))
    for one in said:
        if one.ink == "heading":
            if lines:
                lines.append(blank(width, inks.text))
            rest = width - width_of(one.text) - 1
            lines.append(
                line_of([(f"{one.text} ", inks.strong_accent), ("─" * max(0, rest), inks.line)], width, inks.text)
            )
            continue
        label = fit(one.label, column) if one.label else ""
        glyph = f"{one.glyph} " if one.glyph else ""
        style = inks.named(one.ink)
        indent = width_of(label) + width_of(glyph)
        for index, text in enumerate(wrap(one.text, max(1, width - indent))):
            before = [(label, inks.muted), (glyph, style)] if not index else [(" " * indent, inks.text)]
            lines.append(line_of([*before, (text, style)], width, inks.text))
    return lines
