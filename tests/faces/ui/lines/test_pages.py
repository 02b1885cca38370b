"""Pages: facts of the newest view, then what the room told."""

import pytest

from grace_tui.faces.ui.lines.pages import ink_of, task_facts, told
from grace_tui.faces.ui.lines.said import Said, page_lines
from tests.faces.ui.sample import LOG_TASK
from tests.faces.ui.support import PAINT, style_of, texts


def facts(said: list[Said]) -> dict[str, str]:
    return {one.label: one.text for one in said if one.label}


def test_task_page_lists_every_gate_with_its_verdict() -> None:
    found = facts(task_facts(LOG_TASK))
    assert (found["types"], found["tests"], found["policy"]) == ("passed   412 ms", "running", "pending")


@pytest.mark.parametrize(
    ("line", "ink"),
    [
        ("+added", "ok"),
        ("-removed", "bad"),
        ("@@ -1 +1 @@", "accent"),
        ("+++ b/file", "strong"),
        ("08:29 ERROR gave up", "bad"),
        ("08:29 WARNING slow", "warn"),
        ("all well", "text"),
    ],
)
def test_lines_of_diffs_and_logs_are_coloured_by_what_they_say(line: str, ink: str) -> None:
    assert ink_of(line) == ink


def test_a_refusal_is_told_in_the_bad_colour() -> None:
    lines = page_lines(told("log", "no such kernel", failed=True), 40, PAINT)
    assert texts(lines)[1] == "✗ no such kernel"
    assert style_of(lines[1], "no such kernel") == PAINT.room.bad


def test_an_empty_answer_is_told_as_nothing() -> None:
    assert texts(page_lines(told("", ""), 40, PAINT)) == ["nothing"]
