"""What the pages say: a task, an answer, the help. Facts come from the newest view."""

from collections.abc import Iterable, Iterator, Sequence

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.text import fit, shown, shown_lines
from grace_tui.faces.ui.lines.said import Said, fact, heading
from grace_tui.faces.views import TaskView


def task_facts(task: TaskView) -> list[Said]:
    mark = marks.mark(marks.TASK, task.state)
    spent = figures.seconds_spent(task.seconds) if task.seconds else ""
    return [
        Said(f"{shown(mark.word)} {spent}".rstrip(), mark.ink, "state", mark.glyph),
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
        ("Hosts", marks.HOST),
        ("Incidents", marks.INCIDENT),
        ("Tasks", marks.TASK),
        ("Gates", marks.GATE),
        ("Runs of playbooks", marks.RUN),
        ("Steps of playbooks", marks.STEP),
        ("Logs", marks.LOG),
    ):
        said.append(heading(f"Signs: {name.lower()}"))
        said += [Said(mark.word, mark.ink, glyph=mark.glyph) for mark in table.values()]
    return said
