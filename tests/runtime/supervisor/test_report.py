"""Kernels are told in an order that people expect."""

from grace_tui.runtime.supervisor.report import counted


def test_names_with_numbers_are_told_as_people_count() -> None:
    names = ["job-10", "job-1", "job", "2nd", "job-2", "alpha", "job-2-b", "10th", "job-2-a"]
    told = ["2nd", "10th", "alpha", "job", "job-1", "job-2", "job-2-a", "job-2-b", "job-10"]
    assert sorted(names, key=counted) == told
