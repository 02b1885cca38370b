"""What is said is fitted to any width, and found again in it."""

import pytest
from rich.segment import Segment

from grace_tui.faces.ui.lines.kernel import kernel_facts
from grace_tui.faces.ui.lines.pages import task_facts, told
from grace_tui.faces.ui.lines.said import Beside, Said, finder, holds, marked, page_lines
from tests.faces.ui.sample import AT, LOG_TASK, TWO_INCIDENTS
from tests.faces.ui.support import PAINT, texts, width

PAIR = Beside((Said("one", label="left"),), (Said("two", label="right"), Said("three", label="below")))


def test_long_text_wraps_beside_its_label() -> None:
    lines = page_lines([Said("one two three four five six seven", label="because")], 33, PAINT)
    assert texts(lines) == ["because    one two three four", "           five six seven"]


def test_long_text_can_be_cut_instead() -> None:
    lines = page_lines([Said("one two three four five six seven", label="because")], 33, PAINT, wrapped=False)
    assert texts(lines) == ["because    one two three four fi…"]


def test_two_groups_stand_beside_each_other_where_there_is_room() -> None:
    wide = texts(page_lines([PAIR], 100, PAINT))
    assert [line.split() for line in wide] == [["left", "one", "right", "two"], ["below", "three"]]
    assert [line.split()[0] for line in texts(page_lines([PAIR], 60, PAINT))] == ["left", "right", "below"]


@pytest.mark.parametrize("wide", [1, 4, 13, 80, 120])
@pytest.mark.parametrize("wrapped", [True, False])
def test_pages_fill_their_width(wide: int, wrapped: bool) -> None:
    said = [*kernel_facts(TWO_INCIDENTS.kernels[3], AT), *task_facts(LOG_TASK), *told("log", "x\ty" * 99)]
    assert {width(line) for line in page_lines(said, wide, PAINT, wrapped=wrapped)} == {wide}


def test_what_is_found_is_painted_over_the_bounds_of_segments() -> None:
    inks = PAINT.room
    line = marked(
        (Segment("see Gover", inks.text), Segment("nance gover", inks.bad)), finder("governance"), PAINT.notice
    )
    assert [(segment.text, segment.style) for segment in line] == [
        ("see ", inks.text),
        ("Gover", PAINT.notice),
        ("nance", PAINT.notice),
        (" gover", inks.bad),
    ]


def test_what_is_searched_for_is_no_pattern() -> None:
    assert holds(Said("a.b"), finder("A.B"))
    assert not holds(Said("axb"), finder("a.b"))
    assert holds(PAIR, finder("below three"))
