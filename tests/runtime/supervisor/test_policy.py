"""What follows a crash, as a table."""

import pytest

from grace_tui.kernel import KernelSpec
from grace_tui.runtime.supervisor.policy import Quarantine, Restart, RestartPolicy, decide

POLICY = RestartPolicy(intensity=3, period=60.0, base=1.0, factor=2.0, cap=3.0, jitter=0.5)


@pytest.mark.parametrize(
    ("crashes", "streak", "was_ready", "expected"),
    [
        pytest.param([100.0], 1, True, Restart(0.0), id="first-of-a-ready-kernel-is-at-once"),
        pytest.param([100.0], 1, False, Restart(1.0), id="first-of-one-that-never-got-ready-waits"),
        pytest.param([90.0, 100.0], 2, True, Restart(1.0), id="second-waits-the-base"),
        pytest.param([90.0, 100.0], 2, False, Restart(2.0), id="delay-grows"),
        pytest.param([80.0, 90.0, 100.0], 3, False, Restart(3.0), id="delay-is-capped"),
        pytest.param([100.0], 5000, True, Restart(3.0), id="delay-is-capped-however-long-it-fails"),
        pytest.param([90.0, 100.0], 1, True, Restart(0.0), id="delay-starts-afresh-after-health"),
        pytest.param([1.0, 2.0, 3.0, 100.0], 1, True, Restart(0.0), id="old-failures-do-not-count"),
        pytest.param(
            [40.0, 50.0, 60.0, 100.0], 1, True, Quarantine("4 failures in 60 s"), id="the-period-is-inclusive"
        ),
        pytest.param([70.0, 80.0, 90.0, 100.0], 4, True, Quarantine("4 failures in 60 s"), id="over-intensity"),
    ],
)
def test_policy_decides(crashes: list[float], streak: int, was_ready: bool, expected: Restart | Quarantine) -> None:
    assert decide(POLICY, crashes, streak, now=100.0, was_ready=was_ready, chance=0.5) == expected


@pytest.mark.parametrize(("chance", "after"), [(0.0, 0.5), (0.5, 1.0), (0.999, 1.499)])
def test_jitter_spreads_a_delay_around_its_middle(chance: float, after: float) -> None:
    found = decide(POLICY, [90.0, 100.0], 2, now=100.0, was_ready=True, chance=chance)
    assert isinstance(found, Restart)
    assert found.after == pytest.approx(after)


def test_a_kernel_has_its_own_limits_where_it_says_so() -> None:
    assert POLICY.of(KernelSpec()) is POLICY
    own = POLICY.of(KernelSpec(intensity=0, period=5.0, healthy_after=1.0))
    assert (own.intensity, own.period, own.healthy_after, own.base) == (0, 5.0, 1.0, POLICY.base)
    assert decide(own, [100.0], 1, 100.0, was_ready=True, chance=0.5) == Quarantine("1 failures in 5 s")
