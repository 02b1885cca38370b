"""Numbers are short, and no number breaks a screen."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.ui.draw import figures

ANY = st.one_of(st.none(), st.integers(), st.floats())


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (7_500, "2 h 05"),
        (200_000, "2 d"),
        (-4, "0 s"),
        (None, "–"),
        (math.nan, "–"),
    ],
)
def test_duration_is_read_at_a_glance(seconds: float | None, expected: str) -> None:
    assert figures.duration(seconds) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(729, "0:12:09"), (3_661, "1:01:01"), (277_500, "3 d 05:05")])
def test_uptime_counts_days_apart(seconds: float, expected: str) -> None:
    assert figures.uptime(seconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7, "7"), (999, "999"), (1_211, "1.2k"), (12_110, "12k"), (35_000_000, "35M"), (-1_500, "-1.5k"), (10**40, "∞")],
)
def test_short_keeps_two_digits_that_matter(value: float, expected: str) -> None:
    assert figures.short(value) == expected


def test_rate_is_silent_when_nothing_happens() -> None:
    assert (figures.rate(0), figures.rate(0.3), figures.rate(1_211)) == ("", "0.3/s", "1.2k/s")


@given(ANY)
def test_figures_are_short_for_any_number(value: float | None) -> None:
    words = (
        figures.duration,
        figures.uptime,
        figures.short,
        figures.rate,
        figures.milliseconds,
        figures.size,
        figures.percent,
    )
    assert all(len(word(value)) <= 14 for word in words)
    assert len(figures.clock_time(value)) == 8


@given(st.lists(st.integers() | st.floats(), max_size=80), st.integers(0, 80))
def test_spark_is_as_wide_as_asked(values: list[float], width: int) -> None:
    assert len(figures.spark(values, width)) == width


def test_spark_shows_the_last_values_over_a_baseline() -> None:
    assert figures.spark((9, 0, 7, 14), 3) == "▁▅█"


def test_spark_does_not_shout_about_a_single_unit_of_work() -> None:
    assert figures.spark((0, 1, 0), 3) == "▁▃▁"


@given(ANY, ANY, st.integers(0, 30))
def test_bar_is_as_wide_as_asked(part: float | None, whole: float | None, width: int) -> None:
    full, empty = figures.bar(part or 0, whole or 0, width)
    assert len(full) + len(empty) == width


def test_bar_tells_how_far() -> None:
    assert figures.bar(7, 20, 10) == ("━━━", "───────")
