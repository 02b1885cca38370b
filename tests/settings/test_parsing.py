"""Sizes, times, words, signals and addresses are read as people write them; the rest is refused with what is right."""

from collections.abc import Callable
from typing import Any

import pytest

from grace_tui.settings import parsing


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsing.size, "512M", 512 << 20),
        (parsing.size, "1.5 GiB", 3 << 29),
        (parsing.size, "2048kb", 2 << 20),
        (parsing.size, 1 << 20, 1 << 20),
        (parsing.span, "90s", 90.0),
        (parsing.span, "1h 30m", 5400.0),
        (parsing.span, "5min", 300.0),
        (parsing.span, "2d 12h", 216_000.0),
        (parsing.span, 2.5, 2.5),
        (parsing.words, "sh -c 'a b'", ("sh", "-c", "a b")),
        (parsing.words, ["a b", ""], ("a b", "")),
        (parsing.stop_signal, "int", "SIGINT"),
        (parsing.stop_signal, "SIGUSR1", "SIGUSR1"),
        (parsing.address, "[::1]:80", "[::1]:80"),
        (parsing.url, "https://[::1]:8443/x", "https://[::1]:8443/x"),
        (parsing.url, "http://127.0.0.1:800{replica}/", "http://127.0.0.1:800{replica}/"),
        (parsing.address, "127.0.0.1:800{replica}", "127.0.0.1:800{replica}"),
        (parsing.pattern, "^ready", "^ready"),
    ],
)
def test_text_is_read(parse: Callable[[Any], object], text: object, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "right"),
    [
        (parsing.size, "512X", "such as"),
        (parsing.size, "4k", "from 1M up"),
        (parsing.size, -1, "from 1M up"),
        (parsing.span, "", "such as"),
        (parsing.span, "5 m x", "such as"),
        (parsing.span, "0s", "from 1 s"),
        (parsing.span, float("nan"), "from 1 s"),
        (parsing.words, "a 'b", "no closing quotation"),
        (parsing.words, "", "a program"),
        (parsing.words, [""], "a program"),
        (parsing.words, ["a\0"], "zero byte"),
        (parsing.stop_signal, "SIGNOPE", "such as SIGTERM"),
        (parsing.address, "localhost", "host:port"),
        (parsing.address, ":80", "host:port"),
        (parsing.address, "a:99999", "host:port"),
        (parsing.address, "a:٣", "host:port"),
        (parsing.url, "localhost:80", "such as http"),
        (parsing.url, "http://a:port/", "such as http"),
        (parsing.url, "http://[::1/", "such as http"),
        (parsing.pattern, "(", "regular expression"),
        (parsing.pattern, "", "regular expression"),
    ],
)
def test_text_is_refused_with_what_is_right(parse: Callable[[Any], object], text: object, right: str) -> None:
    with pytest.raises(ValueError, match=right):
        parse(text)
