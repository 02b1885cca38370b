"""Identifiers: readable, counted within a day, never made twice."""

from grace_tui.healing.ids import Ids

DAY = 1_795_392_000.0  # 23 November 2026, 00:00 UTC


def test_ids_count_within_a_day_and_start_again_with_the_next() -> None:
    ids = Ids("I")
    made = [ids.new(DAY + 1), ids.new(DAY + 2), ids.new(DAY + 86_400)]
    assert [text.rpartition("-")[0] for text in made] == ["I-20261123-0001", "I-20261123-0002", "I-20261124-0001"]


def test_counting_goes_on_after_what_is_known() -> None:
    assert Ids("I", ["I-20261123-0041-k3f9", "T-20261123-0077-k3f9", "odd"]).new(DAY).startswith("I-20261123-0042-")


def test_two_runs_that_know_nothing_of_one_another_make_different_ids() -> None:
    assert len({Ids("I").new(DAY) for _ in range(50)}) == 50
