"""What was done automatically of late, read from the stores: so a budget and a loop outlive a restart of the room.

A person who reopens an incident or approves a repair releases its signature: what was done before no longer counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grace_tui.healing.answering.loops import Applied, Change, Ran
from grace_tui.healing.repair.apply import Entry
from grace_tui.healing.seams import Incidents, Playbooks, Queue
from grace_tui.kernel.records import IncidentRecord, TaskRecord

RELEASED = "automation released"
"""How the line of a timeline begins by which a person lets automation act again."""


@dataclass(frozen=True, slots=True)
class History:
    """Acts since the budget's period began, oldest first."""

    since: float
    """When that was, or when a person released the signature."""
    acts: tuple[str, ...]
    """Runs of playbooks and coding tasks for the coarse signature."""
    coded: bool
    applied: tuple[Applied, ...]
    """Every patch of any signature."""
    ran: tuple[Ran, ...]
    """Runs for the coarse signature that ended well."""


def history_of(
    incident: IncidentRecord,
    incidents: Incidents,
    queue: Queue,
    entries: Sequence[Entry],
    playbooks: Playbooks | None,
    since: float,
) -> History:
    """The acts since `since`, or since a person last released the signature; `entries` are the journal's."""
    coarse = incident.coarse
    since = max([since, *(_released_at(record) for record in incidents.all() if _is_near(record, incident))])
    runs = [run for run in (playbooks.runs() if playbooks else ()) if run.started_at >= since]
    mine = [run for run in runs if run.coarse == coarse and run.automatic]
    tasks = [task for task in queue.all() if task.queued_at >= since]
    coded = [task for task in tasks if not task.known and _coarse_of(task, incidents) == coarse]
    acts = [(run.started_at, f"{run.playbook} {run.state.replace('_', ' ')}") for run in mine]
    acts += [(task.queued_at, f"{task.id} {task.state.replace('_', ' ')}") for task in coded]
    return History(
        since=since,
        acts=tuple(text for _, text in sorted(acts)),
        coded=bool(coded),
        applied=tuple(applied([entry for entry in entries if entry.at >= since], queue, incidents)),
        ran=tuple(Ran(run.started_at, run.id, run.playbook, coarse) for run in mine if run.state == "succeeded"),
    )


def applied(entries: Iterable[Entry], queue: Queue, incidents: Incidents) -> list[Applied]:
    """The journal's entries with what their tasks were for, oldest first."""
    rows = []
    for entry in entries:
        task = queue.get(entry.id)
        if task is None or entry.state == "applying":
            continue
        changes = tuple(
            Change(edit.path, before, after) for edit, (before, after) in zip(entry.edits, entry.digests, strict=True)
        )
        undone = entry.state != "applied"
        coarse = _coarse_of(task, incidents)
        rows.append(Applied(entry.at, task.id, coarse, task.provider, changes, undone))
    return sorted(rows, key=lambda row: row.at)


def _coarse_of(task: TaskRecord, incidents: Incidents) -> str:
    record = incidents.get(task.incident_id)
    return record.coarse if record else ""


def _is_near(record: IncidentRecord, incident: IncidentRecord) -> bool:
    same_provider = bool(incident.provider) and record.provider == incident.provider
    return record.coarse == incident.coarse or same_provider


def _released_at(record: IncidentRecord) -> float:
    return max((at for at, _, text in record.timeline if text.startswith(RELEASED)), default=0.0)
