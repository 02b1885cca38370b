"""Source text from bytes and back, exactly."""

import pytest
from hypothesis import given, strategies

from grace_tui.healing.repair.sources import decode, encode


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\ny = 2\n",
        b"\xef\xbb\xbfx = 1\n",
        "# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"),
        b"# coding: cp1252\nx = '\x81\x80'\n",
        b"# coding: nowhere\nx = '\xff'\n",
        b"x = '\xff\xfe'\n",
        b"x = 1\x00\n",
        b"",
    ],
)
def test_text_becomes_the_same_bytes(data: bytes) -> None:
    assert encode(decode(data)) == data


@given(strategies.binary())
def test_any_bytes_survive(data: bytes) -> None:
    assert encode(decode(data)) == data


def test_declared_encoding_is_read() -> None:
    assert "é" in decode("# coding: latin-1\nx = 'é'\n".encode("latin-1"))
