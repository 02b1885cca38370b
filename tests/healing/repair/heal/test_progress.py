"""What counts as a step forward, and which of several failures is the root."""

import pytest

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.heal.progress import compare
from grace_tui.healing.repair.heal.seen import Group, Run, Seen, groups


def seen(
    kind: str, message: str, *, function: str = "main", file: str = "main.py", test: str = "", at: float = 0.0
) -> Seen:
    return Seen(Failure("", "command", kind, message, (Frame(file, True, function, 1),), at=at), test=test)


def failing(*failures: Seen, **tests: str) -> Run:
    return Run(1, 0.1, failures, {f"test_x.py::{name}": outcome for name, outcome in tests.items()})


FIRST = seen("TypeError", "append() got an unexpected keyword argument 'a'")
LATER = seen("KeyError", "'b'", function="later")


@pytest.mark.parametrize(
    ("after", "ok", "why"),
    [
        pytest.param(Run(0, 0.1), True, "the command succeeds", id="success"),
        pytest.param(failing(LATER), True, "another failure, later", id="later"),
        pytest.param(failing(FIRST), False, "the same failure", id="same"),
        pytest.param(failing(LATER, FIRST), False, "the same failure", id="same-among-others"),
        pytest.param(Run(3, 0.1, said="bye"), False, "no Python failure: bye", id="silent"),
        pytest.param(Run(-9, 15.0, goes_on=True), True, "it ran for 15 s", id="goes-on"),
        pytest.param(
            failing(seen("NameError", "name 'x' is not defined", function="<module>", file="log.py")),
            False,
            "the changed file fails when it is imported",
            id="broken-by-the-patch",
        ),
    ],
)
def test_progress_of_a_program(after: Run, ok: bool, why: str) -> None:
    better = compare(failing(FIRST), after, Group(FIRST), set(), {"log.py"})
    assert better.ok is ok
    assert why in better.why


def test_a_failure_that_was_left_behind_is_no_progress() -> None:
    better = compare(failing(FIRST), failing(LATER), Group(FIRST), {LATER.cause}, {"log.py"})
    assert not better.ok


def test_a_test_that_passed_before_must_pass_after() -> None:
    first = seen("TypeError", "no", test="test_x.py::a")
    other = seen("KeyError", "'b'", test="test_x.py::b")
    before = failing(first, a="failed", b="passed")
    assert not compare(before, failing(other, a="passed", b="failed"), Group(first), set(), ()).ok
    assert compare(
        before, failing(seen("KeyError", "'c'", test="test_x.py::a"), a="failed", b="passed"), Group(first), set(), ()
    ).ok


def test_what_fails_most_tests_comes_first_and_what_keeps_tests_from_being_collected_before_it() -> None:
    one = seen("KeyError", "'b'", function="one", test="test_x.py::a", at=1.0)
    many = [seen("TypeError", "no", function="many", test=f"test_x.py::{name}", at=2.0) for name in "bcd"]
    whole = seen("ImportError", "no name", function="<module>", test="test_y.py", at=3.0)
    run = Run(1, 0.1, (one, *many, whole))
    assert [group.seen.failure.kind for group in groups(run)] == ["ImportError", "TypeError", "KeyError"]
    assert [len(group.tests) for group in groups(run)] == [1, 3, 1]


def test_a_child_that_died_first_is_the_root() -> None:
    child = seen("TypeError", "no", at=1.0)
    parent = seen("CalledProcessError", "returned non-zero exit status 1.", function="parent", at=2.0)
    assert [group.seen.failure.kind for group in groups(failing(parent, child))] == ["TypeError", "CalledProcessError"]
