"""Tables keep their width whatever stands in them, and text from kernels stays text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.cli.text import Column, cell_width, clean, cut, details, size, table

COLUMNS = (Column("NAME"), Column("COUNT", right=True), Column("WHAT", flexible=True))


def test_table_aligns_its_columns() -> None:
    assert table(COLUMNS, [("a", "1", "first"), ("bcdef", "1000", "")], width=80) == [
        "NAME   COUNT  WHAT",
        "a          1  first",
        "bcdef   1000",
    ]


def test_flexible_column_gives_way() -> None:
    lines = table(COLUMNS, [("name", "1", "a rather long explanation")], width=30)
    assert lines[1] == "name      1  a rather long ex…"


def test_output_that_goes_to_no_terminal_is_not_cut() -> None:
    assert table(COLUMNS, [("name", "1", "x" * 500)], width=0)[1].endswith("x" * 500)


def test_wide_characters_take_two_columns() -> None:
    lines = table((Column("A"), Column("B")), [("日本", "x"), ("ab", "y")], width=80)
    assert [cell_width(line) for line in lines] == [7, 7, 7]
    assert cut("日本語", 5) == "日本…"


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=5), st.integers(40, 120))
def test_table_line_is_printable_and_one_line(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table(COLUMNS, rows, width=width)
    assert len(lines) == len(rows) + 1
    assert all(line.isprintable() for line in lines)


@given(st.text(), st.integers(1, 50))
def test_cut_text_fits(text: str, width: int) -> None:
    assert cell_width(cut(clean(text), width)) <= width


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (2048, "2.0 KiB"), (123_731_968, "118 MiB"), (3 << 40, "3.0 TiB")]
)
def test_size_is_told_in_binary_units(count: int, text: str) -> None:
    assert size(count) == text


def test_details_nest_what_needs_lines() -> None:
    lines = details({"name": "x", "files": ["a", "b"], "gates": [{"name": "parse", "ms": 1.5}], "more": {"k": True}})
    assert lines == ["name   x", "files  a, b", "gates", "    name parse  ms 1.5", "more", "    k  yes"]
