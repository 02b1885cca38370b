"""The monitors say what fits; the keys say the most needed first."""

import pytest

from grace_tui.faces.ui.lines.monitors import keys_line, monitors_line
from grace_tui.faces.views import MonitorView
from tests.faces.ui.sample import BOOTING, CALM, TWO_INCIDENTS
from tests.faces.ui.support import PAINT, style_of, text_of, width

KEYS = [("Enter", "open"), ("r", "restart"), ("w", "why"), ("q", "leave")]


def test_monitors_say_everything_where_there_is_room() -> None:
    assert text_of(monitors_line(CALM.monitors, 120, PAINT)).split("  ")[:3] == [
        " recognition ● 0 seen",
        "triggers ● 10 of 10, next 21 s",
        "refactor ○ 0 tasks",
    ]


def test_a_loud_monitor_keeps_its_words_longest() -> None:
    line = monitors_line(TWO_INCIDENTS.monitors, 72, PAINT)
    assert "recognition ▲ 2 seen" in text_of(line)
    assert "snapshots ●  " in text_of(line) + "  "
    assert style_of(line, "2 seen") == PAINT.room.bad


def test_a_monitor_that_never_reported_says_so() -> None:
    assert "no report yet" in text_of(monitors_line(BOOTING.monitors, 140, PAINT))


def test_a_monitor_that_fell_silent_tells_its_age() -> None:
    silent = MonitorView(name="snapshots", state="ok", text="6 kept", age=7_300.0)
    assert "2 h 01 ago" in text_of(monitors_line([silent], 80, PAINT))


def test_keys_that_do_not_fit_are_left_out_whole() -> None:
    assert text_of(keys_line(KEYS, 30, PAINT)).rstrip() == " Enter open  w why  q leave"


@pytest.mark.parametrize("wide", [0, 1, 7, 40, 200])
def test_both_lines_fill_their_width(wide: int) -> None:
    assert width(keys_line(KEYS, wide, PAINT)) == wide
    assert width(monitors_line(CALM.monitors, wide, PAINT)) == wide
