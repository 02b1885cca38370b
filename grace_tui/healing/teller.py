"""How a repair tells what it does: task states, incident moves, decisions, the audit log.

Used by the healer and the applier, so that both tell in the same words.
"""

from dataclasses import dataclass
from typing import Any

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.seams import Incidents, Queue, RoomHooks
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.events import DecisionMade, TaskChanged, TaskFinished
from grace_tui.kernel.records import IncidentState, TaskRecord, TaskState


@dataclass(frozen=True, slots=True)
class Proposal:
    """A patch on its way into the files."""

    task: TaskRecord
    patch: Patch
    failure: Failure
    by: str
    watch: float


class Teller:
    def __init__(self, incidents: Incidents, queue: Queue, hooks: RoomHooks) -> None:
        self.incidents, self.queue, self.hooks = incidents, queue, hooks

    def change(self, task: TaskRecord, state: TaskState, detail: str, **changes: Any) -> TaskRecord:
        changed = self.queue.update(task.id, task.token, state=state, detail=detail, **changes)
        self.hooks.publish(TaskChanged(task.id, state, detail))
        return changed

    def hold(self, task: TaskRecord) -> None:
        """Make sure, before anything that lasts, that the task is still this holder's.

        Raises:
            GraceError: it was taken from it.
        """
        self.queue.renew(task.id, task.token)

    def end(self, task: TaskRecord, state: TaskState, detail: str, by: str) -> TaskRecord:
        task = self.change(task, state, detail)
        if state == "learned":
            self.move(task, "resolved", detail, by)
        elif not self._needs_nothing(task):  # what was hidden meanwhile stays so: its end brings it back
            self.move(task, "open", f"{task.id} {state}: {detail}", by)
        self.hooks.publish(
            TaskFinished(
                task_id=task.id,
                incident_id=task.incident_id,
                kernel=task.kernel,
                operator=task.operator,
                signature=task.signature,
                outcome=state,
                seconds=task.seconds,
                known=task.known,
            )
        )
        return task

    def move(self, task: TaskRecord, state: IncidentState, reason: str, by: str) -> None:
        """Move the incident; one that has gone on meanwhile keeps its state, and the log says so."""
        try:
            self.incidents.move(task.incident_id, state, reason, by)
        except GraceError as refused:
            record = {"actor": "healer", "action": "incident.kept", "resource": task.incident_id}
            self.hooks.audit({**record, "result": str(refused)})

    def _needs_nothing(self, task: TaskRecord) -> bool:
        incident = self.incidents.get(task.incident_id)
        return incident is not None and incident.state != "resolved" and needs_nothing(incident)

    def decide(
        self,
        by: str,
        action: str,
        resource: str,
        rationale: str,
        alternatives: tuple[str, ...],
        confidence: float,
    ) -> None:
        """Tell of an automatic act; its risk is what is left of certainty, since every act can be taken back."""
        risk = round(1 - confidence, 4)
        self.hooks.publish(DecisionMade(by, action, resource, rationale, alternatives, round(confidence, 4), risk))

    def audit(self, action: str, proposal: Proposal, by: str) -> None:
        self.hooks.audit(
            {
                "actor": by,
                "action": action,
                "resource": ", ".join(proposal.patch.files),
                "task": proposal.task.id,
                "incident": proposal.task.incident_id,
                "operator": proposal.patch.operator,
                "result": proposal.patch.summary,
                "policy": proposal.task.policy,
            }
        )


def beta(successes: int, trials: int) -> float:
    """Mean of the Beta posterior of a share, from an even prior."""
    return (1 + successes) / (2 + trials)
