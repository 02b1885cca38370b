"""Playbooks bound to a room: which there are, which fits an incident, every run from its start to its end.

The room opens one, calls `look` each second and `close` at the end. A run belongs to this while it is carried out: a
caller that goes away does not stop it. What the end of the room interrupts is taken back when the next one opens.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from grace_tui.healing.playbooks.actions import Actions
from grace_tui.healing.playbooks.beginning import first_record, forgotten, has_steps_of
from grace_tui.healing.playbooks.engine import Engine
from grace_tui.healing.playbooks.ledger import Ledger
from grace_tui.healing.playbooks.model import Budget, Playbook
from grace_tui.healing.playbooks.owned import Owned
from grace_tui.healing.playbooks.picking import Judgement, Pick, Record, judge
from grace_tui.healing.playbooks.runs import BAD, UNDER_WAY, Runs
from grace_tui.healing.playbooks.shelf import Shelf
from grace_tui.healing.playbooks.telling import Hooks, Incidents, Telling, spoken
from grace_tui.healing.playbooks.tending import RETRY_SECONDS, Tending
from grace_tui.healing.store import Store
from grace_tui.healing.teller import beta
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, PlaybookRecord, RunRecord

__all__ = ["Budget", "Hooks", "Incidents", "Judgement", "Pick", "Playbooks"]

Facts = Callable[[IncidentRecord], Mapping[str, Any]]
"""An incident -> the values of this moment by their names (see `namespace.NAMES`), but for those of the engine."""
OVER = frozenset({"resolved", "suppressed"})
LATE = "nobody answered in time"
NOTHING_LEFT = "its incident was resolved before anybody answered"


class Playbooks:
    def __init__(
        self,
        shipped: Path,
        own: Path,
        actions: Actions,
        store: Store,
        clock: Clock,
        incidents: Incidents,
        hooks: Hooks,
        facts: Facts,
        *,
        budget: Budget | None = None,
    ) -> None:
        self.actions, self.clock, self.incidents, self.facts = actions, clock, incidents, facts
        self.budget = budget or Budget()
        self.telling = Telling(incidents, hooks)
        self.owned = Owned(self.telling.raised)
        self.shelf = Shelf(shipped, own, actions, self.owned, self.telling.read)
        self.records = Runs(store)
        self.tending = Tending(actions, clock)
        self._interrupted = [run for run in self.records.open() if run.state == "running"]
        self._turns: dict[str, asyncio.Lock] = {}
        self._broken: dict[str, tuple[str, float]] = {}
        """Runs that could not go on: why, and when they are to be taken back."""

    # ---- what there is

    async def ready(self) -> None:
        """Have the playbooks read, beside the loop."""
        await self.shelf.ready()

    def all(self) -> tuple[PlaybookRecord, ...]:
        """Every loaded playbook, by name."""
        return tuple(map(self.record, self.shelf.library.playbooks.values()))

    def record(self, playbook: Playbook) -> PlaybookRecord:
        """What is told of a playbook."""
        good, bad = self.records.outcomes(playbook.name)
        return PlaybookRecord(
            name=playbook.name,
            says=playbook.says,
            when=playbook.when,
            file=playbook.file,
            succeeded=good,
            failed=bad,
            score=round(beta(good, good + bad), 4),
        )

    def runs(self) -> tuple[RunRecord, ...]:
        """Every run that is kept, newest first."""
        return self.records.all()

    def unended(self) -> tuple[RunRecord, ...]:
        """Runs of which something is still to come."""
        return self.records.open()

    def get(self, run_id: str) -> RunRecord | None:
        return self.records.get(run_id)

    def spent(self, coarse: str, within: float) -> int:
        """Automatic runs for a coarse signature in the last `within` seconds."""
        return self.records.spent(coarse, self.clock.time() - within)

    # ---- which fits

    def pick(self, incident: IncidentRecord) -> Pick | None:
        return self.judge(incident).pick

    def judge(self, incident: IncidentRecord, unfit: Mapping[str, str] | None = None, since: float = 0.0) -> Judgement:
        """Which playbook is to be run for an incident, or why none; `unfit` are not to be, and why.

        Runs from before `since` count for no budget.
        """
        if incident.state in OVER:
            return Judgement(None, f"{incident.id} is {incident.state}")
        record = Record(
            outcomes=self.records.outcomes,
            spent=lambda within: self.records.spent(incident.coarse, max(self.clock.time() - within, since)),
            unfit={**self._failed_here(incident), **(unfit or {})},
            budget=self.budget,
        )
        return judge(incident, self.shelf.library.playbooks, self.facts(incident), record)

    def _failed_here(self, incident: IncidentRecord) -> dict[str, str]:
        """Playbook -> how its last run for this incident went wrong, within the budget's time."""
        since = self.clock.time() - self.budget.within
        last: dict[str, RunRecord] = {}
        for run in self.records.all():
            if run.incident_id == incident.id and run.started_at >= since:
                last.setdefault(run.playbook, run)
        return {name: f"it failed here: {run.id} {run.state}" for name, run in last.items() if run.state in BAD}

    # ---- running

    async def run(self, name: str, incident_id: str, by: str, why: str = "", *, automatic: bool = True) -> RunRecord:
        """Carry out a playbook for an incident; returns how it ended, or that it waits for a person.

        Raises:
            GraceError: there is no such playbook or incident, or one is being run for this incident already.
        """
        await self.ready()
        playbook, incident = self.shelf.find(name), self.incidents.get(incident_id)
        if incident is None:
            raise GraceError(f"there is no incident {incident_id!r}")
        for run in self.records.open():
            if run.incident_id == incident_id and run.state in UNDER_WAY:
                raise GraceError(f"{run.id} ({run.playbook}) is {spoken(run.state)} for {incident_id} already")
        now = self.clock.time()
        begun = first_record(self.records.new_id(now), now, playbook, incident, by, why, automatic=automatic)
        ledger = self._ledger(begun)
        try:
            ledger.announce()
        except (OSError, sqlite3.Error) as error:
            if self.records.get(ledger.record.id) is not None:  # it is written down, and was not told
                self._broken[ledger.record.id] = "it could not be begun", self.clock.monotonic()
            raise GraceError(f"{name} did not begin: its run could not be written down: {error}") from error
        return await self.owned.outcome(self._carry(ledger, playbook, Engine.go))

    async def answer(self, run_id: str, yes: bool, by: str) -> RunRecord:
        """Answer what a run asks, and go on with it; returns how it ended, or that it asks something more.

        Raises:
            GraceError: there is no such run, or it asks nothing.
        """
        await self.ready()
        run = self.records.get(run_id)
        if run is None:
            raise GraceError(f"there is no run {run_id!r}")
        if run.state != "waiting_for_person":
            raise GraceError(f"{run_id} asks nothing; it is {spoken(run.state)}")
        said = "yes" if yes else "no"
        self.telling.answered(run, said, by)
        return await self.owned.outcome(self._taken_up(run, yes, f"{by} said {said}"))

    def _taken_up(self, run: RunRecord, yes: bool, why: str) -> Coroutine[Any, Any, RunRecord]:
        """What is to be done with an answer; from here on the run asks nothing any more."""
        ledger = self._ledger(run)
        ledger.change(state="running", question="", deadline=None, detail=why)
        self.telling.question(ledger.record)
        playbook = self.shelf.library.playbooks.get(run.playbook)
        asked = next((step.name for step in run.steps if step.state == "running"), "")
        if playbook is None or not asked or not has_steps_of(run, playbook):
            return self.tending.give_up(ledger, f"{why}, but {run.playbook} changed since it asked")
        return self._carry(ledger, playbook, lambda engine: engine.go_on(asked, yes, why))

    async def _carry(
        self, ledger: Ledger, playbook: Playbook, go: Callable[[Engine], Coroutine[Any, Any, RunRecord]]
    ) -> RunRecord:
        try:
            async with self._turn(ledger):
                engine = Engine(self.actions, self.clock, playbook, ledger, lambda: self._names(ledger, playbook))
                return await go(engine)
        except Exception as error:  # a full disk, or a defect: what was done is taken back, if not now then later
            reason = f"it broke off: {type(error).__name__}: {error}"
            self._broken[ledger.record.id] = reason, self.clock.monotonic()
            raise GraceError(f"{ledger.record.id} {reason}; it is taken back as soon as that is possible") from error

    @asynccontextmanager
    async def _turn(self, ledger: Ledger) -> AsyncIterator[None]:
        """One run at a time acts on a kernel."""
        lock = self._turns.setdefault(ledger.record.kernel, asyncio.Lock())
        if lock.locked():
            ledger.change(detail=f"waits for another run on {ledger.record.kernel}")
        async with lock:
            yield

    def _names(self, ledger: Ledger, playbook: Playbook) -> Mapping[str, Any]:
        """The values of this moment: of the incident as it is by now."""
        incident = self.incidents.get(ledger.record.incident_id) or ledger.incident
        budget = playbook.budget or self.budget
        return {**self.facts(incident), "attempts": self.spent(incident.coarse, budget.within)}

    def _ledger(self, run: RunRecord) -> Ledger:
        incident = self.incidents.get(run.incident_id) or forgotten(run)
        return Ledger(self.records, run, incident, self.telling.run)

    # ---- the life of the room

    async def recover(self) -> tuple[RunRecord, ...]:
        """Once, when a room opens: take back what an end of the room interrupted; questions stay asked."""
        for run in self.records.open():
            if run.state == "waiting_for_person":
                self.telling.question(run)
        # The last that began comes first: a later run stands on an earlier one.
        runs, self._interrupted = self._interrupted[::-1], []
        return tuple([await self.owned.outcome(self.tending.interrupted(self._ledger(run))) for run in runs])

    def look(self) -> None:
        """Once a second, on the loop: follow the files, end what was to last for a while, and unanswered questions."""
        self.shelf.look()
        for run in self.records.open():
            if run.state == "waiting_for_person":
                if self._is_over(run):
                    self._withdraw(run)
                elif run.deadline is not None and self.clock.time() >= run.deadline:
                    self.owned.begin(self._taken_up(run, False, LATE))
            elif run.state != "running":
                self._restore(run)
            elif run.id in self._broken and self.clock.monotonic() >= self._broken[run.id][1]:
                self.owned.begin(self._taken_back(run, self._broken.pop(run.id)[0]))

    def _is_over(self, run: RunRecord) -> bool:
        """Whether its incident was resolved since it began; a person may run one for what was over before."""
        incident = self.incidents.get(run.incident_id)
        return incident is not None and incident.state == "resolved" and (incident.resolved_at or 0.0) > run.started_at

    def _withdraw(self, run: RunRecord) -> None:
        """Ask no more: what a yes would do now was meant for a failure that is over."""
        ledger = self._ledger(run)
        ledger.change(state="running", question="", deadline=None, detail=NOTHING_LEFT)
        self.telling.question(ledger.record)
        self.owned.begin(self.tending.withdrawn(ledger, NOTHING_LEFT))

    async def _taken_back(self, run: RunRecord, reason: str) -> None:
        try:
            await self.tending.give_up(self._ledger(run), reason)
        except Exception:
            self._broken[run.id] = reason, self.clock.monotonic() + RETRY_SECONDS
            raise

    def _restore(self, run: RunRecord) -> None:
        ledger = self._ledger(run)
        for step in self.tending.due(run, lambda: self.facts(ledger.incident)):
            self.owned.begin(self.tending.restore(ledger, step))

    async def close(self) -> None:
        """Stop what is under way; it is taken back when the next room opens."""
        await self.owned.close()
