"""The header says first whether anything is wrong, then what is done, then how far."""

import msgspec
import pytest

from grace_tui.faces.ui.lines.header import Freshness, banner_line, header_line
from tests.faces.ui.crowd import DEGRADED, MIXED, STALLED
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


@pytest.mark.parametrize(("lag", "ink"), [(99.0, "text"), (140.0, "warn"), (640.0, "strong_bad")])
@pytest.mark.parametrize("width", [80, 120])
def test_header_colours_the_lag_of_a_slow_loop(lag: float, ink: str, width: int) -> None:
    line = header_line(msgspec.structs.replace(CALM, loop_lag_ms=lag), width, PAINT)
    assert style_of(line, f"{lag:.0f} ms") == PAINT.panel.named(ink)


def test_header_keeps_a_lag_that_is_felt_on_a_small_screen() -> None:
    assert "lag" not in text_of(header_line(CALM, 40, PAINT))
    assert "640 ms" in text_of(header_line(msgspec.structs.replace(CALM, loop_lag_ms=640.0), 40, PAINT))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (120, "● 22/24 running 1 done 1 paused"),
        (80, "● 22/24 running 1 done 1 paused"),
        (40, "● 22/24 running 1 done"),
        (16, "● 22/24 ✓1"),
    ],
)
def test_header_accounts_for_those_that_have_completed(width: int, expected: str) -> None:
    assert expected in text_of(header_line(MIXED, width, PAINT))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (120, " grace   degraded: immutable_log   ● 20/25 running 1 done 1 stopped   ✖ 3 failed   ▲ 2 incidents"),
        (80, " grace   ▼ immutable_log   ● 20/25 running 1 done   ✖ 3 failed   ▲ 2 incidents"),
        (40, " ▼ immutable_log   ● 20/25 ✓1   ✖ 3"),
        (20, " ▼ immutable_log"),
    ],
)
def test_header_of_a_degraded_room_names_the_critical_kernel_first(width: int, expected: str) -> None:
    line = header_line(DEGRADED, width, PAINT)
    assert text_of(line).startswith(expected)
    assert style_of(line, "immutable_log") == PAINT.alert


def test_header_counts_the_critical_kernels_it_cannot_name() -> None:
    many = msgspec.structs.replace(DEGRADED, degraded=("message_bus", "immutable_log", "health_monitor", "db"))
    assert " degraded: message_bus, immutable_log, health_monitor +1 " in text_of(header_line(many, 200, PAINT))
    assert " ▼ message_bus +3 " in text_of(header_line(many, 50, PAINT))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (120, " ▲ sandbox holds the loop at kernels/sandbox.py:88 in Sandbox.run, 2.3 s"),
        (80, " ▲ sandbox holds the loop at kernels/sandbox.py:88 in Sandbox.run, 2.3 s"),
        (40, " ▲ sandbox holds the loop…ox.run, 2.3 s"),
    ],
)
def test_header_is_one_alarm_while_the_loop_is_held(width: int, expected: str) -> None:
    line = header_line(STALLED, width, PAINT)
    assert text_of(line).startswith(expected)
    assert {segment.style for segment in line} == {PAINT.alert}


def test_header_of_a_held_loop_keeps_the_counts_where_they_fit() -> None:
    assert text_of(header_line(STALLED, 120, PAINT)).endswith(" 22/24 running ")


def test_header_of_a_held_loop_says_that_nothing_answers() -> None:
    assert "2.3 s  no answer for 9 s" in text_of(header_line(STALLED, 120, PAINT, Freshness(9.0)))


def test_a_measurement_that_changes_moves_no_other() -> None:
    one, other = (
        text_of(header_line(msgspec.structs.replace(CALM, cpu_percent=cpu), 120, PAINT)) for cpu in (3.0, 42.0)
    )
    assert one.index("rss") == other.index("rss")
    assert one.index("lag") == other.index("lag")


def test_banner_shows_the_progress_of_a_drill() -> None:
    assert text_of(banner_line(DRILL, 80, PAINT)).startswith(" ▸ drill seed · step 3 of 5")
