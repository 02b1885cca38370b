"""Reads a kernel's log through the room, part after part, as far back and as long as wanted."""

import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from grace_tui.cli.asking import ask, read
from grace_tui.cli.exits import DONE
from grace_tui.cli.opening import talk
from grace_tui.cli.text import clean
from grace_tui.workspace import Workspace

MOST_AT_ONCE = 400
"""Lines the room has in memory; more are read from its files."""
SHORTEST, LONGEST = 0.05, 0.5
"""Seconds between two looks at a log: soon after it grew, seldom while it stands."""


class Part(msgspec.Struct, frozen=True):
    lines: list[str]
    place: str
    missed: bool = False


def follow(workspace: Workspace, name: str, lines: int, wanted: re.Pattern[str], raw: bool) -> int:
    """Print what is in the log and what comes, until Ctrl-C or until the room closes."""
    pause = SHORTEST
    for part in _parts(workspace, name, lines, raw):
        if part.missed:
            talk(f"{name} writes faster than this reads: lines were rotated away in between")
        for line in part.lines:
            if wanted.search(line):
                print(line if raw else clean(line))
        sys.stdout.flush()
        pause = SHORTEST if part.lines else min(2 * pause, LONGEST)
        if not part.lines:
            time.sleep(pause)
    return DONE


def last_lines(workspace: Workspace, name: str, lines: int) -> Iterator[str]:
    """The last lines, from the log's files."""
    left = lines
    for part in _parts(workspace, name, lines, raw=False):
        yield from part.lines[:left]
        left -= len(part.lines)
        if left <= 0 or not part.lines:
            return


def _parts(workspace: Workspace, name: str, lines: int, raw: bool) -> Iterator[Part]:
    """Part after part, without end; an empty one where nothing more is written yet."""
    more: dict[str, Any] = {"raw": True} if raw else {}
    place = ""
    while True:
        part = read(ask(workspace, "kernel.logs", name=name, lines=lines, place=place, **more).data, Part)
        place = part.place
        yield part
