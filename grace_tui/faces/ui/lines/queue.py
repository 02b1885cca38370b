"""A task of the coding agent as lines: its rank, what it does, and how far it is through the gates."""

from collections.abc import Iterator, Sequence

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import shown, wrap
from grace_tui.faces.views import GateView, TaskView

DETAILED = 90
"""Width from which every gate says how long it took."""
NARROW = 60
"""Width below which the title has its line for itself."""


def task_lines(
    task: TaskView, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False
) -> list[Line]:
    """`roomy` spends lines on what the repair does."""
    edge = gutter or (" ", inks.text)
    mark = marks.mark(marks.TASK, task.state)
    finished = task.state in marks.FINISHED_TASKS
    left: list[Piece] = [edge, (f"P{figures.short(task.priority):<3}" if width >= 30 else "", inks.muted)]
    left.append((f"{mark.glyph} ", inks.named(mark.ink)))
    left.append((shown(task.title) or shown(task.kernel), inks.muted if finished else inks.strong))
    outcome: Piece = (_outcome(task, mark), inks.named(mark.ink))
    if finished or width >= NARROW:
        spent = outcome if width >= NARROW else (figures.seconds_spent(task.seconds), inks.muted)
        lines = [line_between(left, [(" ", inks.text), spent], width, inks.text)]
    else:
        lines = [line_of(left, width, inks.text)]
    if finished:
        return lines
    return [
        *lines,
        *(line_of([edge, *pieces], width, inks.text) for pieces in _under(task, outcome, width, inks, roomy)),
    ]


def _under(task: TaskView, outcome: Piece, width: int, inks: Inks, roomy: bool) -> Iterator[list[Piece]]:
    """What stands under the title: how far it is, and with room also what it does."""
    indent: Piece = ("      " if width >= 30 else "  ", inks.text)
    gates = gate_pieces(task.gates, width - 8, inks) if task.gates else []
    if width >= NARROW:
        if gates:
            yield [indent, *gates]
    else:
        yield [indent, *(gates or [outcome])]
    if roomy and task.detail:
        for text in wrap(shown(task.detail), width - 8, 2):
            yield [indent, (text, inks.muted)]
    if roomy and task.files:
        yield [indent, (f"in {', '.join(map(shown, task.files))}", inks.muted)]


def _outcome(task: TaskView, mark: marks.Mark) -> str:
    """The state in words, with the time it took or takes."""
    word = "waiting" if task.state == "queued" else mark.word
    if task.known and task.state == "learned":
        word = "known fix"
    spent = figures.seconds_spent(task.seconds) if task.state != "queued" and task.seconds else ""
    return f"{word} {spent}".rstrip()


def gate_pieces(gates: Sequence[GateView], width: int, inks: Inks) -> list[Piece]:
    """Every gate by name and verdict; without room, one sign each and the name of the one that matters."""
    for with_times in (True, False):
        pieces = _named_gates(gates, inks, with_times=with_times)
        if cells(pieces) <= width and (not with_times or width >= DETAILED - 8):
            return pieces
    passed = sum(gate.state == "passed" for gate in gates)
    signs = [_sign(gate, inks) for gate in gates]
    now = next((gate for gate in gates if gate.state in ("failed", "running")), None)
    word = f" {shown(now.name)}" if now else ""
    return [
        *signs,
        (word, inks.named(marks.mark(marks.GATE, now.state).ink) if now else inks.muted),
        (f" {passed}/{len(gates)}", inks.muted),
    ]


def _sign(gate: GateView, inks: Inks) -> Piece:
    mark = marks.mark(marks.GATE, gate.state)
    return mark.glyph, inks.named(mark.ink)


def _named_gates(gates: Sequence[GateView], inks: Inks, *, with_times: bool) -> list[Piece]:
    pieces: list[Piece] = []
    for gate in gates:
        glyph, style = _sign(gate, inks)
        loud = gate.state in ("failed", "running")
        pieces += [
            (f"{'  ' if pieces and with_times else ' ' if pieces else ''}{glyph}", style),
            (shown(gate.name), style if loud else inks.muted),
        ]
        if with_times and gate.ms and gate.state in ("passed", "failed"):
            pieces.append((f" {figures.milliseconds(gate.ms)}", inks.work))
    return pieces
