"""Repairs that go round in circles are seen; faults that somebody plants again and again are not."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from grace_tui.healing.answering.loops import Applied, Change, Ran, playbook_loop, repair_loop

LOG = "kernels/log.py"


def patched(
    number: int, before: str, after: str, *, coarse: str = "A", path: str = LOG, undone: bool = False
) -> Applied:
    return Applied(float(number), f"T-{number}", coarse, path, (Change(path, before, after),), undone)


def test_the_same_provider_patched_thrice_is_a_loop() -> None:
    rows = [patched(1, "0", "1"), patched(2, "1", "2"), patched(3, "2", "3")]
    assert repair_loop(rows[:2], "A", LOG, 3) == ""
    said = repair_loop(rows, "A", LOG, 3)
    assert said.startswith("repairs go round in circles: this failure was repaired 3 times, T-1 at ")


def test_repairs_of_one_file_for_several_failures_are_a_loop_of_that_file() -> None:
    rows = [patched(1, "0", "1", coarse="A"), patched(2, "1", "2", coarse="B"), patched(3, "2", "3", coarse="C")]
    assert f"{LOG} was repaired 3 times" in repair_loop(rows, "D", LOG, 3)
    assert repair_loop(rows, "D", "kernels/other.py", 3) == ""


def test_two_repairs_that_undo_one_another_are_a_loop_at_once() -> None:
    rows = [patched(1, "0", "1", coarse="A"), patched(2, "1", "0", coarse="B")]
    for coarse in "AB":
        assert repair_loop(rows, coarse, LOG, 3).startswith(f"repairs undo one another: {LOG} is back at a text it had")


def test_a_repair_that_is_taken_back_and_made_again_is_a_loop() -> None:
    rows = [patched(number, "0", "1", undone=True) for number in range(3)]
    assert "was repaired 3 times" in repair_loop(rows, "A", LOG, 3)


def test_acts_of_another_failure_in_another_file_are_none_of_its_business() -> None:
    rows = [patched(number, str(number), str(number + 1), coarse="B", path="kernels/b.py") for number in range(9)]
    assert repair_loop(rows, "A", LOG, 3) == ""


@given(st.integers(1, 30))
def test_a_fault_that_is_planted_again_each_time_is_no_loop(times: int) -> None:
    rows = [patched(number, "broken", "mended") for number in range(times)]
    assert repair_loop(rows, "A", LOG, 3) == ""


@given(st.lists(st.sampled_from("01234"), min_size=2, max_size=12), st.integers(2, 5))
def test_a_chain_of_repairs_without_a_foreign_change_ends(texts: list[str], limit: int) -> None:
    """Each repair lays another text on the last: at the latest after `limit` of them, or at the first that returns."""
    texts = [text for number, text in enumerate(texts) if number == 0 or text != texts[number - 1]]
    rows = [patched(number, before, after) for number, (before, after) in enumerate(pairwise(texts))]
    returns = len(set(texts)) < len(texts)
    assert bool(repair_loop(rows, "A", LOG, limit)) == (returns or len(rows) >= limit)


@given(st.permutations(range(6)))
def test_the_order_in_which_acts_are_read_does_not_matter(order: list[int]) -> None:
    rows = [patched(number, str(number), str(number + 1)) for number in range(6)]
    assert repair_loop([rows[number] for number in order], "A", LOG, 3) == repair_loop(rows, "A", LOG, 3)


def test_a_playbook_that_succeeds_while_the_failure_comes_back_is_a_loop() -> None:
    runs = [Ran(float(number), f"R-{number}", "calm", "A") for number in range(3)]
    assert playbook_loop(runs[:2], "A", "calm", 3) == ""
    assert "it succeeded 3 times and the failure came back: R-0" in playbook_loop(runs, "A", "calm", 3)
    assert playbook_loop(runs, "B", "calm", 3) == playbook_loop(runs, "A", "other", 3) == ""
