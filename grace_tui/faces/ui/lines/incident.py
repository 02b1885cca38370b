"""What the page of an incident says of it from the newest view: what happened, what is done, and what was tried."""

from collections.abc import Iterator, Mapping, Sequence

from grace_tui.faces.ui.draw import figures, marks
from grace_tui.faces.ui.draw.text import shown
from grace_tui.faces.ui.lines.runs import run_said
from grace_tui.faces.ui.lines.said import Said, Saying, fact
from grace_tui.faces.views import IncidentView, RoomView, TaskView


def incident_facts(incident: IncidentView, now: float, trigger: object = None) -> list[Said]:
    """`now` is the wall-clock time of the view that `incident` is from; `trigger` what a rule measured, if one did."""
    mark = marks.mark(marks.INCIDENT, incident.state)
    return [
        Said(f"{shown(mark.word)}, seen {_times(incident)}", mark.ink, "state", mark.glyph),
        *fact("what", incident.title, "strong"),
        *measured(trigger),
        *fact("kind", ", ".join(filter(None, (shown(incident.kind), _phase(incident)))) or None),
        *fact("kernel", incident.kernel),
        *fact("provider", incident.provider),
        *fact(
            "owner", incident.owner or ("nobody has taken it; a does" if _is_open(incident) else ""), _owner(incident)
        ),
        *fact("being done", incident.action, "accent"),
        *fact("answered by", incident.route),
        *_hidden(incident),
        *fact("opened", _when(incident.opened_at, now)),
        *fact("last seen", _when(incident.last_at, now)),
        *_variants(incident),
        *fact("signature", incident.signature, "muted"),
        *fact("task", incident.task_id),
        *fact("evidence", incident.bundle),
        *_hides(incident, now),
    ]


def tried(incident: IncidentView, view: RoomView) -> list[Saying]:
    """What was and is done about it, newest first: runs of playbooks with their steps, tasks with their gates."""
    runs = [run for run in view.runs if run.incident_id == incident.id]
    tasks = [task for task in view.tasks if task.incident_id == incident.id]
    said: list[Saying] = []
    for run in runs:
        said += run_said(run, view.at)
    for task in tasks:
        said += _task(task)
    return said or [Said("nothing yet" if _is_open(incident) else "nothing", "muted")]


def timeline(acts: Sequence[object], now: float) -> Iterator[Said]:
    """Every act with who and why, oldest first, as the record tells them; a line of its own where a day begins."""
    day = figures.day(now)
    for act in acts:
        if isinstance(act, (list, tuple)) and len(act) == 3:
            at, who, what = act
            moment = figures.clock_time(at if isinstance(at, (int, float)) else None)
            began = figures.day(at if isinstance(at, (int, float)) else None)
            if began and began != day:
                yield Said(began, "muted")
                day = began
            yield Said(f"{shown(str(who))}: {shown(str(what))}", _ink(str(what)), moment)


def measured(facts: object) -> Iterator[Said]:
    """What a trigger measured, as the record tells it."""
    if not isinstance(facts, Mapping) or "value" not in facts:
        return
    value, threshold = (_amount(facts.get(key)) for key in ("value", "threshold"))
    unit = shown(str(facts.get("unit") or ""))
    rule = f", the rule {shown(str(facts['rule']))}" if facts.get("rule") else ""
    yield from fact("measured", f"{value} {unit}".rstrip() + f"; it fires from {threshold} on{rule}")


def _amount(value: object) -> str:
    return figures.amount(value if isinstance(value, (int, float)) else None)


def _ink(act: str) -> str:
    """The moves of its state stand out among the notes."""
    state = act.partition(":")[0].replace(" ", "_")
    return marks.INCIDENT[state].ink if state in marks.INCIDENT else "text"


def _task(task: TaskView) -> Iterator[Said]:
    mark = marks.mark(marks.TASK, task.state)
    spent = f", {figures.seconds_spent(task.seconds)}" if task.seconds else ""
    known = ", a remembered fix" if task.known else ""
    yield Said(f"{shown(task.title)}: {shown(mark.word)}{spent}{known}", mark.ink, "task", mark.glyph)
    if task.detail:
        yield Said(shown(task.detail), "muted", " ")
    passed = [shown(gate.name) for gate in task.gates if gate.state == "passed"]
    failed = [gate for gate in task.gates if gate.state == "failed"]
    if passed:
        yield Said(", ".join(passed), "ok", " ", marks.GATE["passed"].glyph)
    for gate in failed:
        yield Said(f"{shown(gate.name)}: {shown(gate.detail)}", "bad", " ", marks.GATE["failed"].glyph)


def _is_open(incident: IncidentView) -> bool:
    return incident.state not in marks.CLOSED_INCIDENTS


def _owner(incident: IncidentView) -> str:
    return "accent" if incident.owner else "muted"


def _phase(incident: IncidentView) -> str:
    return f"in {shown(incident.phase)}" if incident.phase else ""


def _when(at: float, now: float) -> str:
    age = figures.between(at, now)
    return f"{figures.clock_time(at)}, {figures.duration(age)} ago" if at else ""


def _times(incident: IncidentView) -> str:
    times = "once" if incident.count == 1 else f"{figures.short(incident.count)} times"
    rate = figures.rate_a_minute(incident.rate)
    return f"{times}, {rate} now" if rate else times


def _variants(incident: IncidentView) -> Iterator[Said]:
    if incident.variants:
        count = figures.short(incident.variants)
        yield from fact("storm", f"{count} failures of other signatures were counted here as well", "warn")


def _hidden(incident: IncidentView) -> Iterator[Said]:
    if incident.hidden_by:
        yield Said(f"{shown(incident.hidden_by)}: nobody is asked about it meanwhile", "warn", "hidden by", "○")


def _hides(incident: IncidentView, now: float) -> Iterator[Said]:
    """The failures of others that it explains."""
    if not incident.hides:
        return
    total = sum(int(figures.number(hidden.count)) for hidden in incident.hides)
    yield Said("")
    yield Said(f"it hides {figures.short(total)} failures of others", "strong_accent")
    for hidden in incident.hides:
        age = figures.duration(figures.between(hidden.last_at, now))
        yield Said(f"{shown(hidden.title)}  ×{figures.short(hidden.count)}, {age} ago", "text", shown(hidden.kernel))
