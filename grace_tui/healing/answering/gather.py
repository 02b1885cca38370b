"""Gathers what the answer to one incident depends on: knowledge, playbooks, diagnosis, history. Changes nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grace_tui.disk import file_digest
from grace_tui.healing.answering.blame import blamed
from grace_tui.healing.answering.history import History, history_of
from grace_tui.healing.answering.ladder import Case
from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.answering.loops import playbook_loop, repair_loop
from grace_tui.healing.failure import Failure
from grace_tui.healing.ours import not_ours
from grace_tui.healing.repair.apply import Entry, Journal
from grace_tui.healing.repair.diagnose import fitting
from grace_tui.healing.repair.knowledge import Knowledge, KnownFix, NotNow, Recalled, Unreadable, reader, recall
from grace_tui.healing.repair.queue import FINISHED
from grace_tui.healing.seams import Incidents, Playbooks, Queue, RoomHooks
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord

ENDED_BADLY = frozenset({"failed", "undone"})
"""A run that the end of a room interrupted says nothing of its playbook."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A known fix that applies to the files as they are."""

    fix: KnownFix
    recalled: Recalled


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at an incident."""

    case: Case
    failure: Failure
    replay: Replay | None = None
    damaged: Unreadable | None = None
    """A file of knowledge that cannot be read."""


class Gatherer:
    def __init__(
        self,
        root: Path,
        incidents: Incidents,
        queue: Queue,
        hooks: RoomHooks,
        clock: Clock,
        known: Knowledge,
        journal: Journal,
        limits: Limits,
    ) -> None:
        self.root, self.incidents, self.queue, self.hooks, self.clock = root, incidents, queue, hooks, clock
        self.known, self.journal, self.limits = known, journal, limits
        self.playbooks: Playbooks | None = None

    async def look(self, incident: IncidentRecord, tried: Mapping[str, str]) -> Sight:
        """`tried` are playbooks that this answer has tried already, and what became of it.

        Raises:
            GraceError: the incident's failure is not kept.
        """
        failure = self.incidents.failure(incident.id)
        since = self.clock.time() - self.limits.period
        entries = await asyncio.to_thread(self.journal.since, since)
        if self.playbooks is not None:
            await self.playbooks.ready()
        case = await self._with_blame(Case(incident), failure)
        fix, recalled = await asyncio.to_thread(self._recalled, incident.signature)
        # Invariant: from here until the act that is chosen is written down, nothing is awaited. So answers that are
        # given at the same time count each other's acts, and together keep to one budget.
        history = history_of(incident, self.incidents, self.queue, entries, self.playbooks, since)
        case = self._with_playbooks(self._with_history(case, history), history, tried)
        moved = self.hooks.moved(incident.kernel) if failure.phase == "block" else ""
        case = replace(case, diagnosis=fitting(failure), no_code=_no_code(failure, incident.route), moved=moved)
        return _with_fix(case, failure, fix, recalled)

    def _with_history(self, case: Case, history: History) -> Case:
        incident, limits = case.incident, self.limits
        mine = [task for task in self.queue.all() if task.incident_id == incident.id and task.state in FINISHED]
        failed = [task for task in mine if task.state != "learned" and task.queued_at >= history.since]
        return replace(
            case,
            acts=history.acts,
            coded=history.coded,
            budget=limits.budget,
            period=limits.period,
            failed_tasks=len(failed),
            last_failure=failed[0].detail if failed else "",
            loop=repair_loop(history.applied, incident.coarse, incident.provider, limits.loop),
        )

    # ---- playbooks

    def _with_playbooks(self, case: Case, history: History, tried: Mapping[str, str]) -> Case:
        if self.playbooks is None:
            return case
        unfit = {**bad_playbooks(self.playbooks, self.limits.playbook_failures), **tried}
        for name in {run.playbook for run in history.ran}:
            if loop := playbook_loop(history.ran, case.incident.coarse, name, self.limits.loop):
                unfit[name] = loop
        judged = self.playbooks.judge(case.incident, unfit, history.since)
        if judged.pick is None:
            return replace(case, picked_why=judged.why)
        return replace(case, picked=judged.pick.name, picked_why=judged.pick.why)

    # ---- repairs of late

    async def _with_blame(self, case: Case, failure: Failure) -> Case:
        began = began_at(case.incident)
        since = began - self.limits.regret
        entries = await asyncio.to_thread(self._standing, since)
        learned = [entry for entry in entries if self._is_learned(entry, case.incident.id)]
        entry = await asyncio.to_thread(blamed, failure, began, learned) if learned else None
        if entry is None:
            return case
        files = ", ".join(edit.path for edit in entry.edits)
        return replace(case, broke=entry.id, broke_why=f"it fails in what {entry.id} changed in {files}")

    def _standing(self, since: float) -> list[Entry]:
        """Applied patches whose files nobody changed since. Reads files."""
        return [
            entry
            for entry in self.journal.since(since)
            if entry.state == "applied"
            and all(
                file_digest(self.root / edit.path) == after
                for edit, (_, after) in zip(entry.edits, entry.digests, strict=True)
            )
        ]

    def _is_learned(self, entry: Entry, incident_id: str) -> bool:
        task = self.queue.get(entry.id)
        return task is not None and task.state == "learned" and task.incident_id != incident_id

    # ---- knowledge

    def _recalled(self, signature: str) -> tuple[KnownFix | Unreadable | None, Recalled | NotNow | None]:
        """What is known of a signature, and what it comes to in the files as they are. Reads and parses files."""
        fix = self.known.find(signature)
        if not isinstance(fix, KnownFix):
            return fix, None
        recalled = recall(fix, reader(self.root))
        why = recalled.reason if isinstance(recalled, NotNow) and recalled.gone else ""
        return self.known.expire(signature, why) or fix, recalled


def _with_fix(
    case: Case, failure: Failure, fix: KnownFix | Unreadable | None, recalled: Recalled | NotNow | None
) -> Sight:
    if isinstance(fix, Unreadable):
        told = f"what was known of it could not be read ({fix.path.name})"
        return Sight(replace(case, no_fix=told), failure, damaged=fix)
    if fix is None or recalled is None:
        return Sight(case, failure)
    if isinstance(recalled, NotNow):
        expired = "the known fix expired: " if recalled.gone else ""
        return Sight(replace(case, no_fix=f"{expired}{recalled.reason}"), failure)
    if not fix.trusted:
        return Sight(replace(case, no_fix=_distrusted(fix)), failure)
    return Sight(replace(case, fix=fix.summary), failure, Replay(fix, recalled))


def _distrusted(fix: KnownFix) -> str:
    if fix.demoted:
        return f"its fix failed when it was used last (it helped {fix.successes}, failed {fix.failures} times)"
    return f"its fix failed too often ({fix.failures} times)"


def bad_playbooks(playbooks: Playbooks, limit: int) -> Mapping[str, str]:
    """Playbooks whose last runs all failed, and how often; a run that ends well makes one good again."""
    failed: dict[str, int] = {}
    done: set[str] = set()
    for run in playbooks.runs():
        if run.state == "succeeded":
            done.add(run.playbook)
        elif run.state in ENDED_BADLY and run.playbook not in done:
            failed[run.playbook] = failed.get(run.playbook, 0) + 1
    return {name: f"its last {count} runs failed" for name, count in failed.items() if count >= limit}


def began_at(incident: IncidentRecord) -> float:
    """When the failure came, or came back."""
    times = (at for at, _, text in incident.timeline if text.startswith(("opened", "reopened")))
    return max(times, default=incident.opened_at)


def _no_code(failure: Failure, route: str) -> str:
    if failure.phase == "block":
        return "nothing to repair from: it held the loop, and no diagnosis fits that"
    if failure.phase == "trigger" and route != "agent":
        return "it was measured; no code of the workspace raised it"
    return not_ours(failure)
