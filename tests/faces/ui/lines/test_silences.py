"""Silences as rows and in full, and the forms that begin one."""

import pytest

from grace_tui.faces.ui.lines.said import Said
from grace_tui.faces.ui.lines.silences import (
    free_form,
    ledger_said,
    silence_facts,
    silence_form,
    silence_lines,
    silence_rows,
)
from tests.faces.ui.care import LEDGER, NIGHT, OVER, RELEASE
from tests.faces.ui.sample import AT, LOG_INCIDENT
from tests.faces.ui.support import PAINT, squeezed

INKS = PAINT.room


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def test_a_row_says_what_is_hidden_until_when_why_and_how_much() -> None:
    rows = silence_rows((NIGHT, RELEASE, OVER), AT)
    assert squeezed(line for row in rows for line in silence_lines(row, 70, INKS)) == [
        "▲ kernel memory_fusion, kind LogSilence 3 min left",
        "it is being moved to the new disk, see ticket 4711 hides 1 ×12",
        "○ kernel api_server 1 h 50 left",
        "the release of the evening hides nothing",
        "– kind CpuPressure ended 23 h 00 ago",
    ]


def test_a_row_changes_when_its_time_is_told_in_other_words() -> None:
    assert silence_rows((RELEASE,), AT + 1) == silence_rows((RELEASE,), AT + 2)
    assert silence_rows((RELEASE,), AT + 1) != silence_rows((RELEASE,), AT + 61)


def test_the_facts_say_who_ended_it() -> None:
    said = {one.label: one.text for one in silence_facts(OVER, AT) if isinstance(one, Said)}
    assert said["state"] == "ended 23 h 00 ago by ada"
    assert (said["hid"], said["ended"]) == ("3 incidents, 311 failures meanwhile", "2025-11-14 09:29")


def test_the_ledger_tells_what_it_hid() -> None:
    said = ledger_said(LEDGER)
    assert [(one.label, one.text) for one in said[1:]] == [
        ("08:28:44", "memory_fusion"),
        (" ", "no log line for 300 s  ×12, I-1002"),
    ]
    assert ledger_said(None)[-1].text == "nothing so far"


def test_the_form_of_an_incident_offers_what_is_like_it() -> None:
    form, matchers = silence_form(LOG_INCIDENT)
    assert [value for value, _ in form.fields[0].options] == list(matchers)
    assert matchers["kind"] == {"kernel": "coding_agent", "kind": "TypeError"}
    assert matchers["this"]["signature"] == LOG_INCIDENT.signature


def test_no_silence_begins_without_a_reason() -> None:
    for form in (silence_form(LOG_INCIDENT)[0], free_form(["librarian"]).type("librarian")):
        refused = form.missing()
        assert refused is not None
        assert refused.fields[refused.at].name == "reason"
        assert "needs a reason" in refused.said
