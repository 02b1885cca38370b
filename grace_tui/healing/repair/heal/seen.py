"""What one run of the command came to: its end, the failures that were seen, the tests that were told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.signature import sign
from grace_tui.healing.incidents.signature.wording import pattern

PASSED = "passed"
FAILED = frozenset({"failed", "error"})


@dataclass(frozen=True)
class Seen:
    """One failure of a run."""

    failure: Failure
    fatal: bool = True
    """It ended its process, or failed its test."""
    handled: bool = False
    """The program caught it."""
    test: str = ""
    """The test that it failed."""
    path: tuple[str, ...] = ()
    """`sys.path` of its process."""
    python: str = ""
    """The interpreter of its process."""

    @cached_property
    def signature(self) -> str:
        return sign(self.failure).strict

    @cached_property
    def cause(self) -> tuple[str, ...]:
        """What two failures of one broken interface share, whichever consumer or test met it."""
        failure = self.failure
        if failure.missing is not None:
            return (failure.kind, *failure.missing[:2])
        said = pattern(failure.kind, failure.message)
        if failure.callee is not None:
            return (failure.kind, said, failure.callee.file, failure.callee.qualname)
        if failure.subject is not None and failure.asked:
            return (failure.kind, failure.subject.module, failure.subject.name, failure.asked)
        if failure.asked and failure.kind in ("ModuleNotFoundError", "ImportError", "NameError"):
            return (failure.kind, said, failure.asked)
        own = [frame for frame in failure.frames if frame.in_project]
        where = (own[-1].file, own[-1].function) if own else ()
        return (failure.kind, said, *where)

    @property
    def text(self) -> str:
        first = self.failure.message.strip().partition("\n")[0]
        return f"{self.failure.kind}: {first}" if first else self.failure.kind


@dataclass(frozen=True)
class Run:
    exit_code: int
    seconds: float
    failures: tuple[Seen, ...] = ()
    tests: Mapping[str, str] = field(default_factory=dict)
    """Test -> outcome, where a test runner that we know told them."""
    goes_on: bool = False
    """It still ran, and had not failed, when its time was over."""
    said: str = ""
    """The last line it printed."""
    real: bool = False
    """In the real files, not in a trial."""
    edits: int = 0
    """How many steps of a repair were in place."""

    @property
    def ok(self) -> bool:
        return self.exit_code == 0 and not self.goes_on

    @property
    def failed_tests(self) -> frozenset[str]:
        told = {test for test, outcome in self.tests.items() if outcome in FAILED}
        return frozenset(told | {seen.test for seen in self.failures if seen.test and seen.fatal})

    @property
    def passed_tests(self) -> frozenset[str]:
        return frozenset(test for test, outcome in self.tests.items() if outcome == PASSED) - self.failed_tests

    @property
    def causes(self) -> frozenset[tuple[str, ...]]:
        return frozenset(seen.cause for seen in self.failures)


@dataclass(frozen=True)
class Group:
    """Failures of one run that have one cause; `seen` stands for all of them."""

    seen: Seen
    tests: tuple[str, ...] = ()
    count: int = 1


def groups(run: Run) -> tuple[Group, ...]:
    """The causes of a run's failures, in the order in which they are worth repairing.

    What keeps tests from being collected hides what they would say, so it comes first; then what fails most tests. Of
    one program the first failure that ended a process is the root: a parent fails after its child, and because of it.
    """
    worth = [seen for seen in run.failures if seen.fatal] or [seen for seen in run.failures if not seen.handled]
    worth = worth or list(run.failures)
    kept: dict[tuple[str, ...], list[Seen]] = {}
    for seen in sorted(worth, key=lambda seen: seen.failure.at):
        kept.setdefault(seen.cause, []).append(seen)
    found = [
        Group(same[0], tuple(dict.fromkeys(seen.test for seen in same if seen.test)), len(same))
        for same in kept.values()
    ]
    if run.failed_tests:
        return tuple(sorted(found, key=lambda group: (not _hides(group), -len(group.tests))))
    return tuple(sorted(found, key=lambda group: not _own(group.seen)))


def _hides(group: Group) -> bool:
    """It befell a whole file of tests, not one test."""
    return any("::" not in test for test in group.tests)


def _own(seen: Seen) -> bool:
    return bool(seen.failure.consumers) or seen.failure.callee is not None
