"""Carries out one playbook: its steps in their order, what comes of a failure, the checks at the end.

What is about to be done is durable before it is done; so a killed run can be taken back. Actions are the room's; this
knows order only. A run that waits for a person ends here, and `go_on` takes it up with the answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from grace_tui.healing.conditions import ConditionFailed
from grace_tui.healing.playbooks.actions import ActionFailed, Actions, Call, Done
from grace_tui.healing.playbooks.beginning import stored
from grace_tui.healing.playbooks.ledger import Ledger
from grace_tui.healing.playbooks.limits import limited
from grace_tui.healing.playbooks.model import CONTINUE, ESCALATE, GOTO, UNDO, Check, Playbook, Step
from grace_tui.healing.playbooks.namespace import judged
from grace_tui.healing.playbooks.texts import Missing, filled
from grace_tui.healing.playbooks.undoing import Undoing
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import RunRecord, RunState

Namespace = Callable[[], Mapping[str, Any]]
"""The values of this moment."""
Came = Literal["done", "failed", "waits"]

PACE = 0.25
"""Seconds between two looks at a check."""
LONGEST_BACKOFF = 60.0


class Engine:
    """One carrying-out of one run."""

    def __init__(
        self, actions: Actions, clock: Clock, playbook: Playbook, ledger: Ledger, namespace: Namespace
    ) -> None:
        self.actions, self.clock, self.playbook = actions, clock, playbook
        self.ledger, self.namespace = ledger, namespace
        self.undoing = Undoing(actions, clock)
        self.deadline = clock.monotonic() + playbook.timeout
        self.failure = ""
        """Why the last step that failed did."""

    async def go(self) -> RunRecord:
        """Carry it out from its first step to its end, or to where it waits for a person."""
        return await self._walk(self.playbook.step[0].name)

    async def go_on(self, name: str, yes: bool, why: str) -> RunRecord:
        """Go on with the step that asked a person."""
        step = self.playbook.step_of(name)
        if yes:
            return await self._from(step, await self._do(step, self.actions.approved))
        return await self._from(step, self._failed(step, why))

    # ---- the steps

    async def _walk(self, name: str) -> RunRecord:
        while name:
            if self._is_late():
                return await self._give_up(UNDO, f"the run took longer than {self.playbook.timeout:g} s")
            step = self.playbook.step_of(name)
            came = "done" if self._is_skipped(step) else await self._do(step, self.actions.do)
            ended, name = await self._next(step, came)
            if ended is not None:
                return ended
        return await self._conclude()

    async def _from(self, step: Step, came: Came) -> RunRecord:
        ended, name = await self._next(step, came)
        return ended if ended is not None else await self._walk(name)

    async def _next(self, step: Step, came: Came) -> tuple[RunRecord | None, str]:
        """How the run ended with this step, or the step that follows."""
        if came == "waits":
            return self.ledger.record, ""
        if came == "done" or step.on_failure == CONTINUE:
            return None, self.playbook.after(step.name)
        reason = f"{step.name}: {self.failure}"
        if self._is_late():
            return await self._give_up(UNDO, f"the run took longer than {self.playbook.timeout:g} s; {reason}"), ""
        if step.on_failure.startswith(GOTO):
            return None, step.on_failure.removeprefix(GOTO)
        return await self._give_up(step.on_failure, reason), ""

    def _is_skipped(self, step: Step) -> bool:
        condition = judged(step.when)
        try:
            if condition.holds(self._names()):
                return False
            why = f"not needed: {condition.told(self._names())}"
        except ConditionFailed as failed:
            why = f"not judged: {failed}"
        self.ledger.change_step(step.name, state="skipped", text=why)
        return True

    async def _do(self, step: Step, act: "Callable[[Call], Any]") -> Came:
        try:
            arguments = _filled(step.with_, self._names())
        except Missing as missing:
            return self._failed(step, str(missing))
        turn = self.ledger.step(step.name).turn or self.ledger.turns + 1
        for number in range(1, step.tries + 1):
            if number > 1:
                await self.clock.sleep(min(step.backoff * 2 ** (number - 2), LONGEST_BACKOFF, self._left()))
            if self._is_late():
                break
            self.ledger.change_step(
                step.name, state="running", tries=number, turn=turn, arguments=stored(arguments), text=""
            )
            began = self.clock.monotonic()
            problem = ""
            try:
                done = await limited(
                    self.clock, min(step.timeout, self._left()), act(self.ledger.call(step.name, arguments))
                )
            except (ActionFailed, TimeoutError) as error:
                problem = str(error) or type(error).__name__
            except Exception as error:  # a defect of an action is a failure of its step
                problem = f"{type(error).__name__}: {error}"
            ms = round((self.clock.monotonic() - began) * 1000, 1)
            if not problem:
                return self._done(step, done, ms)
            self._failed(step, problem, ms=ms)
            if not await self._take_back_try(step):
                break
        return "failed"

    def _done(self, step: Step, done: Done, ms: float) -> Came:
        kept = self.ledger.step(step.name).undo
        undo = dict(done.undo) if done.undo is not None else kept
        if done.question:
            self.ledger.change_step(step.name, text=done.question, undo=undo, ms=ms)
            self.ledger.announce(
                state="waiting_for_person",
                question=done.question,
                deadline=self.clock.time() + step.answer_within,
                detail="waits for a person",
            )
            return "waits"
        until = step.until if undo is not None else ""
        ends_at = self.clock.time() + step.at_most if until else None
        self.ledger.change_step(step.name, state="done", text=done.text, undo=undo, ms=ms, until=until, ends_at=ends_at)
        return "done"

    def _failed(self, step: Step, problem: str, ms: float = 0.0) -> Came:
        self.failure = problem
        self.ledger.change_step(step.name, state="failed", text=problem, ms=ms)
        return "failed"

    async def _take_back_try(self, step: Step) -> bool:
        """A try that failed leaves nothing half done: not for the next try, and not for the branch after it."""
        record = self.ledger.step(step.name)
        if record.undo is None:
            return True
        if problem := await self.undoing.step(self.ledger, record):
            self.failure = f"{self.failure}; what it began could not be taken back: {problem}"
            self.ledger.change_step(step.name, text=self.failure)
            return False
        self.ledger.change_step(step.name, state="failed", text=f"{self.failure}; taken back", undo=None)
        return True

    # ---- the end

    async def _conclude(self) -> RunRecord:
        for check in self.playbook.verify:
            if problem := await self._unverified(check):
                return await self._give_up(UNDO, problem)
        done = [step for step in self.ledger.record.steps if step.state == "done"]
        told = "; ".join(step.text for step in done if step.text) or "there was nothing to do"
        return self._end("succeeded", told)

    async def _unverified(self, check: Check) -> str:
        """Why a check does not hold long enough in time; empty where it does."""
        condition = judged(check.that)
        self.ledger.change(detail=f"verifying: {check.that}")
        began = self.clock.monotonic()
        end = min(began + check.within, self.deadline)
        since: float | None = None
        while True:
            names, now = self._names(), self.clock.monotonic()
            try:
                holds, why = condition.holds(names), condition.told(names)
            except ConditionFailed as failed:
                holds, why = False, str(failed)
            since = (now if since is None else since) if holds else None
            if since is not None and now - since >= check.for_:
                return ""
            if now >= end:
                lasting = f" for {check.for_:g} s" if check.for_ else ""
                return f"not verified: {check.that}{lasting} within {now - began:.3g} s ({why})"
            await self.clock.sleep(min(PACE, max(end - now, 0.001)))

    async def _give_up(self, way: str, reason: str) -> RunRecord:
        self.failure = reason
        if way == UNDO:
            taken, left = await self.undoing.all(self.ledger)
            state: RunState = "undone" if taken and not left else "failed"
            return self._end(state, "; ".join(filter(None, (reason, left))))
        if way == ESCALATE:
            reason = f"{reason}; {await self._escalated(reason)}"
        return self._end("failed", reason)

    async def _escalated(self, reason: str) -> str:
        record = self.ledger.record
        given = {"to": "agent", "reason": f"playbook {record.playbook} failed: {reason}"}
        call = Call("escalate", given, self.ledger.incident, record.id, record.by)
        try:
            done: Done = await limited(self.clock, 60.0, self.actions.do(call))
        except (ActionFailed, TimeoutError) as error:
            return f"not handed on: {error}"
        return done.text

    def _end(self, state: RunState, detail: str) -> RunRecord:
        return self.ledger.announce(state=state, detail=detail, ended_at=self.clock.time(), question="", deadline=None)

    # ---- time and names

    def _is_late(self) -> bool:
        return self.clock.monotonic() >= self.deadline

    def _left(self) -> float:
        return max(self.deadline - self.clock.monotonic(), 0.0)

    def _names(self) -> Mapping[str, Any]:
        """The values of this moment; of the run: why the last step that failed did, what the last one did that did."""
        run = {"id": self.ledger.record.id, "failure": self.failure, "done": self.ledger.last_done}
        return {**self.namespace(), "run": run}


def _filled(given: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, object]:
    """A step's arguments with the values of this moment in their texts."""
    done: dict[str, object] = {}
    for key, value in given.items():
        if isinstance(value, str):
            value = filled(value, names)
        elif isinstance(value, list):
            value = [filled(word, names) for word in value]
        done[key] = value
    return done
