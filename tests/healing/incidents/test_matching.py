"""A matcher fits what a shell pattern fits, field by field; what cannot be used is refused with what is right."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.incidents.matching import FIELDS, PATTERN_LIMIT, WrongMatcher, checked, fits, in_words
from grace_tui.kernel.samples import sample_incident

RECORD = sample_incident(
    "I-1",
    "web-2",
    kind="ReadTimeout",
    title="ReadTimeout: [9] no answer\nfrom db",
    signature="readtimeout-web-aa11",
    coarse="readtimeout-web-c0c0",
    phase="run",
)


@pytest.mark.parametrize(
    ("matcher", "fit"),
    [
        ({"kernel": "web-2"}, True),
        ({"kernel": "web"}, False),
        ({"kernel": "web-?"}, True),
        ({"kernel": "WEB-?"}, False),
        ({"kernel": "w*", "kind": "*Timeout"}, True),
        ({"kernel": "w*", "kind": "*Error"}, False),
        ({"title": "ReadTimeout: [9]*"}, True),
        ({"title": "ReadTimeout: [0-9]*"}, False),
        ({"title": "*db"}, True),
        ({"signature": "readtimeout-web-aa11"}, True),
        ({"signature": "*c0c0"}, True),
        ({"signature": "*-dead"}, False),
        ({"phase": "run", "kernel": "*"}, True),
    ],
)
def test_every_field_of_a_matcher_has_to_fit(matcher: dict[str, str], fit: bool) -> None:
    assert fits(checked(matcher), RECORD) is fit


@pytest.mark.parametrize(
    ("matcher", "told"),
    [
        ({}, "the matcher fits nothing: give it one of kernel, kind, title, signature, phase"),
        ({"knid": "X"}, "knid is not a field of a matcher; did you mean kind?"),
        ({"kernel": ""}, "kernel is ''; expected a text of 1 to 200 characters, in which * stands for anything"),
        ({"kernel": 7}, "kernel is '7'; expected a text"),
        ({"kernel": None}, "kernel is 'None'; expected a text"),
        ({"title": "x" * (PATTERN_LIMIT + 1)}, "title is 'xxx"),
    ],
)
def test_a_matcher_that_cannot_be_used_is_refused_with_what_is_right(matcher: dict[str, object], told: str) -> None:
    with pytest.raises(WrongMatcher) as refused:
        checked(matcher)
    assert told in str(refused.value)


def test_a_matcher_is_told_in_the_order_of_its_fields() -> None:
    assert in_words(checked({"kind": "Quiet*", "kernel": "web"})) == "kernel web, kind Quiet*"


TEXTS = st.text("ab*?[].\\\n", max_size=12)


@given(pattern=TEXTS.filter(bool), text=TEXTS)
def test_a_pattern_fits_what_a_star_and_a_question_mark_stand_for(pattern: str, text: str) -> None:
    assert fits({"title": pattern}, replace(RECORD, title=text)) is stands_for(pattern, text)


@given(text=st.text(max_size=PATTERN_LIMIT).filter(bool), field=st.sampled_from(FIELDS))
def test_a_text_without_stars_fits_itself_and_nothing_longer(text: str, field: str) -> None:
    plain = text.replace("*", "-").replace("?", "-")
    same: dict[str, Any] = {"coarse": "", field: plain}
    longer: dict[str, Any] = {"coarse": "", field: plain + "x"}
    assert fits(checked({field: plain}), replace(RECORD, **same))
    assert not fits(checked({field: plain}), replace(RECORD, **longer))


def test_text_made_to_hurt_is_held_against_a_pattern_made_to_hurt_in_no_time() -> None:
    """A pattern that went back over what its stars took would not end within the age of the universe."""
    assert not fits({"title": "*a" * 99 + "b"}, replace(RECORD, title="a" * 10_000))


def stands_for(pattern: str, text: str) -> bool:
    """The meaning of a pattern, spelled out."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(stands_for(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and stands_for(pattern[1:], text[1:])
