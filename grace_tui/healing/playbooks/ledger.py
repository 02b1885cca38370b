"""One run while it is under way: its record, saved before each act that it speaks of, and told to whoever listens."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from grace_tui.healing.playbooks.actions import Call
from grace_tui.healing.playbooks.runs import Runs
from grace_tui.kernel.records import IncidentRecord, RunRecord, StepRecord
from grace_tui.kernel.redact import redact

Tell = Callable[[RunRecord], None]
"""Called with the record of a run that began, waits for a person, or ended."""


class Ledger:
    def __init__(self, runs: Runs, record: RunRecord, incident: IncidentRecord, tell: Tell) -> None:
        self.runs, self.incident, self.tell = runs, incident, tell
        self._begun = record

    @property
    def record(self) -> RunRecord:
        """As it is by now, whoever changed it."""
        return self.runs.get(self._begun.id) or self._begun

    def step(self, name: str) -> StepRecord:
        return next(step for step in self.record.steps if step.name == name)

    def change(self, **changes: Any) -> RunRecord:
        return self.runs.save(replace(self.record, **_redacted(changes)))

    def change_step(self, name: str, **changes: Any) -> StepRecord:
        changed = replace(self.step(name), **_redacted(changes))
        steps = tuple(changed if step.name == name else step for step in self.record.steps)
        self.change(steps=steps)
        return changed

    def announce(self, **changes: Any) -> RunRecord:
        """Change what everybody hears of."""
        record = self.change(**changes)
        self.tell(record)
        return record

    def call(self, name: str, arguments: Mapping[str, object]) -> Call:
        """The act of a step; what it keeps for its undo is durable before it acts."""

        def keep(undo: Mapping[str, object]) -> None:
            self.change_step(name, undo=dict(undo))

        return Call(self.step(name).action, arguments, self.incident, self.record.id, self.record.by, keep)

    @property
    def turns(self) -> int:
        """How many steps have begun."""
        return max((step.turn for step in self.record.steps), default=0)

    @property
    def last_done(self) -> str:
        """What the last step did of those that went well; it outlives a wait for a person."""
        done = [step for step in self.record.steps if step.state == "done"]
        return max(done, key=lambda step: step.turn).text if done else ""


def _redacted(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Texts as they may be stored and shown: what failed may have named a secret."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in changes.items()}
