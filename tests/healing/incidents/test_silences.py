"""Silences are kept with a reason and an end, hide what they fit, tell what they hid, and outlive a crash."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from grace_tui.healing.incidents import ledger, silences
from grace_tui.healing.incidents.matching import WrongMatcher
from grace_tui.healing.incidents.silences import LONGEST, REASON_LIMIT, SilenceRefused, Silences
from grace_tui.healing.store import Store, open_store
from grace_tui.kernel.records import IncidentRecord, SilenceRecord
from grace_tui.kernel.testing import ManualClock, sample_incident

REPOSITORY = Path(__file__).parents[3]


@dataclass
class Desk:
    """Silences over a store on disk, and their clock."""

    root: Path
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.store: Store = open_store(self.root / "room.db")
        self.silences = Silences(self.store, self.clock)

    def add(self, seconds: float = 100.0, reason: str = "we move the database", **matcher: object) -> SilenceRecord:
        return self.silences.add(matcher or {"kernel": "web*"}, reason, self.clock.now + seconds, "ann")

    def again(self) -> "Desk":
        """The same after a restart of the process."""
        self.silences.ledger.flush()
        self.store.close()
        return Desk(self.root, self.clock)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def hidden(by: SilenceRecord, incident_id: str = "I-1", at: float = 1_000.0) -> IncidentRecord:
    return sample_incident(incident_id, "web-1", hidden_by=by.id, last_at=at)


def test_a_silence_says_what_it_hides_until_when_why_and_by_whom(desk: Desk) -> None:
    record = desk.add(kind="Timeout", kernel="web*", reason="  we\nmove it ")
    assert record.id.startswith("S-1970")
    assert (dict(record.matcher), record.reason, record.by) == (
        {"kernel": "web*", "kind": "Timeout"},
        "we move it",
        "ann",
    )
    assert (record.starts_at, record.ends_at, record.ended_by) == (1_000.0, 1_100.0, "")
    assert desk.silences.active() == desk.silences.all() == (record,)


def test_it_hides_what_it_fits_until_it_ends(desk: Desk) -> None:
    silence = desk.add()
    web, db = sample_incident("I-1", "web-1"), sample_incident("I-2", "db")
    assert (desk.silences.hides(web), desk.silences.hides(db)) == (silence.id, "")
    desk.clock.now += 100.0
    assert (desk.silences.hides(web), desk.silences.active()) == ("", ())


def test_of_several_the_last_to_end_hides(desk: Desk) -> None:
    desk.add(10.0)
    longest = desk.add(30.0, kernel="*")
    desk.add(20.0)
    assert desk.silences.hides(sample_incident("I-1", "web-1")) == longest.id


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.5, LONGEST + 1, float("inf"), float("nan")])
def test_a_silence_without_a_near_end_is_refused(desk: Desk, seconds: float) -> None:
    with pytest.raises(SilenceRefused, match="a silence ends a second to 31 days after it began"):
        desk.add(seconds)
    assert desk.silences.all() == ()


@pytest.mark.parametrize("reason", ["", " \n ", "x" * (REASON_LIMIT + 1)])
def test_a_silence_without_a_usable_reason_is_refused(desk: Desk, reason: str) -> None:
    with pytest.raises(SilenceRefused, match="a reason has 1 to 500 characters, not"):
        desk.add(reason=reason)


def test_a_silence_with_a_wrong_matcher_is_refused(desk: Desk) -> None:
    with pytest.raises(WrongMatcher, match="did you mean kernel"):
        desk.add(kernle="web")


def test_a_secret_in_a_reason_is_not_kept(desk: Desk) -> None:
    assert desk.add(reason="token=abcdef1234 expires").reason == "token=[redacted] expires"


def test_no_more_are_in_force_than_every_failure_can_be_held_against(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silences, "ACTIVE_LIMIT", 2)
    first = desk.add()
    desk.add()
    with pytest.raises(SilenceRefused, match="2 silences are in force; end one first"):
        desk.add()
    desk.silences.end(first.id, "bob")
    assert desk.add() in desk.silences.active()


def test_one_is_ended_once_by_somebody(desk: Desk) -> None:
    silence = desk.add()
    desk.clock.now += 5.0
    ended = desk.silences.end(silence.id, "bob")
    assert (ended.ends_at, ended.ended_by) == (1_005.0, "bob")
    assert desk.silences.active() == ()
    with pytest.raises(SilenceRefused, match=f"{silence.id} has ended already"):
        desk.silences.end(silence.id, "bob")
    with pytest.raises(SilenceRefused, match="there is no silence 'S-9'"):
        desk.silences.end("S-9", "bob")


def test_the_ledger_tells_what_was_hidden_how_often_and_when(desk: Desk) -> None:
    silence = desk.add()
    desk.silences.took(hidden(silence, "I-1", 990.0))
    for at in (1_001.0, 1_002.0):
        desk.silences.hit(hidden(silence, "I-2", at))
    told = [(line.incident_id, line.count, line.first_at, line.last_at) for line in desk.silences.ledger.of(silence.id)]
    assert told == [("I-2", 2, 1_001.0, 1_002.0), ("I-1", 0, 990.0, 990.0)]


def test_the_totals_are_those_of_the_lines_whatever_becomes_of_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LINES_KEPT", 2)
    silence, other = desk.add(), desk.add()

    def check(desk: Desk) -> None:
        for each in (silence, other):
            lines = desk.silences.ledger.of(each.id)
            assert desk.silences.ledger.totals(each.id) == (len(lines), sum(line.count for line in lines))

    for number in range(5):
        desk.silences.took(hidden(silence, f"I-{number % 3}", 1_000.0 + number))
        desk.silences.hit(hidden(silence, f"I-{number % 3}", 1_000.0 + number))
        desk.silences.hit(hidden(other, at=1_000.0 + number))
        check(desk)
    assert desk.silences.ledger.totals(other.id) == (1, 5)
    again = desk.again()
    check(again)
    again.silences.ledger.forget(other.id)
    assert again.silences.ledger.totals(other.id) == (0, 0)
    again.store.close()


def test_what_an_incident_hides_is_in_no_ledger(desk: Desk) -> None:
    silence = desk.add()
    desk.silences.hit(sample_incident("I-1", "web-1", hidden_by="I-20260101-0001-aaaa"))
    assert desk.silences.ledger.of(silence.id) == ()


def test_a_full_ledger_loses_the_incident_that_is_quiet_longest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "LINES_KEPT", 2)
    silence = desk.add()
    for number, at in enumerate([1_002.0, 1_001.0, 1_003.0]):
        desk.silences.hit(hidden(silence, f"I-{number}", at))
    assert [line.incident_id for line in desk.again().silences.ledger.of(silence.id)] == ["I-2", "I-0"]


def test_all_of_it_is_there_after_a_restart(desk: Desk) -> None:
    gone, kept = desk.add(50.0), desk.add(5_000.0)
    desk.silences.hit(hidden(gone))
    desk.silences.hit(hidden(kept, "I-2"))
    desk.silences.hit(hidden(kept, "I-2"))
    desk.silences.note_warned(kept.id)
    desk.clock.now += 60.0
    again = desk.again().silences
    assert again.all() == (replace(kept, warned=True), gone)
    assert again.active() == (replace(kept, warned=True),)
    assert [(line.incident_id, line.count) for line in again.ledger.of(kept.id)] == [("I-2", 2)]
    assert [line.incident_id for line in again.ledger.of(gone.id)] == ["I-1"]
    assert again.add({"kernel": "x"}, "why", 2_000.0, "ann").id not in (gone.id, kept.id)


def test_the_newest_that_ended_are_remembered_and_older_ones_go_with_their_ledgers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silences, "ENDED_KEPT", 2)
    short = [desk.add(seconds) for seconds in (3.0, 1.0, 2.0)]
    for silence in short:
        desk.silences.hit(hidden(silence))
    desk.clock.now += 10.0
    lasting = desk.add()
    again = desk.again()
    assert [silence.id for silence in again.silences.all()] == [lasting.id, short[2].id, short[0].id]
    assert again.store.read("SELECT count(*) FROM silence_hits") == [(2,)]


@pytest.mark.parametrize(
    "stored",
    [
        b"nonsense",
        b"7",
        b'{"id":"S-bad","matcher":{"knid":"x"},"reason":"r","by":"b","starts_at":1,"ends_at":9e9}',
        b'{"id":"S-bad","matcher":{"kind":"*"},"reason":"r","by":"b","starts_at":1,"ends_at":9e9}',
    ],
    ids=["no-json", "another-type", "a-wrong-matcher", "without-an-end"],
)
def test_a_silence_that_cannot_be_read_is_told_and_hides_nothing(desk: Desk, stored: bytes) -> None:
    good = desk.add()
    desk.store.write("INSERT INTO silences (id, ends_at, record) VALUES ('S-bad', 9e9, ?)", stored)
    again = desk.again()
    assert again.silences.all() == (good,)
    assert len(again.silences.unreadable) == 1
    assert again.silences.unreadable[0].startswith("the silence S-bad cannot be read, and hides nothing: ")
    assert again.store.read("SELECT count(*) FROM silences") == [(2,)]


def test_a_line_of_a_ledger_that_cannot_be_read_is_told_and_hides_no_other(desk: Desk) -> None:
    silence = desk.add()
    desk.silences.hit(hidden(silence))
    desk.store.write("INSERT INTO silence_hits (silence_id, incident_id, record) VALUES (?, 'I-9', '{')", silence.id)
    again = desk.again().silences
    assert [line.incident_id for line in again.ledger.of(silence.id)] == ["I-1"]
    assert again.unreadable[0].startswith(f"what {silence.id} hid of I-9 cannot be read: ")


def test_a_full_disk_refuses_a_new_silence_and_keeps_counting_for_an_old_one(desk: Desk) -> None:
    silence = desk.add()
    desk.silences.hit(hidden(silence))
    pages = desk.store.read("PRAGMA page_count")[0][0]
    desk.store.write(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SilenceRefused, match="the silence cannot be written: database or disk is full"):
        fill(desk)
    for number in range(200):
        desk.silences.hit(hidden(silence, f"I-{number}"))
    assert desk.silences.problem == "database or disk is full"
    desk.store.write("PRAGMA max_page_count = 100000")
    desk.silences.ledger.flush()
    assert desk.silences.problem == ""
    assert len(desk.again().silences.ledger.of(silence.id)) == 200


def fill(desk: Desk) -> None:
    for _ in range(90):
        desk.add(reason="x" * REASON_LIMIT)


def test_silences_and_what_they_hid_survive_a_kill(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from tests.healing.incidents.test_silences import Desk, hidden
desk = Desk(Path({str(tmp_path)!r}))
silence = desk.add(5_000.0)
desk.silences.hit(hidden(silence))
print(silence.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    killed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert killed.returncode == -9
    found = Desk(tmp_path)
    assert [(one.id, one.reason) for one in found.silences.active()] == [
        (killed.stdout.strip(), "we move the database")
    ]
    assert [line.count for line in found.silences.ledger.of(killed.stdout.strip())] == [1]
    found.store.close()
