"""A line of a log says when, by a sign from where, and keeps its own indentation."""

import pytest

from grace_tui.faces.ui.draw.text import LONGEST
from grace_tui.faces.ui.lines.log import log_said
from grace_tui.faces.ui.lines.said import Said
from grace_tui.runtime.storage.logs import for_people


@pytest.mark.parametrize(
    ("level", "glyph", "ink"),
    [
        ("info", "·", "text"),
        ("warning", "▲", "warn"),
        ("error", "✖", "bad"),
        ("stdout", "│", "text"),
        ("stderr", "┃", "warn"),
    ],
)
def test_levels_and_streams_have_their_signs(level: str, glyph: str, ink: str, utc: None) -> None:
    assert log_said(for_people(3_661.0, level, "    indented", {})) == [Said("    indented", ink, "01:01:01", glyph)]


def test_a_line_of_another_form_is_shown_as_it_is() -> None:
    assert log_said("web has written nothing yet") == [Said("web has written nothing yet")]


def test_control_sequences_of_a_program_are_shown_not_obeyed() -> None:
    (said,) = log_said("01:01:01 stdout  \x1b[2J\x1b[31mred[/] \x07")
    assert said.text == "␛[2Jred[/] ␇"


def test_a_line_without_end_costs_no_more_than_its_beginning() -> None:
    (said,) = log_said("01:01:01 stdout  " + "x" * 10_000_000)
    assert len(said.text) <= LONGEST
