"""A repeat within a repeat is found however it is written; what is flat is left alone."""

import re

import pytest

from grace_tui.kernel.repeats import repeats_a_repeat


@pytest.mark.parametrize(
    "text",
    [
        *("(a+)+", "(a*)*b", "(?:x|(?:a+b?)*)", "((ab)*c)+", "(a{2,})+", "(?=(a+)+)", "(a+?)+?", "(a+){3,}", "(a{,})*"),
        *(
            "(?x) (a+) *",
            "(?x) (a+) # of (these\n +",
            "(a+)(?#of these)+",
            "(?x:(a+) +)",
            "(?P<name>[)]+)*",
            "([^]]+)*",
            r"(\(a+)+",
        ),
    ],
)
def test_a_repeat_within_a_repeat_is_found(text: str) -> None:
    assert repeats_a_repeat(re.compile(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            r"(\d{1,3}\.){3}\d+",
            "(a|b)+",
            ".*ready.*on.*",
            "(?i)started|up",
            "(a+)?b",
            "(a+){2,3}",
            r"(\w+) +",
            "[(a+)]+",
        ),
        *(r"\(a+\)+", "(a)+(b)+", "(a+)b+", "(?x) (a)  # (b+)\n +", "", "(a+|b)?c*", "x(?#(a+)+"),
    ],
)
def test_what_is_flat_is_left_alone(text: str) -> None:
    assert not repeats_a_repeat(re.compile(text))
