"""Patterns for lines of output: what they find, and that none of them can hold the loop."""

import pytest

from grace_tui.runtime.hosts.command.errors import CommandUnusable
from grace_tui.runtime.hosts.command.pattern import LINE, SLOW, LinePattern


def test_a_pattern_is_searched_for_anywhere_in_the_line() -> None:
    assert LinePattern(r"port (\d+)").found_in("listening on port 80 now")
    assert not LinePattern(r"^port").found_in("listening on port 80 now")


@pytest.mark.parametrize("text", ["(a+)+", "(a*)*b", "(?:x|(?:a+b?)*)", "((ab)*c)+", "(a{2,})+", "(?=(a+)+)"])
def test_a_repeat_within_a_repeat_is_refused(text: str) -> None:
    with pytest.raises(CommandUnusable, match="repeats a repeat"):
        LinePattern(text)


@pytest.mark.parametrize("text", [r"(\d{1,3}\.){3}\d+", "(a|b)+", ".*ready.*on.*", "(?i)started|up", "(a+)?b"])
def test_flat_repeats_are_fine(text: str) -> None:
    LinePattern(text)


def test_a_pattern_that_is_slow_is_not_asked_again() -> None:
    pattern = LinePattern("a*a*a*a*b")
    assert not pattern.found_in("a" * 120)
    assert "is not asked any more" in pattern.slow
    assert not pattern.found_in("b")


def test_only_the_beginning_of_a_long_line_is_looked_at() -> None:
    pattern = LinePattern("end")
    assert not pattern.found_in(" " * LINE + "end")
    assert SLOW < 0.25
