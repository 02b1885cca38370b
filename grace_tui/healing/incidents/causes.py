"""Who hides whom at the moment: kernels whose failures are another's doing, and incidents that opened a moment ago.

Owned by the incident book and called under its lock. Nothing here outlives the process: what a cause hid stands in its
row; whether a kernel is still down is known anew by its next failure.
"""

from collections import deque
from dataclasses import dataclass, replace

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.inhibition import (
    NOT_COMPILED,
    Consequence,
    Family,
    cause_of,
    consequence_of,
    raised_in,
)
from grace_tui.healing.incidents.register import Register
from grace_tui.healing.incidents.rows import TRIGGER
from grace_tui.healing.incidents.states import is_run_watched
from grace_tui.kernel.records import IncidentRecord, IncidentState

TAKEN_IN: frozenset[IncidentState] = frozenset({"open", "reopened", "acknowledged"})
"""States in which an incident can still become a part of another one."""
UNDER_WAY: frozenset[IncidentState] = frozenset({"in_repair", "watching"})
NOTHING = Consequence("")


@dataclass(frozen=True, slots=True)
class _Fresh:
    incident_id: str
    consequence: Consequence
    at: float
    """Monotonic."""


class Causes:
    def __init__(self, register: Register, wait: float) -> None:
        self.register, self.wait = register, wait
        """Seconds in which a cause may be told after its consequences."""
        self.family: Family | None = None
        self._hidden: dict[str, str] = {}
        """Kernel -> the incident that hides its failures."""
        self._resolved: dict[str, tuple[str, float]] = {}
        """Kernel -> what was resolved last, and when (monotonic): a kernel that is restarted at once was down too."""
        self._fresh: deque[_Fresh] = deque()

    def look(self, failure: Failure, coarse: str) -> Consequence:
        """What may make a failure the consequence of another's."""
        found, file = consequence_of(failure), raised_in(failure)
        if not file or self.family is None:
            return found
        return replace(found, raised_by=self.family.made_from(file), coarse=coarse)

    def cause(self, found: Consequence) -> IncidentRecord | None:
        """The incident that explains a failure."""
        if not found.possible:
            return None
        if found.file:
            return self._broken_for_another(found)
        record = self.register.get(cause_of(found, self.family, self._explains))
        if record is not None and record.kernel != found.kernel:
            return record
        return self._raised_by_another(found) if found.of_callee else None

    def hide(self, kernel: str, cause: IncidentRecord) -> None:
        if cause.state != "resolved" and not is_run_watched(cause) and cause.kernel != kernel:
            self._hidden[kernel] = cause.id

    def hidden_by(self, kernel: str) -> str:
        return self._hidden.get(kernel, "")

    def is_up(self, kernel: str) -> list[IncidentRecord]:
        """A kernel runs: nothing hides it any more. Returns what hid it, where nobody is down by that any more."""
        cause = self.register.get(self._hidden.pop(kernel, ""))
        if cause is None or self.family is None or cause.id in self._hidden.values():
            return []
        return [cause] if self.family.is_up(cause.kernel) else []

    def resolved(self, record: IncidentRecord) -> tuple[str, ...]:
        """An incident is over, or its kernel runs again; returns the kernels that it hid."""
        self._resolved[record.kernel] = record.id, self._now()
        released = tuple(kernel for kernel, incident_id in self._hidden.items() if incident_id == record.id)
        for kernel in released:
            del self._hidden[kernel]
        return released

    def opened(self, record: IncidentRecord, found: Consequence) -> None:
        """An incident opened that may turn out to be a consequence."""
        if found.possible:
            self._fresh.append(_Fresh(record.id, found, self._now()))

    def consequences(self, record: IncidentRecord, found: Consequence) -> list[IncidentRecord]:
        """The incidents that the one which opened now explains: of a moment ago, or of what it raised for others."""
        explained = [self.register.get(each.incident_id) for each in self._young() if self._is(each, record)]
        about = [*self._of_callers(found), *(self._about_file(record) if record.phase != TRIGGER else ())]
        told = {each.id: each for each in (*explained, *about) if each is not None}
        return [each for each in told.values() if each.state in TAKEN_IN]

    def same(self, record: IncidentRecord) -> IncidentRecord | None:
        """The incident that tells of the same broken file already: the failure that it caused goes before its measure.

        A measure that is answered already goes before the failure: two answers to one file would undo one another.
        """
        others = self._about_file(record)
        if record.phase == TRIGGER:
            return next((other for other in others if other.phase != TRIGGER), None)
        return next((other for other in others if other.phase == TRIGGER and other.state in UNDER_WAY), None)

    def wait_left(self, incident_id: str) -> float:
        """Seconds until nothing that is told later can explain it any more; none where nothing could."""
        for each in self._young():
            if each.incident_id == incident_id and self._lacks(each.consequence):
                return max(each.at + self.wait - self._now(), 0.0)
        return 0.0

    def _is(self, each: _Fresh, record: IncidentRecord) -> bool:
        cause = self.cause(each.consequence)
        return cause is not None and cause.id == record.id and each.incident_id != record.id

    def _broken_for_another(self, found: Consequence) -> IncidentRecord | None:
        """Where a file does not compile: the incident of the first kernel that failed by it, if that is another."""
        raised = [each for each in self._about(found.file) if each.phase != TRIGGER and each.state != "suppressed"]
        return None if any(each.kernel == found.kernel for each in raised) or not raised else raised[-1]

    def _raised_by_another(self, found: Consequence) -> IncidentRecord | None:
        """The incident of the kernel that raised it; else of the first that it was raised for, if that is another."""
        raised = [each for each in self.register.of_coarse(found.coarse) if _is_told(each)]
        if any(each.kernel == found.kernel for each in raised):
            return None
        own = next((each for each in raised if each.kernel in found.raised_by), None)
        return own or next(iter(raised), None)

    def _of_callers(self, found: Consequence) -> list[IncidentRecord]:
        """Where a kernel fails in its own code: the incidents of others that it raised the same for."""
        if found.kernel not in found.raised_by:
            return []
        raised = filter(_is_told, self.register.of_coarse(found.coarse))
        return [each for each in raised if each.kernel not in found.raised_by]

    def _about_file(self, record: IncidentRecord) -> list[IncidentRecord]:
        """The other unresolved incidents about the file that one is about, if it is about a file at all."""
        file = str(record.facts.get("file", "")) if record.kind in NOT_COMPILED else ""
        return [each for each in self._about(file) if each.id != record.id] if file else []

    def _about(self, file: str) -> list[IncidentRecord]:
        unresolved = self.register.unresolved()
        return [each for each in unresolved if each.kind in NOT_COMPILED and each.facts.get("file") == file]

    def _lacks(self, found: Consequence) -> bool:
        """Whether it is down for want of a kernel, or by one that it called, told or not."""
        return found.of_callee or bool(found.providers) or cause_of(found, self.family, lambda kernel: kernel) != ""

    def _explains(self, kernel: str) -> str:
        own = [found for found in self.register.unresolved(kernel) if not is_run_watched(found)]
        record = next((found for found in own if found.phase != TRIGGER), own[0] if own else None)
        if record is not None:
            return self._root(record).id
        if kernel in self._hidden:
            return self._root(self.register.known(self._hidden[kernel])).id
        incident_id, at = self._resolved.get(kernel, ("", 0.0))
        return incident_id if incident_id and self._now() - at <= self.wait else ""

    def _root(self, record: IncidentRecord) -> IncidentRecord:
        """The incident that hides this one, and the one that hides that."""
        seen = {record.id}
        while (above := self.register.get(record.hidden_by)) is not None and above.id not in seen:
            record = above
            seen.add(record.id)
        return record

    def _young(self) -> deque[_Fresh]:
        while self._fresh and self._now() - self._fresh[0].at > self.wait:
            self._fresh.popleft()
        return self._fresh

    def _now(self) -> float:
        return self.register.clock.monotonic()


def _is_told(record: IncidentRecord) -> bool:
    """Whether it was raised, and stands for itself."""
    return record.phase != TRIGGER and record.state != "suppressed"
