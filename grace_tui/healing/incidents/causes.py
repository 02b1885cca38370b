"""Who hides whom at the moment: kernels whose failures are another's doing, and incidents that opened a moment ago.

Owned by the incident book and called under its lock. Nothing here outlives the process: what a cause hid stands in its
row; whether a kernel is still down is known anew by its next failure.
"""

from collections import deque
from dataclasses import dataclass

from grace_tui.healing.incidents.inhibition import NOT_COMPILED, Consequence, Family, cause_of
from grace_tui.healing.incidents.register import Register
from grace_tui.healing.incidents.rows import TRIGGER
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

    def cause(self, found: Consequence) -> IncidentRecord | None:
        """The incident that explains a failure."""
        if not found.possible:
            return None
        if found.file:
            return self._broken_for_another(found)
        record = self.register.get(cause_of(found, self.family, self._explains))
        return None if record is None or record.kernel == found.kernel else record

    def hide(self, kernel: str, cause: IncidentRecord) -> None:
        if cause.state != "resolved" and cause.kernel != kernel:
            self._hidden[kernel] = cause.id

    def hidden_by(self, kernel: str) -> str:
        return self._hidden.get(kernel, "")

    def is_up(self, kernel: str) -> None:
        """A kernel runs: nothing hides it any more."""
        self._hidden.pop(kernel, None)

    def resolved(self, record: IncidentRecord) -> tuple[str, ...]:
        """An incident is over; returns the kernels that it hid."""
        self._resolved[record.kernel] = record.id, self._now()
        released = tuple(kernel for kernel, incident_id in self._hidden.items() if incident_id == record.id)
        for kernel in released:
            del self._hidden[kernel]
        return released

    def opened(self, record: IncidentRecord, found: Consequence) -> None:
        """An incident opened that may turn out to be a consequence."""
        if found.possible:
            self._fresh.append(_Fresh(record.id, found, self._now()))

    def consequences(self, record: IncidentRecord) -> list[IncidentRecord]:
        """The incidents of a moment ago that the one which opened now explains."""
        explained = [self.register.get(each.incident_id) for each in self._young() if self._is(each, record)]
        found = [*explained, *(self._about_file(record) if record.phase != TRIGGER else ())]
        return [each for each in found if each is not None and each.state in TAKEN_IN]

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

    def _about_file(self, record: IncidentRecord) -> list[IncidentRecord]:
        """The other unresolved incidents about the file that one is about, if it is about a file at all."""
        file = str(record.facts.get("file", "")) if record.kind in NOT_COMPILED else ""
        return [each for each in self._about(file) if each.id != record.id] if file else []

    def _about(self, file: str) -> list[IncidentRecord]:
        unresolved = self.register.unresolved()
        return [each for each in unresolved if each.kind in NOT_COMPILED and each.facts.get("file") == file]

    def _lacks(self, found: Consequence) -> bool:
        """Whether it is down for want of a kernel, told or not."""
        return bool(found.providers) or cause_of(found, self.family, lambda kernel: kernel) != ""

    def _explains(self, kernel: str) -> str:
        own = self.register.unresolved(kernel)
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
