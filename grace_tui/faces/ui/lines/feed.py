"""An incident as lines: when, where and how often; what happened; what is being done. A closed one is a quiet line."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.inks import Inks
from grace_tui.faces.ui.draw.line import Line, Piece, cells, line_between, line_of
from grace_tui.faces.ui.draw.text import shown, wrap
from grace_tui.faces.views import IncidentView


@dataclass(frozen=True, slots=True)
class Folded:
    """The suppressed incidents as one row of the feed, which unfolds into them."""

    count: int
    unfolded: bool = False
    id: str = "folded"


def feed_lines(
    item: IncidentView | Folded, width: int, inks: Inks, *, gutter: Piece | None = None, roomy: bool = False
) -> list[Line]:
    if isinstance(item, Folded):
        return [_folded(item, width, inks, gutter or (" ", inks.text))]
    return incident_lines(item, width, inks, gutter=gutter, roomy=roomy)


def in_order(incidents: Sequence[IncidentView], *, unfolded: bool) -> tuple[IncidentView | Folded, ...]:
    """What wants somebody first, then what is hidden, as one row until it is unfolded, then what is over."""
    closed = [one for one in incidents if one.state == "resolved"]
    hidden = [one for one in incidents if one.state == "suppressed"]
    opened = [one for one in incidents if one.state not in marks.CLOSED_INCIDENTS]
    fold = [Folded(len(hidden), unfolded)] if hidden else []
    return (*opened, *fold, *(hidden if unfolded else ()), *closed)


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


def _folded(item: Folded, width: int, inks: Inks, edge: Piece) -> Line:
    left = [edge, ("▾ " if item.unfolded else "▸ ", inks.muted), (f"{figures.short(item.count)} hidden", inks.muted)]
    return line_of([*left, ("" if item.unfolded else ", Enter shows them", inks.muted)], width, inks.text)


def _head(incident: IncidentView, width: int, inks: Inks, edge: Piece) -> Line:
    mark = marks.mark(marks.INCIDENT, incident.state)
    closed = incident.state in marks.CLOSED_INCIDENTS
    name = inks.muted if closed else inks.strong
    left: list[Piece] = [edge]
    if width >= 30:
        left.append((f"{figures.clock_time(incident.opened_at)} ", inks.muted))
    left += [(f"{mark.glyph} ", inks.named(mark.ink)), (shown(incident.kernel), name)]
    if closed:
        return line_between(left, [(f" {_how_closed(incident, mark)}", inks.muted)], width, inks.text)
    right = [piece for piece in _standing(incident, mark, inks) if piece[0]]
    while right and cells(left) + cells(right) > width:
        right.pop()  # the name comes first
    return line_between(left, right, width, inks.text)


def _how_closed(incident: IncidentView, mark: marks.Mark) -> str:
    if incident.state == "suppressed":
        times = f" ×{figures.short(incident.count)}" if incident.count != 1 else ""
        words = {"S": "silenced", "I": "a consequence"}
        return f"{words.get(shown(incident.hidden_by).partition('-')[0], mark.word)}{times}"
    seconds = figures.between(incident.opened_at, incident.resolved_at)
    took = f" {figures.seconds_spent(seconds)}" if seconds and seconds > 0 else ""
    return f"{mark.word}{took}"


def _standing(incident: IncidentView, mark: marks.Mark, inks: Inks) -> list[Piece]:
    """What is unusual in its state, who has it, how often it happened, and how fast it does: the last goes first."""
    owner = f" {shown(incident.owner)}" if incident.owner else ""
    usual = incident.state in ("open", "in_repair") or (owner and incident.state == "acknowledged")
    times = f" ×{figures.short(incident.count)}" if incident.count != 1 else ""
    rate = figures.rate_a_minute(incident.rate)
    return [
        ("" if usual else f" {mark.word}", inks.named(mark.ink)),
        (times, inks.warn),
        (owner, inks.accent),
        (f" {rate}" if rate else "", inks.muted),
    ]


def _doing(incident: IncidentView, width: int, inks: Inks, *, roomy: bool) -> list[list[Piece]]:
    return [*_acting(incident, width, inks, roomy=roomy), *_hiding(incident, inks)]


def _hiding(incident: IncidentView, inks: Inks) -> list[list[Piece]]:
    """Whose failures it explains: they have no row of their own."""
    kernels = sorted({shown(hidden.kernel) for hidden in incident.hides or ()})
    if not kernels:
        return []
    more = f" +{len(kernels) - 3}" if len(kernels) > 3 else ""
    return [[("○ explains ", inks.muted), (", ".join(kernels[:3]) + more, inks.muted)]]


def _acting(incident: IncidentView, width: int, inks: Inks, *, roomy: bool) -> list[list[Piece]]:
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
