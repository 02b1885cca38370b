"""A trigger's rule as a row of a list and in full: what it measures, where it fires, and who would act."""

from collections.abc import Iterator, Sequence

import msgspec

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between
from grace_tui.faces.ui.draw.text import fit_right, shown
from grace_tui.faces.ui.lines.said import Said, Saying, fact, heading
from grace_tui.kernel.spelling import in_units

LEVEL = 8
"""Cells of the bar that says how near a value is to its threshold."""
SPARK = 60


class RuleRow(msgspec.Struct, frozen=True):
    """A rule as the room told it."""

    name: str
    says: str = ""
    measure: str = ""
    kind: str = ""
    unit: str = ""
    threshold: float = 0.0
    clear: float = 0.0
    severity: str = ""
    route: str = ""
    every: float = 0.0
    on: tuple[str, ...] = ()
    file: str = ""
    value: float | None = None
    detail: str = ""
    subject: str = ""
    firing: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    fired: int = 0
    last_fired: float | None = None
    cool_down_left: float = 0.0
    next_check: float = 0.0
    took_ms: float = 0.0
    problem: str = ""

    @property
    def id(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        if self.problem:
            return "problem"
        if self.firing:
            return "firing"
        if self.cool_down_left > 0:
            return "cooling"
        return "quiet" if self.value is not None else "waiting"


class Subject(msgspec.Struct, frozen=True):
    subject: str
    value: float
    detail: str = ""
    firing: bool = False
    incident_id: str = ""


class RuleMore(msgspec.Struct, frozen=True):
    """What the room tells of one rule only."""

    parameters: tuple[tuple[str, str], ...] = ()
    subjects: tuple[Subject, ...] = ()
    recent: tuple[tuple[float, float], ...] = ()


def rule_rows(told: object) -> tuple[RuleRow, ...]:
    """The rules in an answer, the firing first; none where it is no list of such."""
    try:
        rows = msgspec.convert(told, tuple[RuleRow, ...])
    except msgspec.ValidationError:
        return ()
    return tuple(sorted(rows, key=lambda row: (not row.firing, not row.problem)))


def rule_lines(row: RuleRow, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False) -> list[Line]:
    mark = marks.mark(marks.RULE, row.state)
    left: list[Piece] = [gutter or (" ", inks.text), (f"{mark.glyph} ", inks.named(mark.ink))]
    left.append((shown(row.name), inks.strong_bad if row.firing else inks.text))
    if row.problem:
        return [line_between(left, [(" not measured", inks.warn)], width, inks.text)]
    full, empty = figures.bar(figures.number(row.value), row.threshold, LEVEL)
    value: Piece = (f" {_value(row)} of {figures.amount(row.threshold)}", inks.text)
    unit: Piece = (_unit(row, row.threshold), inks.muted)
    level: list[Piece] = [("  ", inks.text), (full, inks.bad if row.firing else inks.work), (empty, inks.line)]
    forms: tuple[list[Piece], ...] = ([value, unit, *level], [value, *level], [value, unit], [value])
    right = next((form for form in forms if cells(left) + cells(form) <= width), forms[-1])
    return [line_between(left, right, width, inks.text)]


def rule_facts(row: RuleRow) -> list[Saying]:
    mark = marks.mark(marks.RULE, row.state)
    of = f", {shown(row.subject)}" if row.subject else ""
    last = figures.clock_time(row.last_fired) if row.last_fired is not None else "never"
    often = f"{figures.short(row.fired)} time{'s' * (row.fired != 1)}"
    return [
        Said(f"{mark.word}{_for(row.firing)}", mark.ink, "state", mark.glyph),
        *fact("rule", row.name, "strong"),
        *fact("watches", row.says),
        *fact("problem", row.problem, "warn"),
        *fact("value", f"{_value(row)}{_unit(row, row.value)}{of}", "bad" if row.firing else "text"),
        *fact("measured", row.detail),
        *fact("fires", f"from {figures.amount(row.threshold)}{_unit(row, row.threshold)} on"),
        *fact("clears", f"at {figures.amount(row.clear)}{_unit(row, row.clear)} and below"),
        *fact("severity", row.severity),
        *fact("who acts", row.route or "as the conditions of the playbooks decide"),
        *fact("incidents", ", ".join(row.incidents)),
        *fact("fired", f"{often}, last {last}" if row.fired else "never"),
        *fact("keeps quiet", f"for {figures.duration(row.cool_down_left)}" if row.cool_down_left > 0 else ""),
        *fact("next check", f"in {figures.duration(row.next_check)}, {_rhythm(row)}"),
        *fact("took", figures.milliseconds(row.took_ms) if row.took_ms else ""),
        *fact("opens", row.kind),
        *fact("file", row.file, "muted"),
    ]


def more_said(told: object) -> Iterator[Said]:
    """Recent values, subjects and parameters, as the room told them of the selected rule."""
    try:
        more = msgspec.convert(told, RuleMore)
    except msgspec.ValidationError:
        return
    if more.recent:
        yield heading("lately")
        values = [value for _, value in more.recent]
        since = figures.clock_time(more.recent[max(0, len(values) - SPARK)][0])
        yield Said(figures.trend(values, SPARK), "accent", since)
        yield Said(f"{figures.amount(min(values))} to {figures.amount(max(values))}", "muted", " ")
    if any(one.subject for one in more.subjects):
        yield heading("each by itself")
        for one in more.subjects:
            words = f"{fit_right(figures.amount(one.value), 8)}  {shown(one.detail)} {shown(one.incident_id)}".rstrip()
            yield Said(words, "bad" if one.firing else "text", shown(one.subject))
    if more.parameters:
        yield heading("parameters")
        yield from (Said(shown(value), "text", shown(name)) for name, value in more.parameters)


def alarm(rows: Sequence[RuleRow]) -> str:
    firing = sum(bool(row.firing) for row in rows)
    return f"{firing} firing" if firing else f"{len(rows)} rules" if rows else ""


def _unit(row: RuleRow, amount: float | None) -> str:
    return f" {in_units(figures.number(amount), shown(row.unit))}" if row.unit else ""


def _value(row: RuleRow) -> str:
    return figures.amount(row.value)


def _for(subjects: Sequence[str]) -> str:
    names = [shown(name) for name in subjects if name]
    return f" for {', '.join(names)}" if names else ""


def _rhythm(row: RuleRow) -> str:
    often = f"every {figures.window(row.every)}"
    return f"{often}, and on {', '.join(map(shown, row.on))}" if row.on else often
