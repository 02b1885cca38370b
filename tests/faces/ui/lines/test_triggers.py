"""Rules of triggers as rows and in full."""

import pytest

from grace_tui.faces.ui.lines.said import Said
from grace_tui.faces.ui.lines.triggers import alarm, more_said, rule_facts, rule_lines, rule_rows
from tests.faces.ui.care import RULE, RULES
from tests.faces.ui.support import PAINT, squeezed, width

INKS = PAINT.room


@pytest.fixture(autouse=True)
def _in_utc(utc: None) -> None:
    """Times are local."""


def test_firing_rules_come_first_then_those_that_cannot_be_measured() -> None:
    rows = rule_rows(RULES)
    assert [row.state for row in rows] == ["firing", "problem", "quiet", "quiet", "cooling", "waiting"]
    assert alarm(rows) == "1 firing"
    assert alarm(rows[1:]) == "5 rules"


def test_a_row_says_value_threshold_and_how_near_it_is() -> None:
    rows = rule_rows(RULES)
    assert squeezed(line for row in rows for line in rule_lines(row, 60, INKS)) == [
        "▲ queue_growth 5.0k of 1.0k messages ━━━━━━━━",
        "✗ schema_drift not measured",
        "● cpu_pressure 12 of 90 % ━───────",
        "● predicted_failure 0.42 of 0.7 ━━━━────",
        "◌ secret_drift 0 of 1 ────────",
        "◌ memory_pressure – of 85 % ────────",
    ]


def test_the_name_is_kept_where_not_all_fits() -> None:
    assert squeezed(rule_lines(rule_rows(RULES)[0], 30, INKS)) == ["▲ queue_growth 5.0k of 1.0k"]


def test_the_facts_say_who_acts_and_when_it_looks_again() -> None:
    said = {one.label: one.text for one in rule_facts(rule_rows(RULES)[0]) if isinstance(one, Said)}
    assert said["state"] == "fires for task.code_refactor"
    assert (said["fires"], said["clears"]) == ("from 1.0k messages on", "at 800 messages and below")
    assert said["who acts"] == "playbook:high_queue_backlog"
    assert said["next check"] == "in 21 s, every 30 s, and on kernel.state"


def test_what_it_measured_lately_is_drawn() -> None:
    said = list(more_said(RULE))
    assert said[1].text.endswith("█")
    assert said[2].text == "0 to 4.8k"
    assert ("task.code_refactor", "bad") in [(one.label, one.ink) for one in said]


@pytest.mark.parametrize("told", [None, [3], [{"value": 1}], "rules"])
def test_an_answer_without_rules_gives_no_rows(told: object) -> None:
    assert rule_rows(told) == ()


@pytest.mark.parametrize("told", [None, {"recent": 3}, {"subjects": ["x"]}])
def test_an_odd_answer_about_one_rule_says_nothing_more(told: object) -> None:
    assert list(more_said(told)) == []


@pytest.mark.parametrize("wide", [1, 5, 12, 30, 44, 120])
def test_every_row_is_as_wide_as_the_pane(wide: int) -> None:
    assert {width(line) for row in rule_rows(RULES) for line in rule_lines(row, wide, INKS)} == {wide}
