"""What the record of a run begins with, and what holds it to its playbook and its incident later. Pure."""

from collections.abc import Mapping

from grace_tui.healing.playbooks.model import Playbook
from grace_tui.kernel.records import IncidentRecord, RunRecord, StepRecord
from grace_tui.kernel.redact import redact_value


def first_record(
    run_id: str, now: float, playbook: Playbook, incident: IncidentRecord, by: str, why: str, *, automatic: bool
) -> RunRecord:
    return RunRecord(
        id=run_id,
        playbook=playbook.name,
        incident_id=incident.id,
        kernel=incident.kernel,
        coarse=incident.coarse,
        by=by,
        state="running",
        started_at=now,
        steps=tuple(StepRecord(step.name, step.action, stored(step.with_)) for step in playbook.step),
        why=why,
        automatic=automatic,
    )


def stored(arguments: Mapping[str, object]) -> dict[str, object]:
    """What a step is given, as it may be stored: a person may have written a secret into a playbook."""
    return {name: redact_value(value) for name, value in arguments.items()}


def has_steps_of(run: RunRecord, playbook: Playbook) -> bool:
    """Whether a run can go on with the steps that a playbook has by now: the same names and actions."""
    return [(step.name, step.action) for step in run.steps] == [(step.name, step.action) for step in playbook.step]


def forgotten(run: RunRecord) -> IncidentRecord:
    """An incident that is not kept any more, by what its run knows of it."""
    return IncidentRecord(
        id=run.incident_id,
        kernel=run.kernel,
        phase="",
        kind="",
        message="",
        title="",
        signature="",
        coarse=run.coarse,
        state="resolved",
        opened_at=run.started_at,
        last_at=run.started_at,
        count=0,
    )
