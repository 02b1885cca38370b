"""What to do after a failure: a pure decision from the policy, the failures so far and the time."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from grace_tui.kernel.spec import KernelSpec


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Intensity and period as in OTP; backoff between the restarts within them."""

    intensity: int = 5
    """Failures within `period` that are still answered by a restart."""
    period: float = 60.0
    """Seconds."""
    base: float = 0.5
    """Seconds before the second restart in a row; the first one is immediate."""
    factor: float = 2.0
    cap: float = 30.0
    """Longest delay in seconds."""
    jitter: float = 0.1
    """Share of the delay that is random, so that kernels that fell together do not rise together."""
    healthy_after: float = 30.0
    """Seconds of being RUNNING after which the delays start from `base` again."""

    def of(self, spec: KernelSpec) -> "RestartPolicy":
        """This policy with what a kernel says of itself."""
        if spec.intensity is None and spec.period is None and spec.healthy_after is None:
            return self
        return dataclasses.replace(
            self,
            intensity=self.intensity if spec.intensity is None else spec.intensity,
            period=self.period if spec.period is None else spec.period,
            healthy_after=self.healthy_after if spec.healthy_after is None else spec.healthy_after,
        )


@dataclass(frozen=True, slots=True)
class Restart:
    after: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    reason: str


def recent(policy: RestartPolicy, crashes: Sequence[float], now: float) -> int:
    """How many failures count."""
    return sum(now - at <= policy.period for at in crashes)


def decide(
    policy: RestartPolicy, failures: int, streak: int, *, was_ready: bool, chance: float
) -> Restart | Quarantine:
    """Say what follows the latest of the `failures` that count; `chance` is random in [0, 1).

    `streak` counts the failures since the kernel was last healthy, this one among them. A kernel that never got ready
    would fail again at once, so only one that was ready restarts without a delay.
    """
    if failures > policy.intensity:
        return Quarantine(f"{failures} failures in {policy.period:g} s")
    earlier = streak - 1 if was_ready else streak
    if earlier <= 0:
        return Restart(after=0.0)
    # A kernel that fails for days must not overflow a float on its way to the cap.
    delay = min(policy.base * policy.factor ** min(earlier - 1, 64), policy.cap)
    return Restart(after=delay * (1 + policy.jitter * (2 * chance - 1)))
