"""An incident as lines: when, where and how often; what happened; what is being done. A closed one is a quiet line."""

from rich.style import Style

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import shown, wrap
from grace_tui.faces.views import IncidentView


def incident_lines(
    incident: IncidentView, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False
) -> list[Line]:
    """`roomy` spends lines on the whole title, on where it happened, and on air."""
    edge = gutter or (" ", inks.text)
    lines = [_head(incident, width, inks, edge)]
    if incident.state in marks.CLOSED_INCIDENTS:
        return lines
    body = width - 3
    title = wrap(shown(incident.title) or shown(incident.kind), body, 5 if roomy else 2)
    said: list[list[Piece]] = [[(text, inks.text)] for text in title]
    said += _doing(incident, body, inks, roomy=roomy)
    air = [line_of([edge], width, inks.text)] if roomy else []
    return [*lines, *(line_of([edge, ("  ", inks.text), *pieces], width, inks.text) for pieces in said), *air]


def _head(incident: IncidentView, width: int, inks: Inks, edge: Piece) -> Line:
    mark = marks.mark(marks.INCIDENT, incident.state)
    closed = incident.state in marks.CLOSED_INCIDENTS
    name = inks.muted if closed else inks.strong
    left: list[Piece] = [edge]
    if width >= 30:
        left.append((f"{figures.clock_time(incident.opened_at)} ", inks.muted))
    left += [(f"{mark.glyph} ", inks.named(mark.ink)), (shown(incident.kernel), name)]
    if closed:
        seconds = figures.between(incident.opened_at, incident.last_at)
        took = f" {figures.seconds_spent(seconds)}" if seconds and seconds > 0 else ""
        return line_between(left, [(f" {mark.word}{took}", inks.muted)], width, inks.text)
    state = "" if incident.state in ("open", "in_repair") else f" {mark.word}"
    times = f" ×{figures.short(incident.count)}" if incident.count != 1 else ""
    return line_between(left, [(state, inks.named(mark.ink)), (times, inks.warn)], width, inks.text)


def _doing(incident: IncidentView, width: int, inks: Inks, *, roomy: bool) -> list[list[Piece]]:
    action, provider = shown(incident.action), shown(incident.provider)
    glyph, style = ("⚙ ", inks.accent) if incident.state in ("in_repair", "watching") else ("▸ ", inks.warn)
    doing: list[Piece] = [(glyph + action, style)] if action else []
    where: list[Piece] = [(f"in {provider}", inks.muted)] if provider else []
    if not roomy:
        return [doing or where] if doing or where else []
    if not doing or not where:
        return [where] if where else _wrapped(glyph, action, width, style) if doing else []
    if cells(doing) + cells(where) + 3 <= width:
        return [[*doing, (" · ", inks.muted), *where]]
    return [where, *_wrapped(glyph, action, width, style)]


def _wrapped(glyph: str, text: str, width: int, style: Style) -> list[list[Piece]]:
    lines = wrap(text, width - 2, 2)
    return [[(glyph if not index else "  ", style), (line, style)] for index, line in enumerate(lines)]
