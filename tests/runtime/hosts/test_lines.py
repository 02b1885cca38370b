"""Bytes become the lines a person would have seen."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.runtime.hosts import lines
from grace_tui.runtime.hosts.lines import PIECE, Lines


def split(*chunks: bytes) -> list[str]:
    splitter = Lines()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.finish()


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        pytest.param([b"one\ntwo\n"], ["one", "two"], id="lines"),
        pytest.param([b"o", b"n", b"e\nt", b"wo"], ["one", "two"], id="pieces-of-lines"),
        pytest.param([b"\n\n"], ["", ""], id="empty-lines"),
        pytest.param([b"one\r\ntwo\r", b"\nthree"], ["one", "two", "three"], id="carriage-returns-of-line-ends"),
        pytest.param(["größe €".encode()[:8], "größe €".encode()[8:]], ["größe €"], id="characters-over-two-reads"),
        pytest.param([b"caf\xe9 \xff\n"], [r"caf\xe9 \xff"], id="what-is-not-utf-8"),
        pytest.param([b"cut \xe2\x82"], [r"cut \xe2\x82"], id="half-a-character-at-the-end"),
        pytest.param([b"\x1b[31mred\x1b[0m\x00\x08\n"], ["\x1b[31mred\x1b[0m\x00\x08"], id="control-characters"),
        pytest.param(["a\u2028b\x0bc\x0cd\x85e\n".encode()], ["a\u2028b\x0bc\x0cd\x85e"], id="only-newlines-end-lines"),
        pytest.param([b""], [], id="nothing"),
    ],
)
def test_bytes_become_lines(chunks: list[bytes], expected: list[str]) -> None:
    assert split(*chunks) == expected


@given(st.text(alphabet="ab€\n"), st.lists(st.integers(0, 40)))
def test_where_the_reads_are_cut_changes_nothing(text: str, cuts: list[int]) -> None:
    data = text.encode()
    ends = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(ends)]
    expected = text.split("\n")
    assert split(*chunks) == (expected if expected[-1] else expected[:-1])


@pytest.mark.parametrize("bar", [[b"10%\r20%\r30%\ndone\n"], [b"10%", b"\r20%", b"\r30", b"%\n", b"done\n"]])
def test_of_a_progress_bar_the_last_state_stays(bar: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "REDRAWN_EVERY", float("inf"))
    assert split(*bar) == ["30%", "done"]


def test_a_progress_bar_is_seen_moving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "REDRAWN_EVERY", 0.0)
    assert split(b"10%\r", b"20%\r", b"30%\r", b"\n") == ["10%", "20%", "30%"]
    assert split(b"\r10%", b"\r20%", b"\r30%") == ["10%", "20%", "30%"]


def test_a_bar_that_never_ends_holds_one_state() -> None:
    """Only after a second, which this need not take, a state is kept."""
    splitter = Lines()
    kept = [line for number in range(20_000) for line in splitter.feed(b"\r%d items" % number)]
    assert len(kept) <= 2
    assert splitter.finish() == ["19999 items"]
    assert splitter.cut == 0


def test_a_line_without_end_is_handed_on_in_pieces() -> None:
    splitter = Lines()
    found: list[str] = []
    for _ in range(1000):
        found += splitter.feed(b"x" * 1000)
        assert sum(map(len, splitter._held)) < PIECE
    found += splitter.feed(b"\nshort\n")
    assert {len(piece) for piece in found[:-2]} == {PIECE}
    assert sum(map(len, found[:-1])) == 1_000_000
    assert found[-1] == "short"
    assert splitter.cut == 1_000_000 // PIECE


def test_one_read_may_hold_a_line_of_several_pieces() -> None:
    splitter = Lines()
    assert [len(line) for line in splitter.feed(b"\xff" * PIECE + b"\n")] == [PIECE] * 4
    assert splitter.cut == 3
