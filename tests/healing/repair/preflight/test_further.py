"""When the import of a module gets further than before."""

from grace_tui.healing.failure import Failure, Frame
from grace_tui.healing.repair.heal.seen import Seen
from grace_tui.healing.repair.preflight.further import is_further, shifted
from grace_tui.healing.repair.preflight.modules import Module
from grace_tui.healing.repair.preflight.survey import Outcome

MODULE = Module("a", "a.py", "")


def failed(message: str, *places: tuple[str, int], kind: str = "ImportError") -> Outcome:
    frames = tuple(Frame(file, True, "<module>", line) for file, line in places)
    return Outcome(MODULE, "raised", Seen(Failure("", "", kind, message, frames)))


def same(file: str, line: int) -> int:
    return line


def test_a_later_line_is_further_and_an_earlier_one_is_not() -> None:
    before = failed("x", ("a.py", 3))
    assert is_further(before, failed("y", ("a.py", 4)), same)
    assert not is_further(before, failed("y", ("a.py", 2)), same)


def test_the_module_that_was_entered_counts_by_the_line_that_entered_it() -> None:
    before = failed("x", ("a.py", 3), ("b.py", 9))
    assert is_further(before, failed("y", ("a.py", 5)), same)
    assert is_further(before, failed("y", ("a.py", 3)), same)
    assert not is_further(before, failed("y", ("a.py", 3), ("b.py", 8)), same)
    assert not is_further(before, failed("y", ("a.py", 1), ("c.py", 90)), same)


def test_the_same_failure_is_not_further_and_an_import_is() -> None:
    before = failed("x", ("a.py", 3))
    assert not is_further(before, failed("x", ("a.py", 3)), same)
    assert is_further(before, Outcome(MODULE, "imported"), same)
    assert not is_further(before, Outcome(MODULE, "too long"), same)


def test_of_a_file_that_could_not_be_read_every_line_is_further() -> None:
    before = failed("x", ("a.py", 3), ("b.py", 90), kind="SyntaxError")
    assert is_further(before, failed("y", ("a.py", 3), ("b.py", 1)), same)
    assert not is_further(failed("y", ("a.py", 3), ("b.py", 1)), before, same)


def test_lines_are_followed_through_an_edit() -> None:
    line = shifted(["a", "b", "c"], ["new", "a", "c"])
    assert [line(number) for number in (1, 2, 3)] == [2, 3, 3]
