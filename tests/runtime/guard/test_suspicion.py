"""A stay is a block where its thread worked all the time or not at all; whatever else made the loop late excuses it."""

import sys
from types import FrameType

import pytest

from grace_tui.runtime.guard.stack import Sample, Stay
from grace_tui.runtime.guard.suspicion import Mark, Suspicion, is_held

LIMIT, LOOK = 0.14, 0.04


def frame() -> FrameType:
    """A frame of its own."""
    return sys._getframe(0)


def stay(entry: FrameType, kernel: str = "spin") -> Stay:
    return Stay(kernel, entry, entry, clean=True)


@pytest.mark.parametrize(
    ("seconds", "worked", "held"),
    [
        pytest.param(0.13, 0.13, False, id="too short"),
        pytest.param(0.14, 0.14, True, id="works all the time"),
        pytest.param(0.14, 0.08, True, id="works most of the time"),
        pytest.param(0.14, 0.0, True, id="sleeps"),
        pytest.param(0.14, 0.03, False, id="a busy machine kept it from working"),
        pytest.param(0.3, 0.06, True, id="twice the time, whatever it did"),
        pytest.param(0.14, None, True, id="nobody counts its work"),
    ],
)
def test_held_is_what_worked_or_slept_all_the_time(seconds: float, worked: float | None, held: bool) -> None:
    used = None if worked is None else 3.0 + worked
    assert is_held(Mark(10.0, 3.0), Mark(10.0 + seconds, used), LIMIT) is held


def test_a_stay_counts_from_the_last_turn_where_it_is_seen_in_time() -> None:
    step, entry = frame(), frame()
    suspicion, sample = Suspicion(Mark(0.0, 0.0)), Sample([stay(entry)], [entry], step)
    suspicion.look(sample, Mark(0.05, 0.05), LOOK)
    assert suspicion.culprit(sample, Mark(0.05, 0.05), LIMIT) is None
    suspicion.look(sample, Mark(0.14, 0.14), LOOK)
    assert suspicion.culprit(sample, Mark(0.14, 0.14), LIMIT) is sample.stays[0]


def test_a_kernel_is_not_blamed_for_the_callback_before_it() -> None:
    first, second, entry = frame(), frame(), frame()
    suspicion = Suspicion(Mark(0.0, 0.0))
    suspicion.look(Sample([stay(entry)], [entry], first), Mark(0.05, 0.05), LOOK)
    sample = Sample([stay(entry)], [entry], second)
    suspicion.look(sample, Mark(0.14, 0.14), LOOK)
    assert suspicion.culprit(sample, Mark(0.14, 0.14), LIMIT) is None
    suspicion.look(sample, Mark(0.29, 0.29), LOOK)
    assert suspicion.culprit(sample, Mark(0.29, 0.29), LIMIT) is sample.stays[0]


def test_the_one_that_calls_another_again_and_again_is_to_blame() -> None:
    step, caller = frame(), frame()
    suspicion = Suspicion(Mark(0.0, 0.0))
    suspicion.look(Sample([stay(frame(), "called"), stay(caller, "caller")], [], step), Mark(0.05, 0.05), LOOK)
    sample = Sample([stay(frame(), "called"), stay(caller, "caller")], [], step)
    now = Mark(0.14, 0.14)
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
    suspicion, sample, now = Suspicion(Mark(0.0, 0.0)), Sample([stay(entry)], [entry], frame()), Mark(3.0, worked)
    suspicion.look(sample, now, LOOK)
    assert (suspicion.culprit(sample, now, LIMIT) is not None) is blamed


def test_the_core_is_held_where_no_kernel_is_on_the_stack() -> None:
    suspicion, sample, now = Suspicion(Mark(0.0, 0.0)), Sample([], [], frame()), Mark(0.14, 0.14)
    suspicion.look(sample, Mark(0.05, 0.05), LOOK)
    suspicion.look(sample, now, LOOK)
    assert suspicion.is_the_core(sample, now, LIMIT)
    idle = Sample([], [], None)
    suspicion.look(idle, now, LOOK)
    assert not suspicion.is_the_core(idle, Mark(9.0, 0.14), LIMIT)
