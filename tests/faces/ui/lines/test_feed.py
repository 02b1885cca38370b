"""An incident says when, where, what, and what is being done."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.feed import incident_lines
from tests.faces.ui.sample import LOG_INCIDENT, RESOLVED
from tests.faces.ui.support import PAINT, style_of, texts, width

INKS = PAINT.room


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def test_an_open_incident_says_what_is_being_done() -> None:
    assert texts(incident_lines(LOG_INCIDENT, 60, INKS)) == [
        " 08:29:04 ⚙ coding_agent                                  ×3",
        "   ImmutableLog.append() got an unexpected keyword argument",
        "   'subsystem'",
        "   ⚙ adding the parameter, gate 5 of 8",
    ]


def test_with_room_it_also_says_where() -> None:
    lines = texts(incident_lines(LOG_INCIDENT, 80, INKS, roomy=True))
    assert "   ⚙ adding the parameter, gate 5 of 8 · in kernels/immutable_log.py" in lines
    assert lines[-1] == ""


def test_a_closed_incident_is_one_quiet_line() -> None:
    lines = incident_lines(RESOLVED, 40, INKS)
    assert texts(lines) == [" 08:22:12 ✓ librarian      resolved 12 s"]
    assert style_of(lines[0], "librarian") == INKS.muted


@pytest.mark.parametrize("state", ["acknowledged", "reopened", "watching", "made_up"])
def test_an_unusual_state_is_told_in_words(state: str) -> None:
    head = texts(incident_lines(msgspec.structs.replace(LOG_INCIDENT, state=state), 60, INKS))[0]
    assert state in head


@pytest.mark.parametrize("wide", [1, 5, 12, 29, 30, 80])
def test_every_line_is_as_wide_as_the_pane(wide: int) -> None:
    assert {width(line) for line in incident_lines(LOG_INCIDENT, wide, INKS, roomy=True)} == {wide}
