"""The gates of one candidate of a heal, each timed; the replay is the run of the command itself."""

import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.tree import FileTree
from grace_tui.kernel.records import GateVerdict

LARGEST_CHANGE = 400
"""Lines that one step may add and remove: a definition that comes back from history is that long at most."""
_TESTS = re.compile(r"(?:^|/)(?:tests?/|conftest\.py$|test_[^/]*\.py$|[^/]*_test\.py$)")


def quick(patch: Patch, tree: FileTree) -> tuple[GateVerdict, ...]:
    """The gates that need no process; stops at the first that says no."""
    verdicts: list[GateVerdict] = []
    for name, gate in (("compiles", _compiles), ("paths", _paths), ("consumers", _consumers), ("size", _size)):
        verdicts.append(timed(name, partial(gate, patch, tree)))
        if verdicts[-1].state == "failed":
            break
    return tuple(verdicts)


def timed(name: str, check: Callable[[], str]) -> GateVerdict:
    """`check` says what is wrong; empty where nothing is."""
    began = time.perf_counter()
    trouble = check()
    return GateVerdict(name, "failed" if trouble else "passed", round((time.perf_counter() - began) * 1000, 1), trouble)


def _compiles(patch: Patch, tree: FileTree) -> str:
    for edit in patch.edits:
        try:
            compile(edit.after, edit.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            return f"{edit.path}: {error}"
    return ""


def _paths(patch: Patch, tree: FileTree) -> str:
    for edit in patch.edits:
        if not tree.allows(edit.path):
            return f"{edit.path} is not among the files a repair may change"
        if _TESTS.search(edit.path) or "tests" in PurePosixPath(edit.path).parts[:-1]:
            return f"{edit.path} is a test; tests are never changed"
    return ""


def _consumers(patch: Patch, tree: FileTree) -> str:
    changed = [path for path in patch.files if path in patch.site.consumers]
    return f"{changed[0]} is a consumer and must stay as it is" if changed else ""


def _size(patch: Patch, tree: FileTree) -> str:
    lines = [line for line in patch.diff.splitlines() if not line.startswith(("+++", "---"))]
    count = sum(line.startswith(("+", "-")) for line in lines)
    if not count:
        return "the patch changes nothing"
    return f"{count} lines change; the limit is {LARGEST_CHANGE}" if count > LARGEST_CHANGE else ""
