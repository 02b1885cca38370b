"""A line is exactly as wide as it was asked to be."""

from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.ui.draw.frame import Frame, framed, inner_size
from grace_tui.faces.ui.draw.line import line_between, line_of
from grace_tui.faces.ui.draw.text import plain
from tests.faces.ui.support import PAINT, is_picture, text_of, texts, width

INK = PAINT.room.text
PIECES = st.lists(st.tuples(st.text().map(plain), st.just(INK)), max_size=6)


@given(PIECES, PIECES, st.integers(-3, 60))
def test_line_between_fills_its_width(
    left: list[tuple[str, object]], right: list[tuple[str, object]], wide: int
) -> None:
    assert width(line_between(left, right, wide, INK)) == max(0, wide)  # type: ignore[arg-type]


def test_line_of_cuts_what_does_not_fit() -> None:
    assert text_of(line_of([("kernels ", INK), ("are many", INK)], 12, INK)) == "kernels are…"


def test_line_between_keeps_the_right_end() -> None:
    assert text_of(line_between([("a very long title", INK)], [(" 2.3 s", INK)], 14, INK)) == "a very…  2.3 s"


def test_frame_says_its_title_its_note_and_what_is_beyond() -> None:
    frame = Frame("kernels", note="2 open", more="↓ 4")
    assert texts(framed(frame, [line_of([("x", INK)], 26, INK)], 30, 3, PAINT)) == [
        "╭─ kernels ───────── 2 open ─╮",
        "│ x                          │",
        "╰────────────────────── ↓ 4 ─╯",
    ]


def test_frame_without_a_box_is_one_rule() -> None:
    lines = framed(Frame("incidents", boxed=False), [line_of([("x", INK)], 20, INK)], 20, 2, PAINT)
    assert texts(lines) == [" incidents ─────────", "x"]


@given(st.integers(0, 50), st.integers(0, 8), st.booleans(), st.text().map(plain), st.text().map(plain))
def test_frame_fills_its_box(wide: int, high: int, boxed: bool, note: str, more: str) -> None:
    inner = inner_size(wide, high, boxed)
    frame = Frame("title", note=note, more=more, boxed=boxed)
    lines = framed(frame, [line_of([("x", INK)], inner[0], INK)], wide, high, PAINT)
    assert is_picture(lines, wide, high)
