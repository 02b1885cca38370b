"""Playbooks and their runs as rows and in full."""

import pytest

from grace_tui.faces.ui.lines.runs import in_order, playbook_facts, playbook_rows, run_facts, run_lines
from grace_tui.faces.ui.lines.said import Said
from tests.faces.ui.care import ASKING, ENDED, PLAYBOOKS, RUN
from tests.faces.ui.sample import AT
from tests.faces.ui.support import PAINT, squeezed, style_of

INKS = PAINT.room


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def test_what_waits_for_a_person_comes_first_and_what_is_over_last() -> None:
    rows = in_order((ENDED, RUN, ASKING), playbook_rows(PLAYBOOKS))
    assert [row.id for row in rows] == [
        "R-3002",
        "R-3001",
        "playbook cpu_saturation",
        "playbook high_queue_backlog",
        "playbook kernel_heartbeat_gap",
        "R-3000",
    ]


def test_a_question_stands_under_its_run_in_the_brightest_ink() -> None:
    lines = run_lines(ASKING, 70, INKS)
    assert squeezed(lines) == [
        "? message_bus_acl_violation asks you 1/2",
        "May governance publish on system.control from now on?",
    ]
    assert style_of(lines[1], "May governance") == INKS.strong_accent


def test_a_run_under_way_says_its_step_and_how_far_it_is() -> None:
    assert squeezed(run_lines(RUN, 50, INKS)) == ["⚙ high_queue_backlog running 2/5", "◔ one more worker"]


def test_a_run_that_is_over_is_one_quiet_line() -> None:
    assert squeezed(run_lines(ENDED, 50, INKS)) == ["✗ kernel_heartbeat_gap failed 08:22:04"]


def test_a_playbook_says_its_outcomes_and_its_score() -> None:
    rows = playbook_rows(PLAYBOOKS)
    assert squeezed(run_lines(rows[1], 50, INKS)) == ["▸ high_queue_backlog ✓12 ✗1 0.87"]
    assert squeezed(run_lines(rows[2], 50, INKS)) == ["▸ kernel_heartbeat_gap no outcome 0.50"]


def test_every_step_says_what_it_did_and_how_long_it_took() -> None:
    said = {one.label: f"{one.glyph} {one.text}" for one in run_facts(ENDED, AT) if isinstance(one, Said)}
    assert said["what it does"] == "✓   12 ms in kernels/librarian.py:88"
    assert said["restart it"] == "✗    30 s still no beat after 30 s"
    assert said["quarantine it"] == "–         skipped"
    assert said["state"] == "✗ failed, 08:22:04, took 32 s"


def test_a_playbook_lists_its_own_runs() -> None:
    rows = playbook_rows(PLAYBOOKS)
    said = [one for one in playbook_facts(rows[2], (RUN, ENDED), AT) if isinstance(one, Said)]
    assert said[-1].text.startswith("failed for librarian, i-0007 restart it")
    assert [one.text for one in playbook_facts(rows[0], (RUN,), AT) if isinstance(one, Said)][-1] == "none is kept"


@pytest.mark.parametrize("told", [None, "no", [{"says": "nameless"}], [3], {"name": "x"}])
def test_an_answer_without_playbooks_gives_no_rows(told: object) -> None:
    assert playbook_rows(told) == ()
