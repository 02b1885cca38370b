"""What follows a crash, as a table."""

import pytest

from grace_tui.kernel import KernelSpec
from grace_tui.runtime.supervisor.policy import Quarantine, Restart, RestartPolicy, decide, recent

POLICY = RestartPolicy(intensity=3, period=60.0, base=1.0, factor=2.0, cap=3.0, jitter=0.5)


@pytest.mark.parametrize(
    ("failures", "streak", "was_ready", "expected"),
    [
        pytest.param(1, 1, True, Restart(0.0), id="first-of-a-ready-kernel-is-at-once"),
        pytest.param(1, 1, False, Restart(1.0), id="first-of-one-that-never-got-ready-waits"),
        pytest.param(2, 2, True, Restart(1.0), id="second-waits-the-base"),
        pytest.param(2, 2, False, Restart(2.0), id="delay-grows"),
        pytest.param(3, 3, False, Restart(3.0), id="delay-is-capped"),
        pytest.param(1, 5000, True, Restart(3.0), id="delay-is-capped-however-long-it-fails"),
        pytest.param(2, 1, True, Restart(0.0), id="delay-starts-afresh-after-health"),
        pytest.param(4, 1, True, Quarantine("4 failures in 60 s"), id="over-intensity-however-healthy-between"),
        pytest.param(4, 4, True, Quarantine("4 failures in 60 s"), id="over-intensity"),
    ],
)
def test_policy_decides(failures: int, streak: int, was_ready: bool, expected: Restart | Quarantine) -> None:
    assert decide(POLICY, failures, streak, was_ready=was_ready, chance=0.5) == expected


@pytest.mark.parametrize(("at", "expected"), [(100.0, 3), (150.0, 2), (150.1, 1), (1000.0, 0)])
def test_failures_count_for_the_period(at: float, expected: int) -> None:
    assert recent(POLICY, [80.0, 90.0, 95.0], at) == expected


@pytest.mark.parametrize(("chance", "after"), [(0.0, 0.5), (0.5, 1.0), (0.999, 1.499)])
def test_jitter_spreads_a_delay_around_its_middle(chance: float, after: float) -> None:
    found = decide(POLICY, 2, 2, was_ready=True, chance=chance)
    assert isinstance(found, Restart)
    assert found.after == pytest.approx(after)


def test_a_kernel_has_its_own_limits_where_it_says_so() -> None:
    assert POLICY.of(KernelSpec()) is POLICY
    own = POLICY.of(KernelSpec(intensity=0, period=5.0, healthy_after=1.0))
    assert (own.intensity, own.period, own.healthy_after, own.base) == (0, 5.0, 1.0, POLICY.base)
    assert decide(own, 1, 1, was_ready=True, chance=0.5) == Quarantine("1 failures in 5 s")
