"""What is typed, whatever the bytes."""

import gc
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from grace_tui.faces.remote.typed import PASTE_LIMIT, Typed

NASTY = st.sampled_from(
    (
        *(b"\x1b", b"\x1b[", b"\x1b[<0;", b"\x1b[200~", b"\x1b[201~", b"\x1b[97:65;2u", b"\x1b[48;0;0;0;0t"),
        *(b"99999999999u", b"\x1b[<0;5;5M", b"\x1b[?2048;1$y", b"\x1b[5;5R", b";", b"u", b"\xff", "é".encode()),
    )
)


def keys(found: list[Message]) -> list[str]:
    return [event.key for event in found if isinstance(event, events.Key)]


@settings(deadline=None)
@given(st.lists(st.one_of(NASTY, st.binary(max_size=12)), max_size=40))
def test_bytes_become_events_and_never_an_error(pieces: list[bytes]) -> None:
    typed = Typed()
    for piece in pieces:
        for event in typed.feed(piece):
            assert not isinstance(event, events.Resize)
    assert keys(list(typed.feed(b"\x1b[201~\x1b\x1b[201~z")))[-1:] == ["z"]
    typed.close()


@pytest.mark.parametrize("bad", [b"\x1b[97:65;2u", b"\x1b[48;0;0;0;0t\x1b[<0;1;1M", b"\x1b[99999999999999u"])
def test_what_the_parser_dies_of_is_dropped(bad: bytes) -> None:
    typed = Typed()
    list(typed.feed(bad))
    assert keys(list(typed.feed(b"ok"))) == ["o", "k"]


def test_the_rest_of_a_paste_that_is_too_long_presses_no_keys() -> None:
    typed = Typed()
    found = list(typed.feed(b"\x1b[200~"))
    for _ in range(PASTE_LIMIT // 50_000 + 3):
        found += typed.feed(b"q" * 50_000)
    found += typed.feed(b"qq\x1b[20")
    found += typed.feed(b"1~z")
    assert keys(found) == ["z"]
    assert not [event for event in found if isinstance(event, events.Paste)]


def test_a_parser_does_not_outlive_its_screen() -> None:
    typed = Typed()
    assert keys(list(typed.feed(b"a\x1b[97;5u"))) == ["a", "ctrl+a"]
    gone = weakref.ref(typed._parser)
    typed.close()
    del typed
    gc.collect()
    assert gone() is None
