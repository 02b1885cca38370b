"""What a run of the command left as evidence: what the hook wrote, and for a Python without it what was printed."""

import time
from collections.abc import Mapping
from pathlib import Path

from grace_tui.healing.incidents.printed import failure_in
from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.kernel.tracebacks import TracebackFinder

KERNEL = "command"
"""What stands for the kernel in a failure of a command."""


def hooked(folder: Path) -> Mapping[str, str]:
    return {}


def collected(folder: Path, root: Path, text: str) -> tuple[tuple[Seen, ...], Mapping[str, str]]:
    """The failures of a run, and the outcome of each test."""
    return _printed(text, root), {}


def _printed(text: str, root: Path) -> tuple[Seen, ...]:
    """Of a text only the last traceback ended the program."""
    finder = TracebackFinder()
    found = [printed for line in text.splitlines() if (printed := finder.feed(line))]
    last = finder.finish()
    found += [last] if last else []
    failures = [failure_in(each.text, kernel=KERNEL, phase="run", root=root, at=time.time()) for each in found]
    return tuple(Seen(failure, fatal=at == len(failures) - 1) for at, failure in enumerate(failures) if failure)
