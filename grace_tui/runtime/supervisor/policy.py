"""What to do after a crash: a pure decision from the policy, the crashes so far and the time."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Intensity and period as in OTP; backoff between the restarts within them."""

    intensity: int = 5
    """Crashes within `period` that are still answered by a restart."""
    period: float = 60.0
    """Seconds."""
    base: float = 0.5
    """Seconds before the second restart within the period; the first one is immediate."""
    factor: float = 2.0
    cap: float = 30.0
    """Longest delay in seconds."""
    jitter: float = 0.1
    """Share of the delay that is random, so that kernels that fell together do not rise together."""


@dataclass(frozen=True, slots=True)
class Restart:
    after: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    reason: str


def decide(
    policy: RestartPolicy, crashes: Sequence[float], now: float, *, was_ready: bool, chance: float
) -> Restart | Quarantine:
    """Say what follows the latest of `crashes` (monotonic seconds, oldest first); `chance` is random in [0, 1).

    A kernel that never got ready would fail again at once, so only one that was ready restarts without a delay.
    """
    recent = [at for at in crashes if now - at <= policy.period]
    if len(recent) > policy.intensity:
        return Quarantine(f"{len(recent)} failures in {policy.period:g} s")
    earlier = len(recent) - 1 if was_ready else len(recent)
    if earlier <= 0:
        return Restart(after=0.0)
    delay = min(policy.base * policy.factor ** (earlier - 1), policy.cap)
    return Restart(after=delay * (1 + policy.jitter * (2 * chance - 1)))
