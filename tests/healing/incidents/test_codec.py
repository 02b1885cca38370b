"""Failures to JSON and back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.failure import Callee, Failure, Frame
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.codec import encode, failure_from_json
from tests.healing.incidents.workshop import story

text = st.text(st.characters(exclude_categories=["Cs"]))
frames = st.builds(Frame, text, st.booleans(), text, st.integers(0, 10**6), text)
callees = st.builds(Callee, text, text, st.integers(0, 10**6), text, st.dictionaries(text, text))
failures = st.builds(
    Failure,
    text, text, text, text,
    st.lists(frames).map(tuple),
    st.lists(st.tuples(text, text)).map(tuple),
    st.none() | callees,
    st.none() | st.tuples(text, text, text),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip


@given(failures)
def test_a_failure_comes_back_as_it_was(failure: Failure) -> None:
    assert failure_from_json(encode(failure)) == failure


def test_the_story_comes_back_as_it_was(tmp_path: Path) -> None:
    failure = capture(story(tmp_path), kernel="coding_agent", phase="start", root=tmp_path, at=1.0)
    assert failure_from_json(encode(failure)) == failure


def test_what_is_no_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="missing required field"):
        failure_from_json(b'{"kernel": "x"}')
