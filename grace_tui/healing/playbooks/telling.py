"""Who hears of runs and of files: the bus, the audit log, the incident's timeline, and the warnings that people see."""

from collections.abc import Mapping
from typing import Protocol

from grace_tui.healing.playbooks.library import Library
from grace_tui.kernel.errors import LoopAbandoned
from grace_tui.kernel.events import Event, PlaybookRun
from grace_tui.kernel.records import IncidentRecord, RunRecord
from grace_tui.kernel.spelling import plural

WARNING = "playbooks"


class Incidents(Protocol):
    def get(self, incident_id: str) -> IncidentRecord | None: ...

    def note(self, incident_id: str, *, action: str | None = None, by: str = "room") -> object: ...


class Hooks(Protocol):
    def publish(self, event: Event) -> None: ...

    def audit(self, record: Mapping[str, object]) -> object: ...

    def warn(self, key: str, text: str) -> None:
        """Show a person what only a person can decide, until it is taken back with an empty text."""


class Telling:
    def __init__(self, incidents: Incidents, hooks: Hooks) -> None:
        self.incidents, self.hooks = incidents, hooks

    def run(self, run: RunRecord) -> None:
        """A run began, asks, or ended."""
        said = run.question or run.detail or run.why
        self.hooks.publish(PlaybookRun(run.id, run.playbook, run.incident_id, run.state, said))
        act = {"actor": run.by, "action": f"playbook.{run.state}", "resource": run.playbook, "run": run.id}
        self.hooks.audit({**act, "incident": run.incident_id, "result": said})
        if _is_news(run) and self.incidents.get(run.incident_id) is not None:
            text = f"playbook {run.playbook} ({run.id}) {spoken(run.state)}{f': {said}' if said else ''}"
            self.incidents.note(run.incident_id, action=text, by=run.by)
        self.question(run)

    def question(self, run: RunRecord) -> None:
        """Show a question to people until it is answered."""
        asks = f"{run.playbook} asks: {run.question} (`grace-tui playbook answer {run.id} yes|no`)"
        self.hooks.warn(f"{WARNING} {run.id}", asks if run.state == "waiting_for_person" else "")

    def answered(self, run: RunRecord, said: str, by: str) -> None:
        self.hooks.audit({"actor": by, "action": "playbook.answered", "resource": run.id, "result": said})

    def read(self, library: Library) -> None:
        """The files were read."""
        self.hooks.warn(WARNING, library.problem)
        result = f"{len(library.playbooks)} in force, {plural(len(library.refused), 'file')} refused"
        self.hooks.audit({"actor": "room", "action": "playbooks.read", "resource": "playbooks", "result": result})

    def raised(self, error: BaseException) -> None:
        """Work broke that nobody may be waiting for."""
        if isinstance(error, LoopAbandoned):  # another room has our place, and takes our runs back
            return
        self.hooks.audit({"actor": "playbooks", "action": "playbooks.raised", "resource": "", "result": repr(error)})


def _is_news(run: RunRecord) -> bool:
    """Whether the incident's timeline hears of it from here: whoever answers an incident tells what came of it."""
    restored = run.state == "succeeded" and any(step.state == "undone" for step in run.steps)
    return not run.automatic or restored or run.state == "interrupted"


def spoken(state: str) -> str:
    return state.replace("_", " ")
