"""An incident's page says what happened, who has it, what it hides, and what was tried."""

import msgspec
import pytest

from grace_tui.faces.ui.draw import figures
from grace_tui.faces.ui.lines.incident import incident_facts, measured, timeline, tried
from grace_tui.faces.ui.lines.said import Said, Saying
from tests.faces.ui.care import ACTS, BUS, HIDDEN, TENDED
from tests.faces.ui.sample import AT, CALM, LOG_INCIDENT, RESOLVED


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def facts(said: list[Said]) -> dict[str, str]:
    return {one.label: one.text for one in said if one.label}


def told(said: list[Saying]) -> list[str]:
    return [f"{one.label.strip()} {one.glyph} {one.text}".strip() for one in said if isinstance(one, Said)]


def test_the_facts_say_how_often_since_when_and_where_the_evidence_is() -> None:
    found = facts(incident_facts(LOG_INCIDENT, AT + 30))
    assert found["state"] == "in repair, seen 3 times"
    assert (found["opened"], found["evidence"]) == ("08:29:04, 30 s ago", "logs/incidents/i-0008")


def test_a_storm_says_its_rate_and_what_else_was_counted_in_it() -> None:
    found = facts(incident_facts(BUS, AT))
    assert found["state"] == "acknowledged, seen 42 times, 38/min now"
    assert found["storm"] == "3 failures of other signatures were counted here as well"


def test_what_a_trigger_measured_is_told_beside_its_threshold() -> None:
    facts_of_rule = {"rule": "queue_growth", "value": 5000.0, "threshold": 1000, "unit": "messages", "topic": "task.*"}
    said = facts(list(measured(facts_of_rule)))
    assert said == {"measured": "5.0k messages; it fires from 1.0k on, the rule queue_growth"}


@pytest.mark.parametrize("odd", [None, {}, {"rule": "x"}, [1], "value"])
def test_where_nothing_was_measured_nothing_is_told(odd: object) -> None:
    assert list(measured(odd)) == []


def test_the_owner_is_told_and_where_nobody_is_how_to_become_it() -> None:
    assert facts(incident_facts(BUS, AT))["owner"] == "ada"
    assert facts(incident_facts(LOG_INCIDENT, AT))["owner"] == "nobody has taken it; a does"
    assert "owner" not in facts(incident_facts(RESOLVED, AT))


def test_a_hidden_incident_says_what_hides_it() -> None:
    assert facts(incident_facts(HIDDEN, AT))["hidden by"] == "S-2001: nobody is asked about it meanwhile"


def test_a_cause_lists_the_failures_that_it_explains() -> None:
    found = incident_facts(BUS, AT)
    assert "it hides 8 failures of others" in [one.text for one in found]
    assert facts(found)["librarian"] == "needs message_bus, which is down  ×7, 3 s ago"


def test_what_was_tried_tells_runs_with_their_steps_and_tasks_with_their_gates() -> None:
    assert told(tried(BUS, TENDED))[0].startswith("playbook ⚙ high_queue_backlog, running, for 2.4 s")
    assert "drain it ✓  412 ms 4,100 messages put aside" in told(tried(BUS, TENDED))
    task = told(tried(LOG_INCIDENT, TENDED))
    assert task[0] == "task ⚙ immutable_log.append + subsystem: gating, 2.3 s"
    assert "✓ parse, lint, types, import" in task


def test_where_nothing_was_tried_the_page_says_so() -> None:
    assert told(tried(msgspec.structs.replace(LOG_INCIDENT, id="I-9"), CALM)) == ["nothing yet"]


def test_the_timeline_tells_who_did_what_and_marks_the_moves() -> None:
    said = list(timeline(ACTS, AT))
    assert (said[1].label, said[1].text) == ("08:29:04", "self_healing: in_repair: queued as t-0008 behind nothing")
    assert (said[1].ink, said[2].ink) == ("strong_accent", "text")


def test_a_timeline_of_several_days_says_where_each_begins() -> None:
    days = [AT - 86_400, AT - 86_390, AT - 30]
    said = list(timeline([(at, "room", "opened") for at in days], AT))
    lines = [one.label or one.text for one in said]
    assert lines == [
        figures.day(days[0]),
        *(figures.clock_time(at) for at in days[:2]),
        figures.day(AT),
        figures.clock_time(days[2]),
    ]


def test_a_timeline_that_is_none_is_left_out() -> None:
    assert list(timeline(["odd", [1, 2], None], AT)) == []
