"""Whether a failure tells of code that is the workspace's own; what does not goes to a person, not to the queue."""

from pathlib import Path

import grace_tui
from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.places import is_own
from grace_tui.healing.incidents.rows import TRIGGER

CORE = Path(grace_tui.__file__).parent


def not_ours(failure: Failure) -> str:
    """Why a failure tells of no code of the workspace that could be repaired; empty where it does."""
    files = [failure.callee.file if failure.callee else "", failure.missing[2] if failure.missing else ""]
    if failure.phase == TRIGGER or failure.consumers or any(is_own(file) for file in files):
        return ""
    if not failure.frames:
        return f"nothing to repair from: {failure.kind} came without a traceback"
    place = failure.frames[-1].file
    if Path(place).is_relative_to(CORE):
        return f"nothing to repair from: the supervisor noticed {failure.kind}; no code of the workspace raised it"
    return f"not ours to repair: it failed outside the workspace, in {place}"
