"""Texts that are no Python, and the smallest change that makes them so."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.healing.repair.text import mend, problem_in

WHOLE = """import os


class Shelf:
    def __init__(self, books):
        self.books = list(books)

    def find(self, title):
        for book in self.books:
            if book.title == title:
                return book
        return None


def shelf_of(path):
    return Shelf(sorted(os.listdir(path)))
"""


def meaning(text: str) -> str:
    return ast.dump(ast.parse(text))


def test_a_text_that_can_be_read_is_left_alone() -> None:
    assert mend(WHOLE) == []


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        (WHOLE.replace("return None", "return None\0\0"), "null bytes removed"),
        (WHOLE.replace("import os", "\u200bimport os"), "invisible characters removed"),
        (WHOLE.replace("    def find", "\u00a0\u00a0\u00a0\u00a0def find"), "unusual spaces made plain"),
        ("# coding: klingon\n" + WHOLE, "unknown encoding klingon no longer declared"),
        (WHOLE.replace("return book", "return book)"), ") removed in line 11"),
        (WHOLE.replace("sorted(os.listdir(path)))", "sorted(os.listdir(path))"), ") added in line 16"),
        (WHOLE.replace("        return None", "         return None"), "line 12 moved to the depth of its neighbours"),
    ],
)
def test_damage_goes_and_the_meaning_stays(damaged: str, words: str) -> None:
    best = mend(damaged)[0]
    assert meaning(best.text) == meaning(WHOLE)
    assert best.words == (words,)


def test_bytes_of_another_encoding_are_written_as_utf_8() -> None:
    raw = b"NAME = '\xe9t\xe9'\n"
    best = mend(raw.decode("utf-8", "surrogateescape"))[0]
    assert best.text == "NAME = '\u00e9t\u00e9'\n"


def test_a_file_of_utf_16_is_written_as_utf_8() -> None:
    raw = WHOLE.encode("utf-16")
    assert mend(raw.decode("utf-8", "surrogateescape"))[0].text == WHOLE


def test_several_damages_are_mended_one_after_another() -> None:
    damaged = WHOLE.replace("def find(self, title):", "def find(self, title)").replace("return None", "return [None")
    best = mend(damaged)[0]
    assert len(best.words) == 2
    assert problem_in(best.text) is None


def test_newlines_of_another_system_stay() -> None:
    damaged = WHOLE.replace("def shelf_of(path):", "def shelf_of(path)").replace("\n", "\r\n")
    assert mend(damaged)[0].text == WHOLE.replace("\n", "\r\n")


def test_code_after_the_problem_is_never_taken_for_a_leak() -> None:
    damaged = WHOLE + "this is prose\n\ndef more():\n    return 1\n"
    assert all("def more" in mended.text for mended in mend(damaged))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_is_damaged_an_answer_can_be_read(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WHOLE)))
    junk = data.draw(st.text(alphabet="()[]{}'\":,=\t\n <>#ab\0", max_size=4))
    cut = data.draw(st.integers(0, 3))
    for mended in mend(WHOLE[:at] + junk + WHOLE[at + cut :]):
        assert problem_in(mended.text) is None
