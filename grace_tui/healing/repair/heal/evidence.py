"""What a run of the command left as evidence: what the hook wrote, and for a Python without it what was printed."""

from collections.abc import Mapping
from pathlib import Path

from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.healing.repair.recorded import failures_in_text, read_recorded, read_tests


def collected(folder: Path, root: Path, text: str) -> tuple[tuple[Seen, ...], Mapping[str, str]]:
    """The failures of a run, and the outcome of each test. Of a text only the last traceback ended the program."""
    tests = {name: told.outcome for name, told in read_tests(folder).items()}
    found = [
        Seen(each.failure, each.fatal, each.handled, each.test, each.process.path, each.process.python)
        for each in read_recorded(folder, root)
    ]
    if found or tests:
        return tuple(found), tests
    printed = failures_in_text(text, root)
    return tuple(Seen(failure, fatal=at == len(printed) - 1) for at, failure in enumerate(printed)), {}
