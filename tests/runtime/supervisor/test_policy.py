"""What follows a crash, as a table."""

import pytest

from grace_tui.runtime.supervisor.policy import Quarantine, Restart, RestartPolicy, decide

POLICY = RestartPolicy(intensity=3, period=60.0, base=1.0, factor=2.0, cap=3.0, jitter=0.5)


@pytest.mark.parametrize(
    ("crashes", "was_ready", "expected"),
    [
        pytest.param([100.0], True, Restart(0.0), id="first-of-a-ready-kernel-is-at-once"),
        pytest.param([100.0], False, Restart(1.0), id="first-of-one-that-never-got-ready-waits"),
        pytest.param([90.0, 100.0], True, Restart(1.0), id="second-waits-the-base"),
        pytest.param([90.0, 100.0], False, Restart(2.0), id="delay-grows"),
        pytest.param([80.0, 90.0, 100.0], False, Restart(3.0), id="delay-is-capped"),
        pytest.param([1.0, 2.0, 3.0, 100.0], True, Restart(0.0), id="old-crashes-are-forgiven"),
        pytest.param([40.0, 100.0], True, Restart(1.0), id="the-period-is-inclusive"),
        pytest.param([70.0, 80.0, 90.0, 100.0], True, Quarantine("4 failures in 60 s"), id="over-intensity"),
    ],
)
def test_policy_decides(crashes: list[float], was_ready: bool, expected: Restart | Quarantine) -> None:
    assert decide(POLICY, crashes, now=100.0, was_ready=was_ready, chance=0.5) == expected


@pytest.mark.parametrize(("chance", "after"), [(0.0, 0.5), (0.5, 1.0), (0.999, 1.499)])
def test_jitter_spreads_a_delay_around_its_middle(chance: float, after: float) -> None:
    found = decide(POLICY, [90.0, 100.0], now=100.0, was_ready=True, chance=chance)
    assert isinstance(found, Restart)
    assert found.after == pytest.approx(after)
