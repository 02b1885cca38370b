"""Times and counts are told in words, the same wherever they are told."""

import pytest

from grace_tui.kernel.spelling import ago, duration, in_units, plural, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 ms"),
        (0.0042, "4 ms"),
        (4.25, "4.2 s"),
        (5, "5 s"),
        (42.3, "42 s"),
        (59.7, "1 min"),
        (65, "1 min 05 s"),
        (3600, "1 h"),
        (7500, "2 h 05 min"),
        (86_400, "1 d"),
        (200_000, "2 d 07 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("seconds", [1, 30, 65, 3600, 7500, 86_400, 2 * 86_400 + 4 * 3600])
def test_what_is_told_can_be_written_again(seconds: float) -> None:
    assert span(duration(seconds)) == seconds


def test_a_number_in_a_text_is_asked_for_its_unit() -> None:
    with pytest.raises(ValueError, match='a time with its unit, such as "20s", "20m" or "20h"'):
        span("20")


def test_what_was_this_second_was_just_now() -> None:
    assert (ago(0.4), ago(-3), ago(90)) == ("just now", "just now", "1 min 30 s ago")


def test_one_is_not_many() -> None:
    told = (plural(1, "file"), plural(2, "file"), plural(0, "copy", "copies"))
    assert told == ("1 file", "2 files", "0 copies")


def test_a_unit_follows_its_amount() -> None:
    told = [in_units(1, "files"), in_units(2, "files"), in_units(1, "entries"), in_units(1, "s"), in_units(1.0, "ms")]
    assert told == ["file", "files", "entry", "s", "ms"]
