"""IncidentBook: one row for each thing that is wrong, counted, moved, kept over restarts and kills."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.book import KEPT, REOPEN_WITHIN, IncidentBook
from grace_tui.healing.incidents.rows import FIRST_LINES, LAST_LINES
from grace_tui.healing.incidents.states import IllegalMove, UnknownIncident, is_run_watched
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.errors import RemoteFailure
from grace_tui.kernel.events import Event, IncidentChanged, IncidentOpened
from grace_tui.kernel.ports import IncidentPort
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.workshop import failed, story

REPOSITORY = Path(__file__).parents[3]


@dataclass
class Room:
    """A book over a store on disk, its clock, and what it published."""

    root: Path
    clock: ManualClock = field(default_factory=ManualClock)
    events: list[Event] = field(default_factory=list)
    keep: int = KEPT

    def __post_init__(self) -> None:
        self.store: Store = open_store(self.root / ".grace/room.db")
        self.book = IncidentBook(self.store, self.clock, self.root, self.events.append, keep=self.keep)

    def restarted(self) -> "Room":
        self.close()
        return Room(self.root, self.clock, keep=self.keep)

    def close(self) -> None:
        self.book.close()
        self.store.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.close()


def test_the_book_is_what_kernels_are_promised(room: Room) -> None:
    port: IncidentPort = room.book
    assert port.all() == ()


def test_a_failure_opens_an_incident_that_names_the_provider(room: Room) -> None:
    record = room.book.record(failed(story(room.root)))
    assert (record.state, record.count, record.provider) == ("open", 1, "kernels/immutable_log.py")
    assert record.title == "TypeError: ImmutableLog.append() got an unexpected keyword argument 'subsystem'"
    assert record.timeline == ((1_000.0, "room", "opened: TypeError in start"),)
    assert room.events == [IncidentOpened(record.id, "coding_agent", record.signature, record.title)]
    assert room.book.all() == (record,)
    assert room.book.failure(record.id).consumers == ("kernels/coding_agent.py",)


def test_the_same_failure_of_the_same_kernel_is_counted(room: Room) -> None:
    first = room.book.record(failed(ValueError("task 1 failed"), at=1_000.0))
    again = room.book.record(failed(ValueError("task 2 failed"), at=1_005.0))
    assert (again.id, again.count, again.opened_at, again.last_at) == (first.id, 2, 1_000.0, 1_005.0)
    assert room.events[1:] == [IncidentChanged(first.id, "open", "happened again", 2)]


@pytest.mark.parametrize(
    ("error", "kernel"), [(ValueError("other"), "coding_agent"), (ValueError("this"), "governance")]
)
def test_another_failure_or_another_kernel_is_another_incident(room: Room, error: ValueError, kernel: str) -> None:
    room.book.record(failed(ValueError("this")))
    room.book.record(failed(error, kernel=kernel))
    assert len({record.id for record in room.book.all()}) == 2


def test_incidents_are_told_newest_first(room: Room) -> None:
    ids = [room.book.record(failed(ValueError(name))).id for name in ("one", "two", "three")]
    assert [record.id for record in room.book.all()] == ids[::-1]


def test_a_move_is_published_dated_and_explained(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.clock.now = 1_010.0
    moved = room.book.move(record.id, "in_repair", "adding the parameter", "coding_agent")
    assert (moved.state, moved.action, moved.resolved_at) == ("in_repair", "adding the parameter", None)
    assert moved.timeline[-1] == (1_010.0, "coding_agent", "in_repair: adding the parameter")
    assert room.events[-1] == IncidentChanged(record.id, "in_repair", "adding the parameter", 1)


def test_moves_that_do_not_follow_and_unknown_incidents_are_refused(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.book.move(record.id, "resolved", "fixed", "coding_agent")
    with pytest.raises(IllegalMove):
        room.book.move(record.id, "in_repair", "again", "coding_agent")
    with pytest.raises(UnknownIncident, match="there is no incident I-0"):
        room.book.move("I-0", "resolved", "x", "y")


def test_resolving_twice_changes_nothing(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    resolved = room.book.move(record.id, "resolved", "fixed", "coding_agent")
    told = len(room.events)
    assert room.book.move(record.id, "resolved", "really", "somebody") == resolved
    assert len(room.events) == told


@pytest.mark.parametrize(("later", "reopens"), [(REOPEN_WITHIN, True), (REOPEN_WITHIN + 1, False)])
def test_what_comes_back_within_the_hour_is_reopened(room: Room, later: float, reopens: bool) -> None:
    first = room.book.record(failed(ValueError("x")))
    room.book.move(first.id, "resolved", "fixed", "coding_agent")
    room.clock.now += later
    again = room.book.record(failed(ValueError("x"), at=room.clock.now))
    assert (again.id == first.id) is reopens
    assert (again.state, again.count, again.resolved_at) == (("reopened", 2, None) if reopens else ("open", 1, None))


def test_what_becomes_known_is_noted_and_published_once(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    noted = room.book.note(record.id, provider="kernels/a.py", action="queued", task_id="T-1", bundle="logs/b")
    assert (noted.provider, noted.action, noted.task_id, noted.bundle) == ("kernels/a.py", "queued", "T-1", "logs/b")
    told = len(room.events)
    assert room.book.note(record.id, action="queued") == noted
    assert len(room.events) == told


def test_a_breach_that_a_trigger_measured_is_an_incident_without_an_exception(room: Room) -> None:
    one = room.book.report("sandbox", "DiskLow", "3.1 GB free, password=hunter22", "trigger_mesh")
    two = room.book.report("sandbox", "DiskLow", "2.9 GB free, password=hunter22", "trigger_mesh")
    assert (two.id, two.count, two.phase) == (one.id, 2, "trigger")
    assert one.title == "DiskLow: 3.1 GB free, password=[redacted]"
    assert room.book.failure(one.id).kind == "DiskLow"
    assert one.timeline[0][1] == "trigger_mesh"


@pytest.mark.parametrize(
    ("state", "ends"),
    [("open", True), ("acknowledged", True), ("in_repair", False), ("watching", False), ("suppressed", False)],
)
def test_a_kernel_that_runs_again_ends_what_no_repair_is_about(room: Room, state: str, ends: bool) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.book.move(record.id, state, "so it is", "somebody")  # type: ignore[arg-type]
    other = room.book.record(failed(ValueError("x"), kernel="governance"))
    ended = room.book.kernel_running("coding_agent", "supervisor")
    assert [one.id for one in ended] == ([record.id] if ends else [])
    assert all(one.action == "running again" for one in ended)
    assert room.book.get(other.id) == other


def test_a_kernel_that_runs_again_is_watched_before_its_incident_ends(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    (watched,) = room.book.kernel_running("coding_agent", "supervisor", 30.0)
    assert (watched.state, watched.action) == ("watching", "running again; watched for 30 s")
    assert is_run_watched(watched)
    room.events.clear()
    again = room.book.record(failed(ValueError("x")))
    assert (again.id, again.state, again.count) == (record.id, "reopened", 2)
    assert [event.state for event in room.events if isinstance(event, IncidentChanged)] == ["reopened"]
    assert [text for _, _, text in again.timeline if text.startswith("resolved")] == []


def test_a_note_on_what_is_watched_does_not_make_a_repair_of_it(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.book.kernel_running("coding_agent", "supervisor", 30.0)
    assert is_run_watched(room.book.note(record.id, action="moved to a process of its own"))


def test_each_further_start_begins_the_watch_anew(room: Room) -> None:
    room.book.record(failed(ValueError("x")))
    room.book.kernel_running("coding_agent", "supervisor", 30.0)
    room.clock.now += 20
    (watched,) = room.book.kernel_running("coding_agent", "supervisor", 30.0)
    assert watched.timeline[-1] == (room.clock.now, "supervisor", "watching: running again; watched for 30 s")


def test_what_a_former_run_left_is_watched_as_well(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    again = room.restarted()
    (watched,) = again.book.kernel_running("coding_agent", "supervisor", 30.0)
    assert (watched.id, watched.action) == (record.id, "running again after the room was restarted; watched for 30 s")
    again.close()


def test_a_reported_breach_does_not_end_because_the_kernel_runs(room: Room) -> None:
    room.book.report("coding_agent", "DiskLow", "3 GB", "trigger_mesh")
    assert room.book.kernel_running("coding_agent", "supervisor") == ()


# ---- over restarts


def test_a_restart_forgets_nothing(room: Room) -> None:
    record = room.book.record(failed(story(room.root)))
    record = room.book.move(record.id, "in_repair", "trying", "coding_agent")
    failure = room.book.failure(record.id)
    again = room.restarted()
    assert again.book.get(record.id) == record
    assert again.book.failure(record.id) == failure
    again.close()


@pytest.mark.parametrize("state", ["open", "in_repair", "watching"])
def test_what_a_former_run_left_ends_only_when_its_kernel_runs(room: Room, state: str) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.book.move(record.id, state, "so it is", "somebody")  # type: ignore[arg-type]
    again = room.restarted()
    assert again.book.get(record.id) is not None
    assert again.book.kernel_running("governance", "supervisor") == ()
    (ended,) = again.book.kernel_running("coding_agent", "supervisor")
    assert (ended.state, ended.action) == ("resolved", "the room was restarted")
    again.close()


def test_what_happens_again_after_a_restart_is_this_runs_own(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    again = room.restarted()
    assert again.book.record(failed(ValueError("x"))).count == 2
    again.book.move(record.id, "in_repair", "trying", "coding_agent")
    assert again.book.kernel_running("coding_agent", "supervisor") == ()
    again.close()


def test_ids_are_not_given_twice_over_restarts(room: Room) -> None:
    first = room.book.record(failed(ValueError("one"), at=1_795_392_000.0))
    again = room.restarted()
    second = again.book.record(failed(ValueError("two"), at=1_795_392_000.0))
    assert [text.rpartition("-")[0] for text in (first.id, second.id)] == ["I-20261123-0001", "I-20261123-0002"]
    again.close()


def test_a_killed_room_loses_no_incident(room: Room) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from tests.healing.incidents.test_book import Room
from tests.healing.incidents.workshop import failed
room = Room(Path(sys.argv[1]))
for name in ("one", "two", "three"):
    record = room.book.record(failed(ValueError(name)))
room.book.move(record.id, "in_repair", "trying", "coding_agent")
os.kill(os.getpid(), signal.SIGKILL)
"""
    room.close()
    command = [sys.executable, "-c", script, str(room.root)]
    assert subprocess.run(command, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}).returncode == -9
    again = Room(room.root)
    assert [record.state for record in again.book.all()] == ["in_repair", "open", "open"]
    assert again.book.failure(again.book.all()[0].id).message == "three"
    again.close()


