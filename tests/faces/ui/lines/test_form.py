"""A form takes choices and words, and says what is missing."""

import pytest

from grace_tui.faces.ui.lines.form import LONGEST_WORDS, Field, Form, form_lines, form_size
from tests.faces.ui.support import PAINT, is_picture, texts

FORM = Form(
    "silence I-1",
    (
        Field("what", "what", (("this", "this failure only"), ("kernel", "all of librarian"))),
        Field("reason", "why", needed="a reason is needed"),
    ),
)


def test_a_choice_goes_round_and_words_are_typed() -> None:
    form = FORM.choose(1).to(1).type("disk").rub().type("k full")
    assert form.values() == {"what": "kernel", "reason": "disk full"}
    assert FORM.choose(1).choose(1) == FORM


def test_letters_typed_at_a_choice_go_to_the_first_words() -> None:
    assert FORM.type("x").values()["reason"] == "x"


def test_arrows_do_nothing_to_words_and_rubbing_nothing_to_a_choice() -> None:
    assert FORM.to(1).choose(1) == FORM.to(1)
    assert FORM.rub() == FORM


def test_what_is_missing_is_said_at_its_field_until_something_is_typed() -> None:
    refused = FORM.missing()
    assert refused is not None
    assert (refused.at, refused.said) == (1, "a reason is needed")
    assert refused.type("so").said == ""
    assert refused.type("so").missing() is None
    assert FORM.type("   ").missing() is not None


def test_words_have_an_end() -> None:
    assert len(FORM.type("x" * 10_000).values()["reason"]) == LONGEST_WORDS


def test_the_form_shows_choices_words_and_keys() -> None:
    shown = texts(form_lines(FORM.to(1).type("disk"), 60, 6, PAINT))
    assert "this failure only" in shown[1]
    assert shown[2].startswith("│ ▌ why  disk▏")
    assert "Enter do it" in shown[4]


@pytest.mark.parametrize("wide", [12, 20, 40, 200])
@pytest.mark.parametrize("high", [3, 5, 24])
def test_the_form_fills_its_box_on_any_screen(wide: int, high: int) -> None:
    form = FORM.type("\x1b[2J日本" * 40)
    size = form_size(form, wide, high)
    assert is_picture(form_lines(form, *size, PAINT), *size)
    assert "\x1b" not in "".join(texts(form_lines(form, *size, PAINT)))
