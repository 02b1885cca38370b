"""What becomes of a failure, and of an incident: opened, counted, come back, moved, hidden, a part of a storm.

The incident book calls these under its lock, with failures that were looked at already.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.causes import Causes
from grace_tui.healing.incidents.inhibition import Consequence
from grace_tui.healing.incidents.register import Register
from grace_tui.healing.incidents.rows import (
    TRIGGER,
    came_back,
    counted,
    hidden,
    hiding,
    moved,
    opened,
    signed_anew,
    title_of,
    with_line,
)
from grace_tui.healing.incidents.signature import Signature
from grace_tui.healing.incidents.silences import is_silence
from grace_tui.healing.incidents.states import RUNS_AGAIN, UNANSWERED, IllegalMove, is_run_watched
from grace_tui.kernel.events import Event, IncidentOpened
from grace_tui.kernel.records import IncidentRecord, IncidentState

REOPEN_WITHIN = 3_600.0
ROOM = "room"
NOTHING = Consequence("")
RUNS_WITHOUT_REPAIR = frozenset({"open", "acknowledged", "reopened"})
A_STORM = "a storm: failures that are like it but signed otherwise are counted here, as variants"


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


class Outside(Protocol):
    """What the book is told from outside, and tells."""

    publish: Callable[[Event], object]
    evidence: EvidencePort | None
    suppress: Callable[[IncidentRecord], str]
    hit: Callable[[IncidentRecord, int], object]
    released: Callable[[str, str], object]

    def bundled(self, incident_id: str, folder: str, problem: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Happened:
    """A failure, as it was looked at."""

    failure: Failure
    signature: Signature
    error: BaseException | None = None
    by: str = ROOM
    consequence: Consequence = NOTHING
    route: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    times: int = 1
    """How many such failures it stands for."""

    @property
    def title(self) -> str:
        return title_of(self.failure)


class Life:
    def __init__(self, rows: Register, causes: Causes, outside: Outside) -> None:
        self.rows, self.causes, self.outside = rows, causes, outside
        self.inherited = {record.id for record in rows.unresolved() if not self._is_silenced(record)}
        """What a former run of the room left unresolved, and nothing happened to since; a silence outlives the room."""

    # ---- what happened

    def known(self, what: Happened) -> IncidentRecord | None:
        """The row that counts such failures: an unresolved one, or one that was resolved not long ago."""
        record = self.rows.current(what.failure.kernel, what.signature.group)
        if record is None or (record.state == "resolved" and not self._is_recent(record)):
            return None
        return record

    def open(self, what: Happened) -> IncidentRecord:
        record = opened(self.rows.ids.new(what.failure.at), what.failure, what.signature, what.by, what.times)
        record = replace(record, route=what.route, facts=what.facts)
        self._forget_bundles(self.rows.add(record, what.failure))
        self.rows.happened(record.id, what.times)
        self._begin(record, what)
        if self._is_hidden(record, what.times):
            return self.rows.known(record.id)
        self.outside.publish(IncidentOpened(record.id, record.kernel, record.signature, record.title))
        self.causes.opened(record, what.consequence)
        return self._with_consequences(record, what.consequence)

    def again(self, record: IncidentRecord, at: float, *, variant: bool = False, times: int = 1) -> IncidentRecord:
        """Count a failure on its row, or one of another signature on a row that is like it."""
        self.inherited.discard(record.id)
        if variant and not record.variants:
            record = with_line(record, self._now(), ROOM, A_STORM)
        record = counted(record, at, variant=variant, times=times)
        self.rows.happened(record.id, times)
        if record.state == "suppressed":
            self.outside.hit(record, times)
        return self.rows.count(record, "happened again")

    def come_back(self, record: IncidentRecord, what: Happened, *, variant: bool = False) -> IncidentRecord:
        """Count a failure on its row that was over, or nearly so, which is reopened by it."""
        if not variant:
            record = signed_anew(record, what.signature)
        record = came_back(record, what.failure.at, self._now(), what.by, variant=variant, times=what.times)
        record = replace(record, route=what.route, facts=what.facts)
        self.rows.put(record, what.failure)
        self.rows.happened(record.id, what.times)
        self._begin(record, what)
        if self._is_hidden(record, what.times):
            return self.rows.known(record.id)
        self.rows.tidings.act(record, "happened again")
        self.causes.opened(record, what.consequence)
        return self._with_consequences(record, what.consequence)

    def explained(
        self, cause: IncidentRecord, found: Consequence, title: str, at: float, *, times: int = 1
    ) -> IncidentRecord:
        """Count a failure on the incident of another kernel that explains it."""
        kernel = found.kernel
        if cause.coarse == found.coarse:  # what went wrong there goes wrong again, only for another
            cause = replace(cause, last_at=max(at, cause.last_at))
            if is_run_watched(cause):
                cause = self.move(cause, "reopened", f"{kernel} fails by it", ROOM)
        self.causes.hide(kernel, cause)
        return self.rows.count(hiding(cause, kernel, title, at, times), f"hides a failure of {kernel}")

    # ---- what is done about it

    def move(self, record: IncidentRecord, state: IncidentState, reason: str, by: str) -> IncidentRecord:
        if record.state == state == "resolved":
            return record
        if record.state == "resolved":
            self.rows.check_latest(record)
        self.inherited.discard(record.id)
        record = self.rows.change(moved(record, state, self._now(), by, reason), reason)
        if state == "resolved":
            self._release(record, f"{record.id}, which explained it, is resolved")
        return record

    def reopen(self, record: IncidentRecord, reason: str, by: str) -> IncidentRecord:
        """Open, and told as what opens is: whoever answers incidents hears of it. A person's is theirs again."""
        if record.owner:
            return self.move(record, "acknowledged", f"{reason}; {record.owner} looks after it", by)
        record = self.move(record, "open", reason, by)
        self.outside.publish(IncidentOpened(record.id, record.kernel, record.signature, record.title))
        return record

    def take(self, record: IncidentRecord, owner: str, by: str, reason: str) -> IncidentRecord:
        """
        Raises:
            IllegalMove: it is resolved.
        """
        if record.state == "resolved":
            raise IllegalMove(record.id, record.state, "acknowledged")
        why = f"taken by {owner}" if record.owner in ("", owner) else f"taken by {owner} from {record.owner}"
        why = f"{why}: {reason}" if reason else why
        record = replace(record, owner=owner)
        if record.state in UNANSWERED:
            return self.move(record, "acknowledged", why, by)
        return self.rows.change(with_line(record, self._now(), by, why), why)

    def give_back(self, record: IncidentRecord, reason: str, by: str) -> IncidentRecord:
        why = f"released by {record.owner or by}: {reason}"
        record = replace(record, owner="")
        if record.state == "acknowledged":
            return self.reopen(record, why, by)
        return self.rows.change(with_line(record, self._now(), by, why), why)

    def ends_with_run(self, record: IncidentRecord) -> bool:
        """Whether it ends because its kernel runs: what is being repaired is decided by its repair."""
        if record.id in self.inherited:
            return True
        explained = record.state == "suppressed" and not self._is_silenced(record)
        return record.phase != TRIGGER and (explained or record.state in RUNS_WITHOUT_REPAIR or is_run_watched(record))

    def runs(self, record: IncidentRecord, watch: float, by: str) -> IncidentRecord:
        """Its kernel runs: it is over once that has been so for `watch` seconds; until then it may come back."""
        inherited = record.id in self.inherited
        if not watch or record.phase == TRIGGER or record.state == "suppressed":
            return self.move(record, "resolved", "the room was restarted" if inherited else RUNS_AGAIN, by)
        why = f"{RUNS_AGAIN} after the room was restarted" if inherited else RUNS_AGAIN
        record = self.move(record, "watching", f"{why}; watched for {watch:g} s", by)
        self._release(record, f"the kernel of {record.id}, which explained it, runs again")
        return record

    def _is_silenced(self, record: IncidentRecord) -> bool:
        """Whether a silence hides it, and not another incident: it comes back with the end of that."""
        return record.state == "suppressed" and (not record.hidden_by or is_silence(record.hidden_by))

    # ---- beginnings

    def _begin(self, record: IncidentRecord, what: Happened) -> None:
        evidence = self.outside.evidence
        if evidence is None:
            return
        related = tuple(
            other
            for other in self.rows.all()
            if other.id != record.id and (other.state != "resolved" or other.coarse == record.coarse)
        )
        evidence.collect(record, what.failure, what.error, related, self.outside.bundled)

    def _is_hidden(self, record: IncidentRecord, times: int) -> bool:
        """Whether a silence, or what is told already, hides what opened or came back; nobody answers it then."""
        silence = self.outside.suppress(record)
        if not silence:
            same = self.causes.same(record)
            if same is not None:
                self._take_in(record, same)
            return same is not None
        reason = f"hidden by {silence}"
        record = self.rows.change(hidden(self.rows.known(record.id), silence, self._now(), ROOM, reason), reason)
        self.outside.hit(record, times)
        return True

    def _with_consequences(self, record: IncidentRecord, found: Consequence) -> IncidentRecord:
        """Take in what opened before and is explained by this."""
        for other in self.causes.consequences(record, found):
            self._take_in(other, record)
        return self.rows.known(record.id)

    def _take_in(self, other: IncidentRecord, record: IncidentRecord) -> None:
        """Hide an incident behind the one that explains it."""
        reason = f"explained by {record.id}"
        self.rows.change(hidden(self.rows.known(other.id), record.id, self._now(), ROOM, reason), reason)
        cause = hiding(self.rows.known(record.id), other.kernel, other.title, other.last_at, other.count)
        self.causes.hide(other.kernel, cause)
        self.rows.count(cause, f"hides a failure of {other.kernel}")

    # ---- ends

    def _release(self, cause: IncidentRecord, why: str) -> None:
        """What an incident hid is over with it; a failure that still comes opens an incident of its own."""
        for record in self.rows.unresolved():
            if record.hidden_by == cause.id:
                self.move(record, "resolved", why, ROOM)
        for kernel in self.causes.resolved(cause):
            self.outside.released(kernel, cause.id)

    def _forget_bundles(self, gone: tuple[str, ...]) -> None:
        if self.outside.evidence is not None:
            for incident_id in gone:
                self.outside.evidence.remove(incident_id)

    def _is_recent(self, record: IncidentRecord) -> bool:
        return self._now() - (record.resolved_at or 0.0) <= REOPEN_WITHIN

    def _now(self) -> float:
        return self.rows.clock.time()
