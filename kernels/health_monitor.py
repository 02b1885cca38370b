"""Health: says for every kernel whether it is healthy, degraded or unhealthy, and why.

Owns the last verdicts, measured from the supervisor's own records. Publishes `health.changed` when a verdict changes.
It never restarts anything: the supervisor does.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from grace_tui.kernel import Kernel, KernelContext, KernelRecord, KernelSpec, NotReady

PERIOD = 2.0
LATE_SHARE = 0.5
"""A kernel that is silent for this share of its timeout is degraded."""

Verdict = Literal["healthy", "degraded", "unhealthy"]
ORDER: tuple[Verdict, ...] = ("healthy", "degraded", "unhealthy")
BY_STATE: Mapping[str, Verdict] = {
    "starting": "degraded",
    "paused": "degraded",
    "stopped": "degraded",
    "backing_off": "unhealthy",
    "failed": "unhealthy",
    "quarantined": "unhealthy",
}


@dataclass(frozen=True, slots=True)
class Health:
    kernel: str
    verdict: Verdict
    reason: str
    beat_age: float | None


class HealthMonitor(Kernel):
    """Judges every kernel every two seconds."""

    spec = KernelSpec(requires=("message_bus",), priority=20, critical=True)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.verdicts: dict[str, Health] = {}

    async def run(self) -> None:
        async for _ in self.every(PERIOD):
            self.look()

    async def probe(self) -> None:
        """Judge the kernels as they are, and a made-up one that is overdue."""
        for record in self.context.room.kernels():
            judge(record.name, record.state, record.beat_age, record.heartbeat_timeout, record.detail)
        if judge("probe", "running", 31.0, 30.0, "").verdict != "unhealthy":
            raise NotReady("health_monitor called a kernel healthy that is overdue")

    def summary(self) -> str:
        counts = Counter(health.verdict for health in self.verdicts.values())
        return ", ".join(f"{counts[verdict]} {verdict}" for verdict in ORDER if counts[verdict])

    # ---- service

    async def health(self) -> tuple[Health, ...]:
        """The verdict on every kernel, measured now."""
        self.look()
        return tuple(self.verdicts.values())

    async def overdue(self) -> tuple[str, ...]:
        """Kernels that are RUNNING and have not beaten within their timeout."""
        return tuple(record.name for record in self.context.room.kernels() if is_overdue(record))

    # ---- looking

    def look(self) -> None:
        """Judge every kernel; tell what changed."""
        before = self.verdicts
        self.verdicts = {
            record.name: judge(
                record.name, record.state, record.beat_age, record.heartbeat_timeout, record.error or record.detail
            )
            for record in self.context.room.kernels()
        }
        for name, health in self.verdicts.items():
            old = before[name].verdict if name in before else ""
            if health.verdict != old and (old or health.verdict != "healthy"):
                self._tell(health, old)

    def _tell(self, health: Health, old: str) -> None:
        self.count()
        self.context.bus.publish("health.changed", {**asdict(health), "old": old}, source=self.name)
        if health.verdict == "unhealthy":
            self.log.warning("health changed", kernel=health.kernel, verdict=health.verdict, reason=health.reason)


def is_overdue(record: KernelRecord) -> bool:
    return record.state == "running" and record.beat_age is not None and record.beat_age > record.heartbeat_timeout


def judge(kernel: str, state: str, beat_age: float | None, timeout: float, detail: str) -> Health:
    """The verdict on one kernel, and its reason."""
    if state != "running":
        reason = f"{state}: {detail}" if detail else state
        return Health(kernel, BY_STATE.get(state, "unhealthy"), reason, beat_age)
    if beat_age is None:
        return Health(kernel, "healthy", "running; no beat is expected", beat_age)
    if beat_age > timeout:
        return Health(kernel, "unhealthy", f"last beat {beat_age:.0f} s ago, limit {timeout:g} s", beat_age)
    if beat_age > timeout * LATE_SHARE:
        return Health(kernel, "degraded", f"last beat {beat_age:.0f} s ago", beat_age)
    return Health(kernel, "healthy", "running and beating", beat_age)
