"""Playbooks and their runs: as rows of a list, and in full with every step. A question to a person is the brightest."""

from collections.abc import Iterator, Sequence

import msgspec

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between, line_of
from grace_tui.faces.ui.draw.text import fit, fit_right, shown, wrap
from grace_tui.faces.ui.lines.form import Field, Form
from grace_tui.faces.ui.lines.said import Said, Saying, fact, heading
from grace_tui.faces.views import RunView, StepView


class PlaybookRow(msgspec.Struct, frozen=True):
    """A playbook as the room told it."""

    name: str
    says: str = ""
    when: str = ""
    file: str = ""
    succeeded: int = 0
    failed: int = 0
    score: float = 0.5

    @property
    def id(self) -> str:
        return f"playbook {self.name}"


class RefusedRow(msgspec.Struct, frozen=True):
    """A file of a playbook that cannot be used, as the room told it."""

    file: str
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"refused {self.file}"

    @property
    def name(self) -> str:
        return self.file.rpartition("/")[2]


Row = RunView | PlaybookRow | RefusedRow


def refused_rows(told: object) -> tuple[RefusedRow, ...]:
    """The files that cannot be used in an answer; none where it is no list of such."""
    try:
        return msgspec.convert(told, tuple[RefusedRow, ...])
    except msgspec.ValidationError:
        return ()


def playbook_rows(told: object) -> tuple[PlaybookRow, ...]:
    """The playbooks in an answer; none where it is no list of such."""
    try:
        return msgspec.convert(told, tuple[PlaybookRow, ...])
    except msgspec.ValidationError:
        return ()


def playbook_form(incident: str, playbooks: Sequence[PlaybookRow]) -> Form:
    """The form that runs one of the playbooks for an incident, whatever its condition says."""
    names = tuple((row.name, row.name) for row in playbooks)
    why = Field("reason", "why", needed="say why: a playbook that a person runs keeps the reason with its run")
    return Form(f"run a playbook for {incident}", (Field("playbook", "playbook", names), why))


def in_order(
    runs: Sequence[RunView], playbooks: Sequence[PlaybookRow], refused: Sequence[RefusedRow] = ()
) -> tuple[Row, ...]:
    """Runs that wait for a person, runs under way, files that cannot be used, playbooks by name, runs that are over."""
    waiting = [run for run in runs if run.state == "waiting_for_person"]
    live = [run for run in runs if run.state in marks.LIVE_RUNS and run.state != "waiting_for_person"]
    over = [run for run in runs if run.state not in marks.LIVE_RUNS]
    return (*waiting, *live, *refused, *playbooks, *over)


def run_lines(item: Row, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False) -> list[Line]:
    edge = gutter or (" ", inks.text)
    if isinstance(item, RefusedRow):
        left = [edge, ("✖ ", inks.warn), (shown(item.name), inks.text)]
        return [line_between(left, [(" cannot be used", inks.warn)], width, inks.text)]
    if isinstance(item, PlaybookRow):
        return [_playbook_line(item, width, inks, edge)]
    return _run_lines(item, width, inks, edge)


def _playbook_line(item: PlaybookRow, width: int, inks: Inks, edge: Piece) -> Line:
    outcome: list[Piece] = [(" no outcome", inks.muted)]
    if item.succeeded or item.failed:
        outcome = [
            (f" ✓{figures.short(item.succeeded)}", inks.ok),
            (f" ✗{figures.short(item.failed)}", inks.bad if item.failed else inks.muted),
        ]
    score: Piece = (f"  {item.score:.2f}", inks.text)
    return line_between([edge, ("▸ ", inks.accent), (shown(item.name), inks.text)], [*outcome, score], width, inks.text)


def _run_lines(run: RunView, width: int, inks: Inks, edge: Piece) -> list[Line]:
    mark = marks.mark(marks.RUN, run.state)
    live = run.state in marks.LIVE_RUNS
    done = sum(step.state == "done" for step in run.steps)
    left = [edge, (f"{mark.glyph} ", inks.named(mark.ink)), (shown(run.playbook), inks.strong if live else inks.muted)]
    right: list[Piece] = [(f" {mark.word}", inks.named(mark.ink) if live else inks.muted)]
    if live and run.steps:
        right.append((f" {done}/{len(run.steps)}", inks.muted))
    elif not live and width >= 40:
        right.append((f" {figures.clock_time(run.started_at)}", inks.muted))
    lines = [line_between(left, right, width, inks.text)]
    if run.state == "waiting_for_person":
        lines += [
            line_of([edge, ("  ", inks.text), (text, inks.strong_accent)], width, inks.text)
            for text in wrap(shown(run.question), max(1, width - 3), 2)
        ]
    elif live:
        now = next((step for step in run.steps if step.state == "running"), None)
        words = f"{shown(now.name)}" if now else shown(run.detail)
        lines.append(line_of([edge, ("  ◔ ", inks.accent), (words, inks.muted)], width, inks.text))
    return lines


