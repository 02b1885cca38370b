"""Small texts of the settings to values: sizes, durations, words, signals, addresses. Pure.

Each raises ValueError with what would be right; the caller knows the place.
"""

import re
import shlex
import signal
import urllib.parse
from collections.abc import Sequence

from grace_tui.kernel import spelling

_SIZE = re.compile(r"^(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]?)(?:i?B)?$", re.IGNORECASE)
_UNITS = ("", "K", "M", "G", "T")
LEAST_MEMORY = 1 << 20
LEAST_SPAN = 1.0


def size(value: str | int) -> int:
    """Bytes of `"512M"`, `"1.5 GiB"` or a number of bytes; K is 1024."""
    form = _SIZE.match(value) if isinstance(value, str) else None
    count = value if isinstance(value, int) else 0
    if form is not None:
        count = int(float(form["number"]) * 1024 ** _UNITS.index(form["unit"].upper()))
    if count < LEAST_MEMORY:
        raise ValueError('bytes, or a size such as "512M", from 1M up')
    return count


def span(value: str | float) -> float:
    """Seconds of `"5m"`, `"1h 30m"`, `"2d"`, `"90s"` or a number of seconds, from one second up."""
    return spelling.span(value, LEAST_SPAN)


def words(value: str | Sequence[str]) -> tuple[str, ...]:
    """The words of a command: a list as it is, a text split as a shell splits it."""
    try:
        found = tuple(shlex.split(value)) if isinstance(value, str) else tuple(value)
    except ValueError as error:
        raise ValueError(f"words that a shell could split ({str(error).lower()})") from error
    if not found or not found[0]:
        raise ValueError("a program and its arguments")
    if any("\0" in word for word in found):
        raise ValueError("words without a zero byte")
    return found


def stop_signal(value: str) -> str:
    """The full name of a signal: `INT`, `sigint` and `SIGINT` are the same."""
    name = value.upper() if value.upper().startswith("SIG") else f"SIG{value.upper()}"
    if name not in signal.Signals.__members__:
        raise ValueError("a signal's name, such as SIGTERM, SIGINT, SIGQUIT, SIGHUP or SIGUSR1")
    return name


def url(value: str) -> str:
    """An address that http can be asked at."""
    try:
        parts = urllib.parse.urlsplit(_numbered(value))
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a broken address of version 6
        usable = False
    if not usable:
        raise ValueError("an address such as http://127.0.0.1:8000/health")
    return value


def address(value: str) -> str:
    """`host:port`."""
    host, _, port = _numbered(value).rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError("host:port, such as 127.0.0.1:5432")
    return value


def pattern(value: str) -> str:
    """A regular expression."""
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"a regular expression ({error})") from error
    if not value:
        raise ValueError("a regular expression for a line of output")
    return value


def _numbered(value: str) -> str:
    """As the first replica has it."""
    return value.replace("{replica}", "1")
