"""What outlives the carrying-out of a run: effects that end by themselves, and runs that were cut short."""

from collections.abc import Callable, Mapping
from typing import Any

from grace_tui.healing.condition_form import BadCondition
from grace_tui.healing.conditions import ConditionFailed
from grace_tui.healing.playbooks.actions import Actions
from grace_tui.healing.playbooks.ledger import Ledger
from grace_tui.healing.playbooks.namespace import judged
from grace_tui.healing.playbooks.runs import temporary
from grace_tui.healing.playbooks.undoing import Undoing
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import RunRecord, RunState, StepRecord

RETRY_SECONDS = 30.0
"""Wait until what could not be taken back is tried again."""


class Tending:
    def __init__(self, actions: Actions, clock: Clock) -> None:
        self.clock = clock
        self.undoing = Undoing(actions, clock)
        self._next_try: dict[tuple[str, str], float] = {}

    def due(self, run: RunRecord, names: Callable[[], Mapping[str, Any]]) -> list[StepRecord]:
        """Temporary effects of an ended run that are to be taken back now; each is handed out once in a while."""
        found = []
        for step in temporary(run):
            key, now = (run.id, step.name), self.clock.monotonic()
            if now >= self._next_try.get(key, now) and self._is_over(step, names):
                self._next_try[key] = now + RETRY_SECONDS
                found.append(step)
        return found

    async def restore(self, ledger: Ledger, step: StepRecord) -> RunRecord:
        """Take a temporary effect back because its time has come."""
        if problem := await self.undoing.step(ledger, step):
            return ledger.change(detail=f"{step.name} could not be taken back, and is tried again: {problem}")
        self._next_try.pop((ledger.record.id, step.name), None)
        return ledger.announce(detail=f"{step.name} {ledger.step(step.name).text}")

    async def interrupted(self, ledger: Ledger) -> RunRecord:
        """Take back a run that the end of a room cut short."""
        at = next((step.name for step in ledger.record.steps if step.state == "running"), "")
        return await self.withdrawn(ledger, f"the room ended during {at}" if at else "the room ended while it ran")

    async def withdrawn(self, ledger: Ledger, reason: str) -> RunRecord:
        """Take back a run that ends for no fault of its playbook."""
        taken, left = await self.undoing.all(ledger)
        told = f"{taken} steps taken back" if taken else "there was nothing to take back"
        return self._end(ledger, "interrupted", "; ".join(filter(None, (reason, told, left))))

    async def give_up(self, ledger: Ledger, reason: str) -> RunRecord:
        """Take back a run that cannot go on."""
        taken, left = await self.undoing.all(ledger)
        state: RunState = "undone" if taken and not left else "failed"
        return self._end(ledger, state, "; ".join(filter(None, (reason, left))))

    def _is_over(self, step: StepRecord, names: Callable[[], Mapping[str, Any]]) -> bool:
        if step.ends_at is not None and self.clock.time() >= step.ends_at:
            return True
        try:
            return judged(step.until).holds(names())
        except (BadCondition, ConditionFailed):  # not to be judged now; `ends_at` bounds how long
            return False

    def _end(self, ledger: Ledger, state: RunState, detail: str) -> RunRecord:
        ended_at = self.clock.time()
        return ledger.announce(state=state, detail=detail, ended_at=ended_at, question="", deadline=None)
