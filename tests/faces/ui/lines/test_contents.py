"""The line that names a page's sections."""

import pytest

from grace_tui.faces.ui.lines.contents import contents_line, sections
from grace_tui.faces.ui.lines.said import Beside, Said, heading
from tests.faces.ui.support import PAINT, style_of, texts, width

TITLES = ["what happened", "done and tried", "timeline", "traceback", "locals", "log", "changes", "around it", "why"]


def test_sections_are_where_the_headings_are() -> None:
    assert sections([heading("a"), Said("x"), Beside((), ()), heading("b")]) == [0, 3]


def test_with_room_titles_are_whole_and_without_it_their_first_words() -> None:
    assert texts([contents_line(TITLES[:3], 1, 60, PAINT)]) == ["1 what happened  2 done and tried  3 timeline"]
    assert texts([contents_line(TITLES[:3], 1, 30, PAINT)]) == ["1 what  2 done  3 timeline"]


def test_the_section_in_sight_stands_out_and_keeps_its_word_longest() -> None:
    line = contents_line(TITLES, 3, 40, PAINT)
    assert texts([line]) == ["1 2 3 4 traceback 5 6 7 8 9"]
    assert style_of(line, "traceback") == PAINT.room.strong


@pytest.mark.parametrize("wide", [1, 5, 20, 76, 200])
def test_the_line_is_as_wide_as_the_page(wide: int) -> None:
    assert width(contents_line(TITLES, 0, wide, PAINT)) == wide