# ---- storms, long lives, full disks


def test_a_storm_costs_few_writes_and_loses_no_count(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[str] = []
    write = room.store.write

    def counted(sql: str, *parameters: object) -> None:
        writes.append(sql)
        write(sql, *parameters)

    monkeypatch.setattr(room.store, "write", counted)
    for number in range(1_000):
        room.clock.now += 0.001
        room.book.record(failed(ValueError(f"task {number} failed"), at=room.clock.now))
    assert len(writes) <= 6
    again = room.restarted()
    assert [record.count for record in again.book.all()] == [1_000]
    again.close()


def test_what_waits_to_be_written_is_written_at_the_next_flush(room: Room) -> None:
    for _ in range(5):
        room.book.record(failed(ValueError("x")))
    room.clock.now += 1.0
    room.book.flush()
    other = open_store(room.root / ".grace/room.db")
    reader = IncidentBook(other, room.clock, room.root, lambda event: None)
    assert [record.count for record in reader.all()] == [5]
    other.close()


def test_a_timeline_keeps_its_beginning_and_its_end(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    for number in range(300):
        record = room.book.move(record.id, "open", f"try {number}", "somebody")
    assert len(record.timeline) == FIRST_LINES + LAST_LINES
    assert record.timeline[0][2] == "opened: ValueError in start"
    assert record.timeline[-1][2] == "open: try 299"


def test_the_oldest_resolved_incident_makes_room(tmp_path: Path) -> None:
    room = Room(tmp_path, keep=3)
    ids = [room.book.record(failed(ValueError(name))).id for name in ("one", "two", "three")]
    room.book.move(ids[1], "resolved", "fixed", "coding_agent")
    room.book.record(failed(ValueError("four")))
    again = room.restarted()
    assert {record.message for record in again.book.all()} == {"one", "three", "four"}
    again.close()


def test_a_full_disk_costs_memory_of_the_incident_not_the_incident(room: Room) -> None:
    room.store.write("PRAGMA max_page_count = 1")
    errors = [ValueError(f"{name}{'.' * 3_000}") for name in "abcdefghijklmnopqrst"]
    records = [room.book.record(failed(error)) for error in errors]
    assert len(room.book.all()) == len(errors)
    assert room.book.problem == "database or disk is full"
    assert [room.book.failure(record.id).message[0] for record in records] == list("abcdefghijklmnopqrst")
    room.store.write("PRAGMA max_page_count = 100000")
    room.clock.now += 1.0
    room.book.flush()
    assert room.book.problem == ""
    again = room.restarted()
    assert len(again.book.all()) == len(errors)
    again.close()


def test_a_row_that_cannot_be_read_does_not_hide_the_others(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.store.write("INSERT INTO incidents (id, opened_at, record, failure) VALUES ('I-bad', 1.0, 'nonsense', '')")
    again = room.restarted()
    assert [one.id for one in again.book.all()] == [record.id]
    assert again.store.read("SELECT count(*) FROM incidents") == [(2,)]
    again.close()


def test_a_hostile_exception_opens_an_incident_too(room: Room) -> None:
    class Hostile(Exception):
        def __str__(self) -> str:
            raise RuntimeError

        def __getattribute__(self, name: str) -> object:
            raise RuntimeError

    assert room.book.record(failed(Hostile())).kind == "Hostile"


# ---- evidence


@dataclass
class FakeEvidence:
    """Takes what it is given and answers when told to."""

    given: list[tuple[IncidentRecord, tuple[IncidentRecord, ...], Callable[[str, str, str], None]]] = field(
        default_factory=list
    )
    removed: list[str] = field(default_factory=list)
    closed: bool = False

    def collect(
        self,
        record: IncidentRecord,
        failure: Failure,
        error: BaseException | None,
        related: tuple[IncidentRecord, ...],
        done: Callable[[str, str, str], None],
    ) -> None:
        self.given.append((record, related, done))

    def remove(self, incident_id: str) -> None:
        self.removed.append(incident_id)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def evidence(room: Room) -> FakeEvidence:
    room.book.evidence = FakeEvidence()
    return room.book.evidence


def test_a_bundle_is_known_as_soon_as_it_is_written_and_told_at_the_next_flush(
    room: Room, evidence: FakeEvidence
) -> None:
    record = room.book.record(failed(ValueError("x")))
    told = len(room.events)
    evidence.given[0][2](record.id, "logs/incidents/I", "")
    known = room.book.get(record.id)
    assert known is not None
    assert known.bundle == "logs/incidents/I"
    assert len(room.events) == told
    room.book.flush()
    assert room.events[told:] == [IncidentChanged(record.id, "open", "evidence kept", 1)]


def test_a_bundle_that_could_not_be_written_is_a_line_of_the_timeline(room: Room, evidence: FakeEvidence) -> None:
    record = room.book.record(failed(ValueError("x")))
    evidence.given[0][2](record.id, "", "no evidence kept: disk full")
    known = room.book.get(record.id)
    assert known is not None
    assert (known.bundle, known.timeline[-1][1:]) == ("", ("evidence", "no evidence kept: disk full"))


def test_evidence_is_taken_when_an_incident_opens_and_reopens_only(room: Room, evidence: FakeEvidence) -> None:
    for _ in range(3):
        record = room.book.record(failed(ValueError("x")))
    room.book.move(record.id, "resolved", "fixed", "coding_agent")
    room.book.record(failed(ValueError("x")))
    assert [given.state for given, _, _ in evidence.given] == ["open", "reopened"]


def test_related_are_open_incidents_and_those_of_the_same_coarse_signature(room: Room, evidence: FakeEvidence) -> None:
    gone = room.book.record(failed(ValueError("something else")))
    alike = room.book.record(failed(TypeError("no 'a' here")))
    for record in (gone, alike):
        room.book.move(record.id, "resolved", "fixed", "coding_agent")
    still = room.book.record(failed(ValueError("still open")))
    room.book.record(failed(TypeError("no 'b' here")))
    assert [record.id for record in evidence.given[-1][1]] == [still.id, alike.id]


def test_what_is_released_is_told_as_what_opens(room: Room) -> None:
    record = room.book.record(failed(ValueError("x")))
    room.book.take(record.id, "ann", "ann")
    room.book.release(record.id, "holiday", "ann")
    opened = [event for event in room.events if isinstance(event, IncidentOpened)]
    assert opened == [IncidentOpened(record.id, "coding_agent", record.signature, record.title)] * 2


def test_a_failure_that_stands_for_many_is_counted_as_many(room: Room) -> None:
    def told(times: int) -> IncidentRecord:
        printed = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: bad'
        return room.book.record(failed(RemoteFailure("ValueError", "bad", printed=printed, times=times)))

    first = told(1)
    assert (told(97).id, told(1).count, room.book.rate(first.id)) == (first.id, 99, 99.0)
    room.book.move(first.id, "resolved", "seen to", "ann")
    assert (told(5).state, told(2).count) == ("reopened", 106)
