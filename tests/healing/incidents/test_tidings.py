"""What the book tells: acts at once, counts at a bounded rate, the newest form last."""

from dataclasses import replace

from grace_tui.healing.incidents.tidings import TELL_EVERY, Tidings
from grace_tui.kernel.events import Event, IncidentChanged
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock

RECORD = IncidentRecord("I-1", "web", "run", "E", "x", "E: x", "e-1", "e", "open", 1.0, 1.0, 1)


def test_counts_are_told_at_a_bounded_rate_and_in_their_newest_form() -> None:
    clock, told = ManualClock(), list[Event]()
    tidings = Tidings(told.append, clock)
    records = [replace(RECORD, count=count) for count in range(2, 1_002)]
    for record in records:
        clock.now += 0.001
        tidings.counted(record, "happened again")
    clock.now += TELL_EVERY
    tidings.flush(lambda incident_id: records[-1])
    assert len(told) <= 1.0 / TELL_EVERY + 2
    assert told[-1] == IncidentChanged("I-1", "open", "happened again", 1_001)
    tidings.flush(lambda incident_id: records[-1])
    assert told[-1] == IncidentChanged("I-1", "open", "happened again", 1_001)
    assert len({event.count for event in told if isinstance(event, IncidentChanged)}) == len(told)


def test_an_act_is_told_at_once_and_says_what_was_owed() -> None:
    clock, told = ManualClock(), list[Event]()
    tidings = Tidings(told.append, clock)
    tidings.counted(RECORD, "happened again")
    tidings.counted(replace(RECORD, count=2), "happened again")
    tidings.act(replace(RECORD, count=2, state="acknowledged"), "seen")
    clock.now += 1
    tidings.flush(lambda incident_id: RECORD)
    assert told[1:] == [IncidentChanged("I-1", "acknowledged", "seen", 2)]


def test_nothing_is_told_of_what_is_forgotten() -> None:
    told = list[Event]()
    tidings = Tidings(told.append, ManualClock())
    tidings.owe("I-1", "evidence kept")
    tidings.owe("I-2", "evidence kept")
    tidings.forget("I-1")
    tidings.flush(lambda incident_id: None)
    assert told == []
