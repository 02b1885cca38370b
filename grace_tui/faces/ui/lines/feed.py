"""An incident as lines: when, where and how often; what happened; what is being done. A closed one is a quiet line."""

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, line_between, line_of
from grace_tui.faces.ui.draw.text import clip, shown, width_of, wrap
from grace_tui.faces.views import IncidentView

ROOMY = 48
"""Width from which the title may take a third line and the signature is shown."""


def incident_lines(incident: IncidentView, width: int, inks: Inks, *, gutter: Piece | None = None) -> list[Line]:
    edge = gutter or (" ", inks.text)
    lines = [_head(incident, width, inks, edge)]
    if incident.state in marks.CLOSED_INCIDENTS:
        return lines
    body = width - 3
    title = wrap(shown(incident.title) or shown(incident.kind), body, 3 if width >= ROOMY else 2)
    said: list[list[Piece]] = [[(text, inks.text)] for text in title]
    said += _doing(incident, body, inks)
    return [*lines, *(line_of([edge, ("  ", inks.text), *pieces], width, inks.text) for pieces in said)]


def _head(incident: IncidentView, width: int, inks: Inks, edge: Piece) -> Line:
    mark = marks.mark(marks.INCIDENT, incident.state)
    closed = incident.state in marks.CLOSED_INCIDENTS
    name = inks.muted if closed else inks.strong
    left: list[Piece] = [edge]
    if width >= 30:
        left.append((f"{figures.clock_time(incident.opened_at)} ", inks.muted))
    left += [(f"{mark.glyph} ", inks.named(mark.ink)), (shown(incident.kernel), name)]
    if closed:
        took = _seconds(incident.opened_at, incident.last_at)
        return line_between(left, [(f" {mark.word}{took}", inks.muted)], width, inks.text)
    state = "" if incident.state in ("open", "in_repair") else f" {mark.word}"
    times = f" ×{figures.short(incident.count)}" if incident.count != 1 else ""
    return line_between(left, [(state, inks.named(mark.ink)), (times, inks.warn)], width, inks.text)


def _seconds(opened: float, last: float) -> str:
    try:
        return f" {figures.seconds_spent(last - opened)}" if last > opened else ""
    except TypeError:
        return ""


def _doing(incident: IncidentView, width: int, inks: Inks) -> list[list[Piece]]:
    action, provider = shown(incident.action), shown(incident.provider)
    glyph, style = ("⚙ ", inks.accent) if incident.state in ("in_repair", "watching") else ("▸ ", inks.warn)
    first: list[Piece] = [(glyph + action, style)] if action else []
    where = f"in {provider}" if provider else ""
    if not where:
        return [first] if first else []
    if first and width_of(glyph + action) + width_of(where) + 3 <= width:
        return [[*first, (f" · {where}", inks.muted)]]
    second: list[Piece] = [(clip(where, width), inks.muted)]
    return [first, second] if first and width >= ROOMY - 3 else [first or second]
