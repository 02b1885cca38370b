"""Looks once a second after what answers have begun: runs that ended, failures that go on, work that is stuck.

Called by the room, in every room: what it does follows from the stores, so a restart forgets nothing.
"""

from collections.abc import Callable, Mapping

from grace_tui.healing.answering.answers import FINISHED, UNANSWERED, UNDER_WAY, Answers
from grace_tui.healing.answering.gather import bad_playbooks, began_at
from grace_tui.healing.answering.ladder import LEFT
from grace_tui.healing.applier import WELL
from grace_tui.healing.incidents.states import RUNS_AGAIN, is_run_watched
from grace_tui.healing.progress import Progress
from grace_tui.kernel.records import IncidentRecord, TaskRecord

BY = "healer"
RAN_WELL = frozenset({"running", "completed"})
CLAIMED = frozenset({"diagnosing", "trying", "gating", "applying"})
"""States of a task in which somebody has to get on with it; a watch only waits."""


class FollowUp:
    def __init__(self, answers: Answers, watch_seconds: float, free: Callable[[TaskRecord, str], None]) -> None:
        self.answers, self.watch_seconds = answers, watch_seconds
        self.free = free
        """Take a task from a worker that does not get on with it; gets the reason."""
        self._warned: dict[str, str] = {}
        self._tasks = Progress(answers.limits.stuck_after)

    def look(self) -> None:
        """On the loop: one pass over what is open."""
        worked_on = {task.incident_id for task in self.answers.queue.all() if task.state not in FINISHED}
        worked_on |= self.answers.under_way
        for incident in self.answers.incidents.all():
            if is_run_watched(incident):
                self._watch_run(incident)
            elif incident.state in ("in_repair", "watching") and incident.id not in worked_on:
                self._follow(incident)
        self._free_stuck()
        self._warn()

    # ---- incidents

    def _follow(self, incident: IncidentRecord) -> None:
        if incident.state == "watching":
            self._watch(incident, _last_moved(incident))
            return
        run = self.answers.run_of(incident.id)
        if run is not None and run.started_at >= began_at(incident):
            if run.state == "succeeded":  # nobody waited for it, because it asked a person
                self.answers.settle_run(run, BY)
            elif run.state not in UNDER_WAY:
                self._reopen(incident, f"playbook {run.playbook} {run.state}: {run.detail}".rstrip(": "))
        elif self.answers.clock.time() >= _last_moved(incident) + self.answers.limits.settle:
            self._reopen(incident, "nobody works on it any more")

    def _watch(self, incident: IncidentRecord, since: float) -> None:
        measured = incident.phase == "trigger"
        settle = self.answers.limits.settle if measured else self.watch_seconds
        # A rule reports for a while yet what it measured over a window; what still comes later does not settle.
        again = incident.last_at > (since + settle / 2 if measured else since)
        over = self.answers.clock.time() >= since + settle
        if again and (over or not measured):
            self._reopen(incident, f"it goes on after: {incident.action}")
        elif over and not measured:
            state = self.answers.hooks.kernel_state(incident.kernel)
            if state in WELL:
                self.answers.incidents.move(incident.id, "resolved", f"{incident.action}; quiet since", BY)
            elif self.answers.clock.time() >= since + self.answers.limits.settle:
                self._reopen(incident, f"{incident.kernel} is {state} after: {incident.action}")

    def _watch_run(self, incident: IncidentRecord) -> None:
        """What a restart alone seems to have mended is over once its kernel has run well for as long as that takes."""
        if self.answers.hooks.kernel_state(incident.kernel) not in RAN_WELL:
            return  # it is watched anew from its next start on
        watch = self.answers.hooks.healthy_after(incident.kernel)
        if self.answers.clock.time() >= _last_moved(incident) + watch:
            self.answers.incidents.move(incident.id, "resolved", f"{RUNS_AGAIN}; it ran well for {watch:g} s", BY)

    def _reopen(self, incident: IncidentRecord, why: str) -> None:
        """The next rung is wanted: whoever answers hears of it as of any that came back."""
        self.answers.incidents.move(incident.id, "reopened", why, BY)

    # ---- tasks

    def _free_stuck(self) -> None:
        """A task that shows no progress goes back, whatever its worker says of itself."""
        claimed = {task.id: task for task in self.answers.queue.all() if task.state in CLAIMED}
        marks = {task_id: (task.state, task.detail, task.gates, task.token) for task_id, task in claimed.items()}
        for task_id, seconds in self._tasks.stuck(marks, self.answers.clock.monotonic()).items():
            self.free(claimed[task_id], f"{claimed[task_id].worker} made no progress in {seconds:.0f} s")

    # ---- what a person should see

    def _warn(self) -> None:
        warnings = dict(self._left())
        if self.answers.playbooks is not None:
            bad: Mapping[str, str] = bad_playbooks(self.answers.playbooks, self.answers.limits.playbook_failures)
            warnings.update({f"playbook {name}": f"{name}: {why}; not picked any more" for name, why in bad.items()})
        for key in self._warned.keys() - warnings.keys():
            self.answers.hooks.warn(key, "")
        for key, text in warnings.items():
            if self._warned.get(key) != text:
                self.answers.hooks.warn(key, text)
                if key.startswith("playbook "):
                    record = {"actor": BY, "action": "playbook.given_up", "resource": key.removeprefix("playbook ")}
                    self.answers.hooks.audit({**record, "reason": text})
        self._warned = warnings

    def _left(self) -> dict[str, str]:
        return {
            f"incident {incident.id}": f"{incident.kernel}: {incident.title}: {incident.action}"
            for incident in self.answers.incidents.all()
            if incident.state in UNANSWERED and incident.action.endswith(LEFT)
        }


def _last_moved(incident: IncidentRecord) -> float:
    """When it came to the state that it is in."""
    begin = f"{incident.state}:"
    return next((at for at, _, text in reversed(incident.timeline) if text.startswith(begin)), incident.last_at)
