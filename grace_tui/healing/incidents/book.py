"""The incident book: one row for each thing that is wrong, opened once, counted again, kept over restarts.

The core calls `record` with every KernelFailed, on the supervisor's loop; kernels and verbs read and move incidents
through IncidentPort. Facts go up through the injected `publish`. Bundles are written by the evidence's own thread.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import safe
from grace_tui.healing.incidents.causes import Causes
from grace_tui.healing.incidents.inhibition import Family
from grace_tui.healing.incidents.intake import Intake
from grace_tui.healing.incidents.life import REOPEN_WITHIN, EvidencePort, Life
from grace_tui.healing.incidents.register import Register
from grace_tui.healing.incidents.rows import TRIGGER, hidden, with_line
from grace_tui.healing.incidents.signature import Rule
from grace_tui.healing.incidents.states import UnknownIncident, check_move
from grace_tui.healing.store import Store
from grace_tui.kernel.events import Event, KernelFailed
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, IncidentState

__all__ = ["GROUP_WAIT", "KEPT", "REOPEN_WITHIN", "EvidencePort", "IncidentBook"]

KEPT = 1_000
"""Incidents that are remembered; beyond that the oldest resolved ones go."""
GROUP_WAIT = 0.2
"""Seconds in which a cause may be told after its consequences."""


def _nothing_hides(record: IncidentRecord) -> str:
    return ""


def _nobody_asks(*told: object) -> None: ...


class IncidentBook:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        root: Path,
        publish: Callable[[Event], object],
        evidence: EvidencePort | None = None,
        *,
        group_wait: float = GROUP_WAIT,
        keep: int = KEPT,
    ) -> None:
        self.clock, self.root, self.publish, self.evidence = clock, root, publish, evidence
        self.suppress: Callable[[IncidentRecord], str] = _nothing_hides
        """Asked of what opens or comes back: the silence that hides it, or nothing."""
        self.hit: Callable[[IncidentRecord, int], object] = _nobody_asks
        """Told how many failures were counted while their incident is suppressed."""
        self.released: Callable[[str, str], object] = _nobody_asks
        """Told of each kernel that an incident hid, and the incident, once that is resolved."""
        self._lock = threading.RLock()
        self._rows = Register(store, clock, publish, keep)
        self._causes = Causes(self._rows, group_wait)
        self._life = Life(self._rows, self._causes, self)
        self._intake = Intake(self._rows, self._causes, self._life, root)

    def join_family(self, family: Family) -> None:
        """From now on a kernel's failure may be explained by one that it requires."""
        self._causes.family = family

    def regroup(self, rules: Sequence[Rule]) -> None:
        """From now on failures are grouped by these rules; an incident that is there keeps its signature and group."""
        with self._lock:
            self._intake.regroup(tuple(rules))

    # ---- what happened

    def record(self, failed: KernelFailed) -> IncidentRecord:
        """Open an incident for a failure, or count it: on the one that is open, or on the one that explains it."""
        with self._lock:
            self._rows.flush()
            return self._intake.take(failed)

    def report(
        self,
        kernel: str,
        kind: str,
        message: str,
        by: str,
        *,
        route: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> IncidentRecord:
        """Open (or count again) an incident that no exception announced."""
        with self._lock:
            self._rows.flush()
            failure = Failure(kernel, TRIGGER, kind, safe(message, self.root), frames=(), at=self.clock.time())
            return self._intake.report(failure, by, route, facts or {})

    def kernel_running(self, kernel: str, by: str, watch: float = 0.0) -> tuple[IncidentRecord, ...]:
        """Watch for `watch` seconds what a kernel's failures opened, now that it runs again; with none, resolve it.

        Repairs decide about their own. Whoever follows answers ends the watch.
        """
        with self._lock:
            own = self._rows.unresolved(kernel)
            over = [*own, *self._causes.is_up(kernel)]
            return tuple(self._life.runs(record, watch, by) for record in over if self._life.ends_with_run(record))

    def kernel_quarantined(self, kernel: str, reason: str, by: str) -> tuple[IncidentRecord, ...]:
        """Say on what a kernel's failures opened that it is not restarted any more."""
        with self._lock:
            still = [record for record in self._rows.unresolved(kernel) if record.phase != TRIGGER]
            text = f"quarantined: {reason}"
            lines = [with_line(record, self.clock.time(), by, text) for record in still]
            return tuple(self._rows.change(replace(record, action=record.action or text), text) for record in lines)

    def kernel_gone(self, kernel: str, reason: str, by: str) -> tuple[IncidentRecord, ...]:
        """Resolve what is open about a kernel that the room does not have any more."""
        with self._lock:
            self._causes.is_up(kernel)
            return tuple(self._life.move(record, "resolved", reason, by) for record in self._rows.unresolved(kernel))

    # ---- what is done about it

    def move(self, incident_id: str, state: IncidentState, reason: str, by: str) -> IncidentRecord:
        """
        Raises:
            UnknownIncident: there is no such incident.
            IllegalMove: `state` does not follow the incident's own.
            HasSuccessor: it cannot be reopened, because a newer one is about the same failures.
        """
        with self._lock:
            record = self._rows.known(incident_id)
            check_move(incident_id, record.state, state)
            return self._life.move(record, state, reason, by)

    def take(self, incident_id: str, owner: str, by: str, reason: str = "") -> IncidentRecord:
        """Give an incident an owner: a person who looks after it.

        Raises:
            UnknownIncident: there is no such incident.
            IllegalMove: it is resolved.
        """
        with self._lock:
            return self._life.take(self._rows.known(incident_id), owner, by, reason)

    def release(self, incident_id: str, reason: str, by: str) -> IncidentRecord:
        """Take its owner from an incident; one that was only acknowledged is open again.

        Raises:
            UnknownIncident: there is no such incident.
        """
        with self._lock:
            return self._life.give_back(self._rows.known(incident_id), reason, by)

    def hide(self, incident_id: str, what: str, reason: str, by: str) -> IncidentRecord:
        """Suppress an incident that `what`, a silence, hides.

        Raises:
            UnknownIncident: there is no such incident.
            IllegalMove: it is resolved, or being watched.
        """
        with self._lock:
            record = self._rows.known(incident_id)
            check_move(incident_id, record.state, "suppressed")
            return self._rows.change(hidden(record, what, self.clock.time(), by, reason), reason)

    def unhide(self, what: str, reason: str, by: str = "room") -> tuple[IncidentRecord, ...]:
        """Bring back what a silence hid: to be answered, or to the person who looks after it."""
        with self._lock:
            held = [record for record in self._rows.unresolved() if record.hidden_by == what]
            return tuple(self._life.reopen(record, reason, by) for record in held if record.state == "suppressed")

    def note(
        self,
        incident_id: str,
        *,
        provider: str | None = None,
        action: str | None = None,
        task_id: str | None = None,
        bundle: str | None = None,
        by: str = "room",
    ) -> IncidentRecord:
        """Write down what became known; a new action is a line of the timeline too."""
        with self._lock:
            old = self._rows.known(incident_id)
            new = replace(
                old,
                provider=old.provider if provider is None else provider,
                action=old.action if action is None else action,
                task_id=old.task_id if task_id is None else task_id,
                bundle=old.bundle if bundle is None else bundle,
            )
            if new == old:
                return old
            if new.action != old.action:
                new = with_line(new, self.clock.time(), by, new.action)
            self._life.inherited.discard(incident_id)
            return self._rows.change(new, new.action)

    def remark(self, incident_id: str, text: str, by: str) -> IncidentRecord:
        """Put a person's words into the timeline; what is being done about the incident stays.

        Raises:
            UnknownIncident: there is no such incident.
        """
        with self._lock:
            record = self._rows.known(incident_id)
            return self._rows.change(with_line(record, self.clock.time(), by, text), text)

    # ---- what is known

    def all(self) -> tuple[IncidentRecord, ...]:
        with self._lock:
            return self._rows.all()

    def get(self, incident_id: str) -> IncidentRecord | None:
        with self._lock:
            return self._rows.get(incident_id)

    def failure(self, incident_id: str) -> Failure:
        """The failure that opened the incident, or reopened it.

        Raises:
            UnknownIncident: there is no such incident.
            UnreadableFailure: what is stored of it is no failure.
        """
        with self._lock:
            failure = self._rows.shelf.failure(incident_id)
        if failure is None:
            raise UnknownIncident(incident_id)
        return failure

    def rate(self, incident_id: str) -> float:
        """Failures within the last minute; it falls by itself."""
        with self._lock:
            return self._rows.rate(incident_id)

    def hidden_by(self, kernel: str) -> str:
        """The incident that explains why a kernel fails at the moment; empty where its failures are its own."""
        with self._lock:
            return self._causes.hidden_by(kernel)

    def wait_left(self, incident_id: str) -> float:
        """Seconds in which a cause of this incident may still be told: whoever answers it waits for so long."""
        with self._lock:
            return self._causes.wait_left(incident_id)

    @property
    def problem(self) -> str:
        """Why incidents are not remembered at the moment; empty when they are."""
        return self._rows.shelf.problem

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Ids of stored incidents that could not be read, and why."""
        return self._rows.shelf.unreadable

    # ---- its own life

    def flush(self) -> None:
        """Write and publish what is overdue; the room calls it with every tick."""
        with self._lock:
            self._rows.flush()

    def close(self) -> None:
        if self.evidence is not None:
            self.evidence.close()
        with self._lock:
            self._rows.shelf.flush(everything=True)

    def bundled(self, incident_id: str, folder: str, problem: str) -> None:
        """A bundle was written, or not. Called from the evidence's thread, so the fact waits for the next flush."""
        with self._lock:
            record = self._rows.get(incident_id)
            if record is None:
                return
            record = replace(record, bundle=folder or record.bundle)
            if problem:
                record = with_line(record, self.clock.time(), "evidence", problem)
            self._rows.put(record)
            self._rows.tidings.owe(incident_id, problem or "evidence kept")

    def unbundled(self, incident_id: str, why: str) -> None:
        """A bundle was deleted. Called from the evidence's thread as well."""
        with self._lock:
            record = self._rows.get(incident_id)
            if record is None or not record.bundle:
                return
            told = f"evidence deleted: {why}"
            self._rows.put(with_line(replace(record, bundle=""), self.clock.time(), "evidence", told))
            self._rows.tidings.owe(incident_id, told)
