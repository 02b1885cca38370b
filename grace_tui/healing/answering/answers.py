"""Answers an incident: looks, climbs the ladder, carries out the rung that is taken, and climbs on where that failed.

Used by the healer, so by `self_healing`, `coding_agent`, first aid and people alike. What a rung does to code is the
healer's (`Repairs`); what it does to the room is a playbook's.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Protocol

from grace_tui.healing.answering.gather import Gatherer, Replay, Sight
from grace_tui.healing.answering.history import RELEASED
from grace_tui.healing.answering.ladder import LEFT, WAITS, Ladder, climb
from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.states import needs_nothing
from grace_tui.healing.repair.knowledge import Unreadable
from grace_tui.healing.seams import Incidents, Playbooks, Queue, RoomHooks
from grace_tui.healing.teller import Teller, beta
from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, RunRecord, TaskRecord

FINISHED = frozenset({"learned", "failed", "undone"})
UNANSWERED = frozenset({"open", "reopened"})
UNDER_WAY = frozenset({"running", "waiting_for_person"})
CLIMBS = 6
"""Rungs that one answer may try: each that fails is refused the next time, so this only bounds a defect."""


Owned = Callable[[Coroutine[Any, Any, str]], Coroutine[Any, Any, str]]


class Repairs(Protocol):
    """What the healer does to code."""

    def queue_task(
        self, incident: IncidentRecord, failure: Failure, why: str, by: str, refused: tuple[str, ...]
    ) -> str:
        """Queue a coding task; `refused` says what was considered before it."""

    async def replay(self, incident: IncidentRecord, failure: Failure, replay: Replay, by: str) -> TaskRecord: ...

    async def take_back(self, task_id: str, why: str, by: str) -> str:
        """Undo a repair that was learned.

        Raises:
            GraceError: its files changed since; they stay as they are.
        """

    def put_aside(self, damaged: Unreadable) -> None: ...


class Answers:
    def __init__(
        self,
        repairs: Repairs,
        gatherer: Gatherer,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        teller: Teller,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self.repairs, self.gatherer, self.incidents, self.queue = repairs, gatherer, incidents, queue
        self.hooks, self.teller, self.clock, self.limits = hooks, teller, clock, limits
        self.under_way: set[str] = set()
        """Incidents that are being answered at this moment."""

    @property
    def playbooks(self) -> Playbooks | None:
        return self.gatherer.playbooks

    async def respond(self, incident_id: str, by: str, owned: Owned) -> str:
        """Answer one incident, unless it is over or something is under way already. `owned` outlives the caller."""
        incident = self._known(incident_id)
        if said := self._busy(incident):
            return said
        self.under_way.add(incident_id)
        try:
            return await owned(self._respond(incident, by))
        finally:
            self.under_way.discard(incident_id)

    async def plan(self, incident_id: str) -> list[str]:
        """The ladder as it stands now, without doing any of it.

        Raises:
            GraceError: there is no such incident.
        """
        incident = self._known(incident_id)
        if needs_nothing(incident):
            return [f"nothing: it is {incident.state}"]
        sight = await self.gatherer.look(incident, {})
        said = self._busy(incident)
        return ([f"under way: {said}"] if said else []) + climb(sight.case).lines()

    async def go_on(self, incident_id: str, by: str) -> str:
        """After a repair failed: take the next rung, if nobody else has the incident in hand."""
        incident = self.incidents.get(incident_id)
        if incident is None or incident.state not in UNANSWERED or self._busy(incident):
            return ""
        self.under_way.add(incident_id)
        try:
            return await self._answered(incident, by, agent_tried=True)
        finally:
            self.under_way.discard(incident_id)

    def leave(self, incident: IncidentRecord, why: str, by: str, ladder: Ladder | None = None) -> str:
        """Hand an incident to people, once: what is said stays on it, and on the screens, until somebody acts."""
        said = f"{why}{LEFT}"
        if incident.action == said and incident.state in UNANSWERED:
            return said
        if incident.state in ("in_repair", "watching"):
            self.incidents.move(incident.id, "open", said, by)
        else:
            self.incidents.note(incident.id, action=said, by=by)
        refused = _refused(ladder)
        self.teller.decide(by, "ask a person", incident.kernel, why, refused, 1.0)
        self.hooks.audit({"actor": by, "action": "incident.left", "resource": incident.id, "reason": why})
        return said

    def release(self, incident_id: str, by: str, reason: str = "") -> IncidentRecord:
        """Let automation act again on what an incident is about: what was done so far counts no longer."""
        action = f"{RELEASED} by {by}{f': {reason}' if reason else ''}"
        return self.incidents.note(incident_id, action=action, by=by)

    # ---- one answer

    def _busy(self, incident: IncidentRecord) -> str:
        """What is under way already, or why there is nothing to do; empty where the incident wants an answer."""
        if incident.id in self.under_way and not needs_nothing(incident):
            return f"{incident.id} is being answered already"
        return self._in_hand(incident)

    def _in_hand(self, incident: IncidentRecord) -> str:
        """What somebody does about it, or why there is nothing to do."""
        if needs_nothing(incident):
            return f"{incident.id} is {incident.state}"
        if current := self._open_task(incident.id):
            return f"{current.id} is {current.state} already"
        if (run := self.run_of(incident.id)) and run.state in UNDER_WAY:
            return f"playbook {run.playbook} is {run.state.replace('_', ' ')} already"
        return ""

    def _open_task(self, incident_id: str) -> TaskRecord | None:
        mine = (task for task in self.queue.all() if task.incident_id == incident_id)
        return next((task for task in mine if task.state not in FINISHED), None)

    def run_of(self, incident_id: str) -> RunRecord | None:
        """The newest run of a playbook for an incident."""
        runs = self.playbooks.runs() if self.playbooks else ()
        return next((run for run in runs if run.incident_id == incident_id), None)

    async def _respond(self, incident: IncidentRecord, by: str) -> str:
        if (left := self.incidents.wait_left(incident.id)) > 0:
            await self.clock.sleep(left)
            incident = self._known(incident.id)
            if incident.state not in UNANSWERED:
                return f"{incident.id} is {incident.state}"
        return await self._answered(incident, by)

    async def _answered(self, incident: IncidentRecord, by: str, *, agent_tried: bool = False) -> str:
        """The crash boundary of an answer: what breaks in it costs a person a look, never the kernel that asked."""
        try:
            return await self._climb(incident, by, agent_tried=agent_tried)
        except Exception as error:
            said = f"answering it failed: {type(error).__name__}: {error}"
            self.hooks.audit({"actor": "healer", "action": "answer.raised", "resource": incident.id, "result": said})
            incident = self._known(incident.id)
            return said if needs_nothing(incident) else self.leave(incident, said, by)

    async def _climb(self, incident: IncidentRecord, by: str, *, agent_tried: bool) -> str:
        tried: dict[str, str] = {}
        for _ in range(CLIMBS):
            sight = await self._look(incident, agent_tried, tried)
            # A look takes a while, in which a person may begin a playbook, or a silence hide the incident.
            if said := self._in_hand(self._known(incident.id)):
                return said
            ladder = climb(sight.case)
            done, why_not = await self._carry_out(ladder, sight, by, "; ".join(tried.values()))
            if not why_not:
                return done
            tried[ladder.taken.target if ladder.taken.act == "playbook" else ladder.taken.act] = why_not
            incident = self._known(incident.id)
            if needs_nothing(incident):
                return f"{incident.id} is {incident.state}"
        return self.leave(incident, "; ".join(tried.values()), by)

    async def _look(self, incident: IncidentRecord, agent_tried: bool, tried: Mapping[str, str]) -> Sight:
        """The case as it is, less what this very answer tried."""
        sight = await self.gatherer.look(incident, tried)
        if sight.damaged is not None:
            self.repairs.put_aside(sight.damaged)
        case = replace(sight.case, agent_tried=agent_tried)
        if "undo" in tried:
            case = replace(case, broke="", broke_why=tried["undo"])
        if "replay" in tried:
            case = replace(case, fix="", no_fix=tried["replay"])
        return replace(sight, case=case)

    async def _carry_out(self, ladder: Ladder, sight: Sight, by: str, tried: str) -> tuple[str, str]:
        """What was done; and, where the rung did not hold, why the next one is wanted."""
        rung, incident = ladder.taken, sight.case.incident
        if rung.act == "undo":
            return await self._take_back(incident, rung.target, rung.why, by)
        if rung.act == "replay" and sight.replay is not None:
            task = await self.repairs.replay(incident, sight.failure, sight.replay, by)
            if task.state in ("failed", "undone"):
                return "", f"the known fix did not hold: {task.detail}"
            return f"replayed the known fix: {task.title}; {task.state}", ""
        if rung.act == "playbook":
            return await self._play(ladder, incident, by)
        if rung.act == "agent":
            why = tried or sight.case.no_fix
            return self.repairs.queue_task(incident, sight.failure, why, by, _refused(ladder)), ""
        if rung.act == "nothing":
            said = f"{rung.why}{WAITS}"
            self.incidents.note(incident.id, action=said, by=by)
            return said, ""
        return self.leave(incident, rung.why, by, ladder), ""

    async def _take_back(self, incident: IncidentRecord, task_id: str, why: str, by: str) -> tuple[str, str]:
        self.incidents.move(incident.id, "in_repair", f"taking back {task_id}: {why}", by)
        try:
            said = await self.repairs.take_back(task_id, f"{incident.id}: {why}", by)
        except GraceError as refused:
            return "", f"{task_id} could not be taken back: {refused}"
        self.incidents.move(incident.id, "watching", said, by)
        return said, ""

    # ---- playbooks

    async def _play(self, ladder: Ladder, incident: IncidentRecord, by: str) -> tuple[str, str]:
        name, why = ladder.taken.target, ladder.taken.why
        playbooks = self.playbooks
        if playbooks is None:
            return "", "there are no playbooks"
        wins, runs = _record_of(playbooks, name)
        self.teller.decide(by, f"run playbook {name}", incident.kernel, why, _refused(ladder), beta(wins, runs))
        self.incidents.move(incident.id, "in_repair", f"playbook {name}: {why}", by)
        try:
            run = await playbooks.run(name, incident.id, by, why)
        except GraceError as refused:
            return "", f"playbook {name} did not run: {refused}"
        if run.state in UNDER_WAY:
            said = f"playbook {name} waits for a person: {run.question}"
            self.incidents.note(incident.id, action=said, by=by)
            return said, ""
        return self.settle_run(run, by)

    def settle_run(self, run: RunRecord, by: str) -> tuple[str, str]:
        """After a run ended: watch the incident, or say why the next rung is wanted."""
        incident = self._known(run.incident_id)
        said = f"playbook {run.playbook} {run.state}: {run.detail}".rstrip(": ")
        if needs_nothing(incident):
            return said, ""
        if run.state != "succeeded":
            if incident.state == "in_repair":
                self.incidents.move(incident.id, "open", said, by)
            return "", said
        if incident.state == "in_repair" and self._open_task(incident.id) is None:
            self.incidents.move(incident.id, "watching", said, by)
        return said, ""

    def _known(self, incident_id: str) -> IncidentRecord:
        incident = self.incidents.get(incident_id)
        if incident is None:
            raise GraceError(f"there is no incident {incident_id!r}")
        return incident


def _record_of(playbooks: Playbooks, name: str) -> tuple[int, int]:
    """How often a playbook succeeded, of how many times."""
    found = next((record for record in playbooks.all() if record.name == name), None)
    return (found.succeeded, found.succeeded + found.failed) if found else (0, 0)


def _refused(ladder: Ladder | None) -> tuple[str, ...]:
    return tuple(ladder.lines()[:-1]) if ladder else ()
