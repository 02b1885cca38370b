"""The detach key among everything else that is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.remote.client.detach import DetachKey


@pytest.mark.parametrize(
    ("typed", "before"),
    [
        pytest.param(b"\x1c", 0, id="plain"),
        pytest.param(b"ab\x1ccd", 2, id="among-others"),
        pytest.param(b"\x1b[92;5u", 0, id="kitty"),
        pytest.param(b"\x1b[92;133u", 0, id="kitty-num-lock"),
        pytest.param(b"\x1b[92:124;5u", 0, id="kitty-alternates"),
        pytest.param(b"\x1b[92;5:1u", 0, id="kitty-press"),
        pytest.param(b"\x1b[92;5:3u", None, id="kitty-release"),
        pytest.param(b"\x1b[92;1;92u", None, id="kitty-backslash"),
        pytest.param(b"\x1b[92;13u", None, id="kitty-ctrl-super"),
        pytest.param(b"\x1b[192;5u", None, id="kitty-other-key"),
        pytest.param(b"\\", None, id="backslash"),
        pytest.param(b"\x1b[200~a\x1cb\x1b[201~", None, id="in-a-paste"),
        pytest.param(b"\x1b[200~a\x1b[201~\x1c", 13, id="after-a-paste"),
    ],
)
def test_the_detach_key_is_found(typed: bytes, before: int | None) -> None:
    assert DetachKey().find(typed) == before


@given(st.integers(0, 40), st.integers(0, 40))
def test_it_is_found_once_wherever_the_reads_are_cut(first: int, second: int) -> None:
    typed = b"x\x1b[200~\x1c\x1b[201~\x1b[A\x1b[92;133u\x1b[B"
    cuts = sorted((first, second))
    detach = DetachKey()
    pieces = [typed[: cuts[0]], typed[cuts[0] : cuts[1]], typed[cuts[1] :]]
    found = [detach.find(piece) for piece in pieces]
    assert sum(position is not None for position in found) == 1


def test_a_key_that_was_seen_is_not_seen_again() -> None:
    detach = DetachKey()
    assert detach.find(b"\x1b[200~\x1c") is None
    assert detach.find(b"\x1b[201~") is None
    assert detach.find(b"a") is None