def run_facts(run: RunView, now: float) -> list[Saying]:
    """A run in full. `now` is the wall-clock time of the view that `run` is from."""
    mark = marks.mark(marks.RUN, run.state)
    return [
        *_question(run),
        Said(f"{shown(mark.word)}, {_when(run, now)}", mark.ink, "state", mark.glyph),
        *fact("playbook", run.playbook, "strong"),
        *fact("how", run.detail),
        *fact("why", run.why),
        *fact("kernel", run.kernel),
        *fact("incident", run.incident_id),
        *fact("started by", run.by),
        *fact("run", run.id, "muted"),
        heading("steps"),
        *(steps_said(run.steps) if run.steps else [Said("none yet", "muted")]),
    ]


def run_said(run: RunView, now: float) -> Iterator[Said]:
    """A run among what was done about its incident."""
    mark = marks.mark(marks.RUN, run.state)
    how = f": {shown(run.detail)}" if run.detail else ""
    yield Said(f"{shown(run.playbook)}, {shown(mark.word)}, {_when(run, now)}{how}", mark.ink, "playbook", mark.glyph)
    if run.why:
        yield Said(shown(run.why), "muted", " ")
    yield from _question(run)
    yield from (said._replace(label="  " + said.label) for said in steps_said(run.steps))


def steps_said(steps: Sequence[StepView]) -> Iterator[Said]:
    for step in steps:
        mark = marks.mark(marks.STEP, step.state)
        spent = figures.milliseconds(step.ms) if step.ms else ""
        name = shown(step.name) or shown(step.action)
        words = f"{fit_right(spent, 7)} {shown(step.text) or (mark.word if step.state != 'pending' else '')}".rstrip()
        yield Said(words, mark.ink if step.state != "done" else "text", fit(name, 22).rstrip(), mark.glyph)


def refused_facts(item: RefusedRow) -> list[Saying]:
    return [
        Said("cannot be used as it is; what was read of it before stays in force", "warn", "state", "✖"),
        *fact("file", item.file, "muted"),
        heading("what is wrong"),
        *(Said(shown(problem), "warn") for problem in item.problems),
    ]


def playbook_facts(item: PlaybookRow, runs: Sequence[RunView], now: float) -> list[Saying]:
    tries = item.succeeded + item.failed
    outcome = f"{figures.short(item.succeeded)} of {figures.short(tries)} runs succeeded" if tries else "none yet"
    said: list[Saying] = [
        *fact("playbook", item.name, "strong"),
        *fact("what for", item.says),
        *fact("when", item.when, "accent"),
        *fact("outcomes", outcome),
        *fact("score", f"{item.score:.2f}, the mean of what its outcomes make likely"),
        *fact("file", item.file, "muted"),
        heading("its runs"),
    ]
    own = [run for run in runs if run.playbook == item.name]
    for run in own:
        mark = marks.mark(marks.RUN, run.state)
        text = f"{mark.word} for {shown(run.kernel)}, {shown(run.incident_id)} {shown(run.detail)}".rstrip()
        said.append(Said(text, mark.ink, figures.clock_time(run.started_at), mark.glyph))
    return said if own else [*said, Said("none is kept", "muted")]


def _question(run: RunView) -> Iterator[Said]:
    if run.state == "waiting_for_person":
        yield Said(shown(run.question), "notice", "it asks")
        yield Said("y answers yes, n answers no", "strong_accent", " ")


def _when(run: RunView, now: float) -> str:
    if run.ended_at is None:
        return f"for {figures.seconds_spent(figures.between(run.started_at, now))}"
    took = figures.seconds_spent(figures.between(run.started_at, run.ended_at))
    return f"{figures.clock_time(run.started_at)}, took {took}"
