"""One thing the doctor looked at."""

from typing import Literal

import msgspec

Level = Literal["ok", "warn", "bad"]


class Finding(msgspec.Struct, frozen=True):
    name: str
    level: Level
    """warn: the room works with less; bad: it does not work."""
    found: str
    advice: str = ""
    """What to do; empty where nothing has to be done."""


def judged(name: str, found: str, problem: Level | None, advice: str) -> Finding:
    """A finding that is ok unless there is a problem; the advice belongs to the problem."""
    return Finding(name, problem, found, advice) if problem else Finding(name, "ok", found)
