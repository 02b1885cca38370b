"""Whether a run with one more step in place is better than the run without it: a different, later failure, or none.

Pure. The same failure after a patch is no progress, whatever else it says; a failure that was there before any step
is none either, for steps would go in circles.
"""

from collections.abc import Collection
from dataclasses import dataclass

from grace_tui.healing.repair.heal.seen import Group, Run
from grace_tui.kernel.spelling import plural

Cause = tuple[str, ...]
_IMPORTS = frozenset({"ModuleNotFoundError", "ImportError", "SyntaxError", "IndentationError", "TabError"})


@dataclass(frozen=True, slots=True)
class Better:
    ok: bool
    why: str


def compare(before: Run, after: Run, group: Group, met: Collection[Cause], changed: Collection[str]) -> Better:
    """Judge `after`; `met` are causes that earlier steps have left behind, `changed` the files this step changed."""
    if after.ok:
        return Better(True, "the command succeeds")
    if broken := sorted(before.passed_tests & after.failed_tests):
        return Better(False, f"{broken[0]} passed before{f', and {len(broken) - 1} more' if len(broken) > 1 else ''}")
    if before.failed_tests:
        return _tests(before, after, group)
    if after.goes_on:
        return Better(True, f"it ran for {after.seconds:.0f} s without a failure")
    if not after.failures:
        return Better(False, f"it ends with exit code {after.exit_code} and no Python failure: {after.said}")
    if group.seen.cause in after.causes:
        return Better(False, f"the same failure: {group.seen.text}")
    later = next((seen for seen in after.failures if seen.fatal), after.failures[0])
    if later.cause in met:
        return Better(False, f"a failure that was repaired before: {later.text}")
    own = [frame for frame in later.failure.frames if frame.in_project]
    if own and own[-1].file in changed and own[-1].function == "<module>" and group.seen.failure.kind not in _IMPORTS:
        return Better(False, f"the changed file fails when it is imported: {later.text}")
    return Better(True, f"another failure, later: {later.text}")


def _tests(before: Run, after: Run, group: Group) -> Better:
    if not after.tests and before.tests:
        return Better(False, f"no tests ran: {after.said}")
    was, now = len(before.failed_tests), len(after.failed_tests)
    if group.seen.cause not in after.causes:
        return Better(True, f"{plural(now, 'failing test')} of {was} before" if now < was else "they fail later")
    if now < was:
        return Better(True, f"{plural(now, 'failing test')} instead of {was}")
    return Better(False, f"the same failure: {group.seen.text}")
