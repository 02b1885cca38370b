"""Takes back what a run did, the last step first, from its record alone: the playbook may have changed since."""

from grace_tui.healing.playbooks.actions import ActionFailed, Actions
from grace_tui.healing.playbooks.ledger import Ledger
from grace_tui.healing.playbooks.limits import limited
from grace_tui.healing.playbooks.runs import to_take_back
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import StepRecord

UNDO_SECONDS = 120.0
"""How long one step may take to be taken back."""


class Undoing:
    def __init__(self, actions: Actions, clock: Clock) -> None:
        self.actions, self.clock = actions, clock

    async def all(self, ledger: Ledger) -> tuple[int, str]:
        """Take back every step that left something: how many were, and what could not be."""
        done, left = 0, []
        for step in to_take_back(ledger.record):
            ledger.change(detail=f"taking back {step.name}")
            if problem := await self.step(ledger, step):
                left.append(f"{step.name} could not be taken back: {problem}")
            else:
                done += 1
        return done, "; ".join(left)

    async def step(self, ledger: Ledger, step: StepRecord) -> str:
        """Take back one step; returns why it could not be, empty where it was."""
        if step.undo is None:
            return ""
        try:
            text = await limited(
                self.clock, UNDO_SECONDS, self.actions.undo(ledger.call(step.name, step.arguments), step.undo)
            )
        except (ActionFailed, TimeoutError) as error:
            return str(error)
        except Exception as error:  # a defect of one action must not keep the others from being taken back
            return f"{type(error).__name__}: {error}"
        ledger.change_step(step.name, state="undone", text=f"taken back: {text}")
        return ""
