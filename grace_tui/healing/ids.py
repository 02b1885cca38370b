"""Identifiers that people can read and that no other run or host makes: `I-20261123-0001-k3f9`."""

import secrets
import string
import time
from collections.abc import Iterable

_LETTERS = string.ascii_lowercase + string.digits


class Ids:
    """Counts up within a UTC day; the tail is drawn at random once a run, so that lost numbers do no harm."""

    def __init__(self, prefix: str, known: Iterable[str] = ()) -> None:
        self.prefix = prefix
        self.tail = "".join(secrets.choice(_LETTERS) for _ in range(4))
        self.last: dict[str, int] = {}
        for text in known:
            self.seen(text)

    def seen(self, text: str) -> None:
        """Take note of an id that exists."""
        prefix, _, rest = text.partition("-")
        day, _, number = rest.partition("-")
        digits = number.partition("-")[0]
        if prefix == self.prefix and digits.isdecimal():
            self.last[day] = max(self.last.get(day, 0), int(digits))

    def new(self, at: float) -> str:
        day = time.strftime("%Y%m%d", time.gmtime(at))
        number = self.last[day] = self.last.get(day, 0) + 1
        return f"{self.prefix}-{day}-{number:04d}-{self.tail}"
