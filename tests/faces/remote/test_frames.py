"""The frame decoder against every cut and every garbage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace_tui.faces.remote.frames import DATA, KINDS, LIMIT, FrameDecoder, FrameError, data_frames, frame

FRAMES = st.lists(st.tuples(st.sampled_from([KINDS[i : i + 1] for i in range(len(KINDS))]), st.binary(max_size=300)))


@given(FRAMES, st.lists(st.integers(1, 700), max_size=20))
def test_a_stream_is_decoded_wherever_it_is_cut(sent: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    stream = b"".join(frame(kind, body) for kind, body in sent)
    decoder = FrameDecoder()
    got: list[tuple[bytes, bytes]] = []
    for cut in [*cuts, len(stream)]:
        got += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert got == sent


@given(st.lists(st.binary(max_size=200)))
def test_garbage_is_an_error_and_nothing_else(pieces: list[bytes]) -> None:
    decoder = FrameDecoder()
    try:
        for piece in pieces:
            for kind, body in decoder.feed(piece):
                assert kind in KINDS
                assert len(body) <= LIMIT
    except FrameError:
        pass


def test_a_length_past_the_limit_is_refused_before_its_body_comes() -> None:
    with pytest.raises(FrameError, match="1048577 were announced"):
        list(FrameDecoder().feed(b"D" + (LIMIT + 1).to_bytes(4, "big")))


def test_frames_before_the_garbage_are_delivered() -> None:
    decoded = FrameDecoder().feed(frame(DATA, b"good") + b"!....")
    assert next(decoded) == (DATA, b"good")
    with pytest.raises(FrameError, match="b'!' is unknown"):
        next(decoded)


def test_a_body_past_the_limit_cannot_be_sent() -> None:
    with pytest.raises(FrameError, match="this body has 1048577"):
        frame(DATA, b"x" * (LIMIT + 1))


def test_data_past_the_limit_travels_in_several_frames() -> None:
    data = bytes(range(256)) * (2 * LIMIT // 256) + b"end"
    got = list(FrameDecoder().feed(data_frames(data)))
    assert [len(body) for _, body in got] == [LIMIT, LIMIT, 3]
    assert b"".join(body for _, body in got) == data
