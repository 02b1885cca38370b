"""Rates decay by themselves; allowances refill."""

import pytest

from grace_tui.healing.incidents.counting import Allowance, Rate


def test_a_rate_counts_the_last_minute_and_falls_by_itself() -> None:
    rate = Rate()
    for second in range(120):
        rate.add(1_000.0 + second)
    assert rate.per_minute(1_119.0) == pytest.approx(60, abs=5)
    assert rate.per_minute(1_149.0) == pytest.approx(30, abs=5)
    assert rate.per_minute(1_180.0) == 0


def test_a_rate_forgets_a_long_silence_at_once() -> None:
    rate = Rate()
    rate.add(5.0)
    rate.add(1e6)
    assert rate.per_minute(1e6) == 1


def test_an_allowance_gives_so_many_at_once_and_so_many_a_second() -> None:
    allowance = Allowance(rate=2.0, most=3.0)
    assert [allowance.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert allowance.wait(10.0) == 0.5
    assert [allowance.take(10.5), allowance.take(10.5)] == [True, False]
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
