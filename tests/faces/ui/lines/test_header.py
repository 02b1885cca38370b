"""The header says first whether anything is wrong, then what is done, then how far."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.header import Freshness, banner_line, header_line
from tests.faces.ui.sample import BOOTING, CALM, DRILL, TWO_INCIDENTS
from tests.faces.ui.support import PAINT, style_of, text_of


def test_header_of_a_calm_room_has_no_alert() -> None:
    line = header_line(CALM, 120, PAINT)
    assert all(segment.style != PAINT.alert for segment in line)
    said = " ".join(text_of(line).split())
    assert said == "grace ● 20/20 running chaos idle bus 1.2k/s lag 0.4 ms cpu 3 % rss 118 M up 0:12:09"


def test_header_paints_failures_in_the_brightest_colour() -> None:
    assert style_of(header_line(TWO_INCIDENTS, 120, PAINT), "✖ 2 failed") == PAINT.alert


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(120, "✖ 2 failed   ▲ 2 incidents  ⚙ 1 fixing 1 queued", id="wide"),
        pytest.param(80, "✖ 2 failed   ▲ 2 incidents  ⚙ 1 fixing 1 queued", id="words-before-measurements"),
        pytest.param(40, "● 18/20   ✖ 2 failed   ▲ 2  ⚙ 1+1", id="narrow"),
        pytest.param(30, "● 18/20   ✖ 2   ▲ 2  ⚙ 1+1", id="narrower"),
    ],
)
def test_header_keeps_what_matters_most(width: int, expected: str) -> None:
    assert expected in text_of(header_line(TWO_INCIDENTS, width, PAINT))


def test_header_tells_how_far_a_boot_is() -> None:
    assert "◐ booting 7/20 ━━━───────" in text_of(header_line(BOOTING, 100, PAINT))


def test_header_says_how_old_a_stale_view_is() -> None:
    line = header_line(CALM, 80, PAINT, Freshness(7.4))
    assert style_of(line, "no answer for 7 s") == PAINT.alert


def test_header_of_a_stale_view_is_honest_on_a_small_screen() -> None:
    assert "▲ 7 s old" in text_of(header_line(TWO_INCIDENTS, 40, PAINT, Freshness(7.4)))


def test_header_before_the_first_view_says_that_it_opens() -> None:
    assert "opening" in text_of(header_line(None, 80, PAINT))


def test_header_warns_of_a_slow_loop() -> None:
    slow = msgspec.structs.replace(CALM, loop_lag_ms=640.0)
    assert style_of(header_line(slow, 120, PAINT), "640 ms") == PAINT.panel.warn


def test_a_measurement_that_changes_moves_no_other() -> None:
    one, other = (
        text_of(header_line(msgspec.structs.replace(CALM, cpu_percent=cpu), 120, PAINT)) for cpu in (3.0, 42.0)
    )
    assert one.index("rss") == other.index("rss")
    assert one.index("lag") == other.index("lag")


def test_banner_shows_the_progress_of_a_drill() -> None:
    assert text_of(banner_line(DRILL, 80, PAINT)).startswith(" ▸ drill seed · step 3 of 5")
