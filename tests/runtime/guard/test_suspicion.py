"""A stay is a block where its thread worked all the time or not at all; whatever else made the loop late excuses it."""

import sys
from types import FrameType

import pytest

from grace_tui.runtime.guard.beat import Mark
from grace_tui.runtime.guard.stack import Sample, Stay
from grace_tui.runtime.guard.suspicion import Suspicion, is_held
from grace_tui.runtime.guard.use import Use

LIMIT, LOOK = 0.14, 0.04


def frame() -> FrameType:
    """A frame of its own."""
    return sys._getframe(0)


def mark(at: float, worked: float, waited: float = 0.0) -> Mark:
    return Mark(at, Use(worked, waited))


def stay(entry: FrameType, kernel: str = "spin") -> Stay:
    return Stay(kernel, entry, entry, clean=True)


@pytest.mark.parametrize(
    ("seconds", "use", "held"),
    [
        pytest.param(0.13, Use(0.13, 0), False, id="too short"),
        pytest.param(0.15, Use(0.15, 0), True, id="works all the time"),
        pytest.param(0.15, Use(0.08, 0), True, id="works most of the time"),
        pytest.param(0.4, Use(0.08, 0.3), True, id="works, on a busy machine"),
        pytest.param(0.15, Use(0.0, 0), True, id="sleeps"),
        pytest.param(0.15, Use(0.02, 0), True, id="hardly works"),
        pytest.param(0.15, Use(0.05, 0), False, id="may have waited for the interpreter"),
        pytest.param(0.3, Use(0.06, 0), True, id="twice the time, whatever it did"),
        pytest.param(0.3, Use(0.06, 0.2), False, id="waited for a processor"),
        pytest.param(0.15, None, True, id="nobody counts its work"),
    ],
)
def test_held_is_what_worked_or_waited_by_its_own_will(seconds: float, use: Use | None, held: bool) -> None:
    assert is_held(Mark(10.0, Use(0.0, 0.0)), Mark(10.0 + seconds, use), LIMIT) is held


def test_a_stay_counts_from_the_last_turn_where_it_is_seen_in_time() -> None:
    step, entry = frame(), frame()
    suspicion, sample = Suspicion(mark(0.0, 0.0)), Sample([stay(entry)], [entry], step)
    suspicion.look(sample, mark(0.05, 0.05), LOOK)
    assert suspicion.culprit(sample, mark(0.05, 0.05), LIMIT) is None
    suspicion.look(sample, mark(0.14, 0.14), LOOK)
    assert suspicion.culprit(sample, mark(0.14, 0.14), LIMIT) is sample.stays[0]


def test_a_kernel_is_not_blamed_for_the_callback_before_it() -> None:
    first, second, entry = frame(), frame(), frame()
    suspicion = Suspicion(mark(0.0, 0.0))
    suspicion.look(Sample([stay(entry)], [entry], first), mark(0.05, 0.05), LOOK)
    sample = Sample([stay(entry)], [entry], second)
    suspicion.look(sample, mark(0.14, 0.14), LOOK)
    assert suspicion.culprit(sample, mark(0.14, 0.14), LIMIT) is None
    suspicion.look(sample, mark(0.29, 0.29), LOOK)
    assert suspicion.culprit(sample, mark(0.29, 0.29), LIMIT) is sample.stays[0]


def test_the_one_that_calls_another_again_and_again_is_to_blame() -> None:
    step, caller = frame(), frame()
    suspicion = Suspicion(mark(0.0, 0.0))
    suspicion.look(Sample([stay(frame(), "called"), stay(caller, "caller")], [], step), mark(0.05, 0.05), LOOK)
    sample = Sample([stay(frame(), "called"), stay(caller, "caller")], [], step)
    now = mark(0.14, 0.14)
    suspicion.look(sample, now, LOOK)
    found = suspicion.culprit(sample, now, LIMIT)
    assert found is not None
    assert found.kernel == "caller"


@pytest.mark.parametrize(
    ("worked", "blamed"),
    [pytest.param(2.9, True, id="a C call kept the interpreter"), pytest.param(0.001, False, id="all stood still")],
)
def test_a_guard_that_comes_late_itself_blames_only_who_worked(worked: float, blamed: bool) -> None:
    entry = frame()
    suspicion, sample, now = Suspicion(mark(0.0, 0.0)), Sample([stay(entry)], [entry], frame()), mark(3.0, worked)
    suspicion.look(sample, now, LOOK)
    assert (suspicion.culprit(sample, now, LIMIT) is not None) is blamed


def test_the_core_is_held_where_no_kernel_is_on_the_stack() -> None:
    suspicion, sample, now = Suspicion(mark(0.0, 0.0)), Sample([], [], frame()), mark(0.14, 0.14)
    suspicion.look(sample, mark(0.05, 0.05), LOOK)
    suspicion.look(sample, now, LOOK)
    assert suspicion.is_the_core(sample, now, LIMIT)
    idle = Sample([], [], None)
    suspicion.look(idle, now, LOOK)
    assert not suspicion.is_the_core(idle, mark(9.0, 0.14), LIMIT)
