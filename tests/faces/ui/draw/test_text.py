"""What comes from outside is shown, never obeyed, and never wider than it may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.ui.draw.text import LONGEST, clip, fit, plain, shown, shown_lines, width_of, wrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("plain words", "plain words", id="plain"),
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colour-is-dropped"),
        pytest.param("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇", id="other-sequences-are-visible"),
        pytest.param("a\tb\nc\rd", "a b c d", id="white-space"),
        pytest.param("\x9b31m\x7f", "�31m␡", id="c1-and-delete"),
        pytest.param("safe\u202etxt.exe", "safe�txt.exe", id="right-to-left-override"),
        pytest.param("\ud800", "�", id="lone-surrogate"),
        pytest.param("zero\u200bwidth", "zerowidth", id="invisible"),
        pytest.param("[bold red]not markup[/]", "[bold red]not markup[/]", id="markup-is-text"),
        pytest.param(None, "", id="none"),
        pytest.param(17, "17", id="number"),
    ],
)
def test_plain_makes_text_safe(text: object, expected: str) -> None:
    assert plain(text) == expected


@given(st.text())
def test_plain_leaves_no_control_character(text: str) -> None:
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in plain(text))


def test_plain_looks_at_the_head_of_an_endless_line() -> None:
    assert len(plain("x" * 10_000_000)) == LONGEST


def test_shown_hides_secrets() -> None:
    assert "hunter22" not in shown("password=hunter22 was refused")


def test_shown_lines_hides_a_secret_that_spans_lines() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"
    assert shown_lines(f"before\n{key}\nafter") == ["before", "[redacted]", "after"]


def test_shown_lines_keeps_indentation() -> None:
    assert shown_lines("def f():\n\treturn 1") == ["def f():", "    return 1"]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        pytest.param("kernel", 6, "kernel", id="fits"),
        pytest.param("kernels", 6, "kerne…", id="cut"),
        pytest.param("日本語", 4, "日…", id="wide"),
        pytest.param("kernel", 0, "", id="nothing"),
        pytest.param("kernel", -3, "", id="less-than-nothing"),
    ],
)
def test_clip_cuts_by_cells(text: str, width: int, expected: str) -> None:
    assert clip(text, width) == expected


@given(st.text().map(plain), st.integers(0, 60))
def test_fit_is_as_wide_as_asked(text: str, width: int) -> None:
    assert width_of(fit(text, width)) == width


@given(st.text().map(plain), st.integers(2, 40))
def test_wrap_loses_no_word_and_overflows_no_line(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrap_breaks_between_words() -> None:
    assert wrap("cannot import name 'async_session' from 'kernels.models'", 24) == [
        "cannot import name",
        "'async_session' from",
        "'kernels.models'",
    ]


def test_wrap_clips_the_last_line_it_may_use() -> None:
    assert wrap("one two three four five", 9, 2) == ["one two", "three fo…"]
