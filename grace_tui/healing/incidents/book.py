"""The incident book: one row for each thing that is wrong, opened once, counted again, kept over restarts.

The core calls `record` with every KernelFailed, on the supervisor's loop; kernels and verbs read and move incidents
through IncidentPort. Facts go up through the injected `publish`. Bundles are written by the evidence's own thread.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.ids import Ids
from grace_tui.healing.incidents.capture import capture, safe
from grace_tui.healing.incidents.rows import TRIGGER, cheap_key, group_of, opened, signed_anew, with_line
from grace_tui.healing.incidents.shelf import Shelf
from grace_tui.healing.incidents.signature import Rule, Signature, sign
from grace_tui.healing.incidents.states import UnknownIncident, check_move
from grace_tui.healing.store import Store
from grace_tui.kernel.events import Event, IncidentChanged, IncidentOpened, KernelFailed
from grace_tui.kernel.ports import Clock
from grace_tui.kernel.records import IncidentRecord, IncidentState

KEPT = 1_000
"""Incidents that are remembered; beyond that the oldest resolved ones go."""
REOPEN_WITHIN = 3_600.0
RECENT = 256

Key = tuple[str, str]
"""Kernel and group."""


class EvidencePort(Protocol):
    """Writes bundles. `collect` takes what is live at once and answers through `done`, from its own thread."""

    def collect(
        self,
        record: IncidentRecord,
        failure: Failure,
        error: BaseException | None,
        related: tuple[IncidentRecord, ...],
        done: Callable[[str, str, str], None],
    ) -> None:
        """`done` gets the incident's id, the bundle's folder, and why there is none or a part is missing."""

    def remove(self, incident_id: str) -> None: ...

    def close(self) -> None: ...


class IncidentBook:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        root: Path,
        publish: Callable[[Event], object],
        evidence: EvidencePort | None = None,
    ) -> None:
        self.clock, self.root, self.publish, self.evidence = clock, root, publish, evidence
        self._lock = threading.RLock()
        self._shelf = Shelf(store, clock)
        self._ids = Ids("I", self._shelf.rows)
        self._latest: dict[Key, str] = {
            (row.record.kernel, group_of(row.record)): row.record.id for row in self._shelf.rows.values()
        }
        self._inherited = {record.id for record in self._shelf.all() if record.state != "resolved"}
        self._recent: OrderedDict[Hashable, str] = OrderedDict()
        self._rules: tuple[Rule, ...] = ()
        self._told: list[IncidentChanged] = []

    def regroup(self, rules: Sequence[Rule]) -> None:
        """From now on failures are grouped by these rules; an incident that is there keeps its signature and group."""
        with self._lock:
            self._rules = tuple(rules)
            self._recent.clear()

    # ---- what happened

    def record(self, failed: KernelFailed) -> IncidentRecord:
        """Open an incident for a failure, or count it on the one that is open."""
        with self._lock:
            self._flush()
            key = cheap_key(failed)
            known = self._recent.get(key) if key is not None else None
            current = self._current((failed.kernel, known)) if known else None
            if current is not None and current.state != "resolved":
                return self._again(current, failed.at)
            failure = capture(failed.error, kernel=failed.kernel, phase=failed.phase, root=self.root, at=failed.at)
            signature = sign(failure, self._rules)
            if key is not None:
                self._remember(key, signature.group)
            return self._enter(failure, signature, failed.error, by="room")

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
            self._flush()
            failure = Failure(kernel, TRIGGER, kind, safe(message, self.root), frames=(), at=self.clock.time())
            record = self._enter(failure, sign(failure, self._rules), None, by)
            if (route, facts or {}) == (record.route, record.facts):
                return record
            record = replace(record, route=route, facts=dict(facts or {}))
            self._shelf.put(record)
            return record

    def kernel_running(self, kernel: str, by: str) -> tuple[IncidentRecord, ...]:
        """Resolve what a kernel's failures opened, now that it runs again; repairs decide about their own."""
        with self._lock:
            ended = [record for record in self._shelf.all() if record.kernel == kernel and self._is_over(record)]
            return tuple(self._move(record, "resolved", self._why_over(record), by) for record in ended)

    def kernel_quarantined(self, kernel: str, reason: str, by: str) -> tuple[IncidentRecord, ...]:
        """Say on what a kernel's failures opened that it is not restarted any more."""
        with self._lock:
            still = [record for record in self._shelf.all() if record.kernel == kernel and record.state != "resolved"]
            text = f"quarantined: {reason}"
            lines = [with_line(record, self.clock.time(), by, text) for record in still if record.phase != TRIGGER]
            return tuple(self._changed(replace(record, action=record.action or text), text) for record in lines)

    # ---- what is done about it

    def move(self, incident_id: str, state: IncidentState, reason: str, by: str) -> IncidentRecord:
        """
        Raises:
            UnknownIncident: there is no such incident.
            IllegalMove: `state` does not follow the incident's own.
        """
        with self._lock:
            record = self._known(incident_id)
            check_move(incident_id, record.state, state)
            return self._move(record, state, reason, by)

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
            old = self._known(incident_id)
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
            self._inherited.discard(incident_id)
            return self._changed(new, new.action)

    # ---- what is known

    def all(self) -> tuple[IncidentRecord, ...]:
        with self._lock:
            return self._shelf.all()

    def get(self, incident_id: str) -> IncidentRecord | None:
        with self._lock:
            return self._shelf.get(incident_id)

    def failure(self, incident_id: str) -> Failure:
        """The failure that opened the incident, or reopened it.

        Raises:
            UnknownIncident: there is no such incident.
        """
        with self._lock:
            failure = self._shelf.failure(incident_id)
        if failure is None:
            raise UnknownIncident(incident_id)
        return failure

    @property
    def problem(self) -> str:
        """Why incidents are not remembered at the moment; empty when they are."""
        return self._shelf.problem

    def flush(self) -> None:
        """Write and publish what is overdue; the room calls it with every tick."""
        with self._lock:
            self._flush()

    def close(self) -> None:
        if self.evidence is not None:
            self.evidence.close()
        with self._lock:
            self._shelf.flush(everything=True)

    # ---- rules

    def _enter(self, failure: Failure, signature: Signature, error: BaseException | None, by: str) -> IncidentRecord:
        current = self._current((failure.kernel, signature.group))
        if current is None:
            return self._open(failure, signature, error, by)
        if current.state != "resolved":
            return self._again(current, failure.at)
        if self.clock.time() - (current.resolved_at or 0.0) <= REOPEN_WITHIN:
            return self._reopen(signed_anew(current, signature), failure, error, by)
        return self._open(failure, signature, error, by)

    def _open(self, failure: Failure, signature: Signature, error: BaseException | None, by: str) -> IncidentRecord:
        record = opened(self._ids.new(failure.at), failure, signature, by)
        self._latest[record.kernel, group_of(record)] = record.id
        self._make_room()
        self._shelf.put(record, failure)
        self._collect(record, failure, error)
        self.publish(IncidentOpened(record.id, record.kernel, record.signature, record.title))
        return self._known(record.id)

    def _again(self, record: IncidentRecord, at: float) -> IncidentRecord:
        self._inherited.discard(record.id)
        record = replace(record, count=record.count + 1, last_at=max(at, record.last_at))
        return self._changed(record, "happened again", at_once=False)

    def _reopen(self, record: IncidentRecord, failure: Failure, error: BaseException | None, by: str) -> IncidentRecord:
        record = replace(
            record, state="reopened", count=record.count + 1, last_at=failure.at, resolved_at=None, action=""
        )
        record = with_line(record, self.clock.time(), by, "reopened: happened again")
        self._shelf.put(record, failure)
        self._collect(record, failure, error)
        self.publish(IncidentChanged(record.id, record.state, "happened again", record.count))
        return self._known(record.id)

    def _move(self, record: IncidentRecord, state: IncidentState, reason: str, by: str) -> IncidentRecord:
        if record.state == state == "resolved":
            return record
        self._inherited.discard(record.id)
        resolved_at = self.clock.time() if state == "resolved" else None
        record = replace(record, state=state, action=reason, resolved_at=resolved_at)
        return self._changed(with_line(record, self.clock.time(), by, f"{state}: {reason}"), reason)

    def _changed(self, record: IncidentRecord, reason: str, *, at_once: bool = True) -> IncidentRecord:
        self._shelf.put(record, at_once=at_once)
        self.publish(IncidentChanged(record.id, record.state, reason, record.count))
        return record

    def _is_over(self, record: IncidentRecord) -> bool:
        if record.id in self._inherited:
            return True
        return record.phase != TRIGGER and record.state in ("open", "acknowledged", "reopened")

    def _why_over(self, record: IncidentRecord) -> str:
        return "the room was restarted" if record.id in self._inherited else "running again"

    # ---- bookkeeping

    def _current(self, key: Key) -> IncidentRecord | None:
        incident_id = self._latest.get(key)
        return self._shelf.get(incident_id) if incident_id else None

    def _known(self, incident_id: str) -> IncidentRecord:
        record = self._shelf.get(incident_id)
        if record is None:
            raise UnknownIncident(incident_id)
        return record

    def _remember(self, key: Hashable, group: str) -> None:
        self._recent[key] = group
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    def _make_room(self) -> None:
        if len(self._shelf.rows) < KEPT:
            return
        oldest = next((record for record in reversed(self._shelf.all()) if record.state == "resolved"), None)
        if oldest is None:
            return
        self._shelf.drop(oldest.id)
        if self._latest.get((oldest.kernel, group_of(oldest))) == oldest.id:
            del self._latest[oldest.kernel, group_of(oldest)]
        if self.evidence is not None:
            self.evidence.remove(oldest.id)

    def _collect(self, record: IncidentRecord, failure: Failure, error: BaseException | None) -> None:
        if self.evidence is None:
            return
        related = tuple(
            other
            for other in self._shelf.all()
            if other.id != record.id and (other.state != "resolved" or other.coarse == record.coarse)
        )
        self.evidence.collect(record, failure, error, related, self._bundled)

    def _bundled(self, incident_id: str, folder: str, problem: str) -> None:
        """A bundle was written, or not. Called from the evidence's thread, so the fact waits for the next flush."""
        with self._lock:
            record = self._shelf.get(incident_id)
            if record is None:
                return
            record = replace(record, bundle=folder or record.bundle)
            if problem:
                record = with_line(record, self.clock.time(), "evidence", problem)
            self._shelf.put(record)
            self._told.append(IncidentChanged(record.id, record.state, problem or "evidence kept", record.count))

    def _flush(self) -> None:
        self._shelf.flush()
        told, self._told = self._told, []
        for event in told:
            self.publish(event)
