"""Verification: measures that what must always hold does hold, and checks every repair after the fact.

Owns the list of invariants and their last verdicts. A breach becomes an incident through the core; a repair that does
not hold is recorded and reported. It never repairs or restarts anything itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import anyio
import anyio.to_thread

from grace_tui.kernel import (
    GraceError,
    Kernel,
    KernelContext,
    KernelRecord,
    KernelSpec,
    NotReady,
    ProviderDown,
    TaskFinished,
)

PERIOD = 60.0
BUS_WAIT = 2.0
AUDIT_SHARE = 0.01
"""The audit chain is walked for at most this share of the time."""


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant and what was measured."""

    name: str
    kernel: str
    """Whom a breach is reported against."""
    ok: bool
    found: str
    kind: str = "InvariantBroken"
    """Kind of the incident that a breach opens; a kind that others report too makes one incident of both."""

    @property
    def message(self) -> str:
        return f"{self.name}: {self.found}" if self.kind == "InvariantBroken" else self.found


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one kernel."""

    kernel: str
    ok: bool
    checks: tuple[Check, ...]


class VerificationFramework(Kernel):
    """Checks invariants every minute and every repair once."""

    spec = KernelSpec(requires=("message_bus",), after=("governance",), priority=6)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.checks: tuple[Check, ...] = ()
        self.reported: dict[tuple[str, str], str] = {}
        self.audit_due = 0.0
        self.audit_check: Check | None = None

    async def start(self) -> None:
        for name, kernel, incident_id in self.saved_state.get("reported", ()):
            self.reported[str(name), str(kernel)] = str(incident_id)
        self.feed = self.subscribe(TaskFinished)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_repairs)
            async for _ in self.every(PERIOD):
                self.checks = await self.invariants()
                self.count(len(self.checks))
                self._judge(self.checks)

    async def probe(self) -> None:
        """Send itself a message over the bus, and find the two breaches in records of its own making."""
        bus = await self._bus_delivers()
        if not bus.ok:
            raise NotReady(f"verification_framework: {bus.found}")
        bad = [Sample("probe", "running", "", 31.0, 30.0), Sample("sound", "running", "abc", 1.0, 30.0)]
        if [check.ok for check in (*beats_in_time(bad), *has_version(bad))] != [False, False]:
            raise NotReady("verification_framework did not see the breaches in its sample")

    def save_state(self) -> Mapping[str, object]:
        return {"reported": [[*about, incident_id] for about, incident_id in self.reported.items()]}

    def summary(self) -> str:
        good = sum(check.ok for check in self.checks)
        return f"{good} of {len(self.checks)} hold" if self.checks else ""

    # ---- service

    async def invariants(self) -> tuple[Check, ...]:
        """Measure every invariant now."""
        samples = [sample_of(record) for record in self.context.room.kernels()]
        running = sum(sample.state == "running" for sample in samples)
        beats = beats_in_time(samples) or [Check("kernels beat", "", True, f"{running} running kernels beat in time")]
        versions = has_version(samples) or [
            Check("code is known", "", True, f"{running} running kernels have a version")
        ]
        return (await self._bus_delivers(), await self._audit_verifies(), *beats, *versions)

    async def verify(self, kernel: str) -> Report:
        """Check that a kernel is RUNNING, beats, and that its files compile.

        Raises:
            GraceError: there is no such kernel.
        """
        record = next((found for found in self.context.room.kernels() if found.name == kernel), None)
        if record is None:
            raise GraceError(f"there is no kernel {kernel!r}")
        sample = sample_of(record)
        compiles = await anyio.to_thread.run_sync(files_compile, self.context.workspace.root, record.path)
        checks = (
            Check("running", kernel, record.state == "running", record.state),
            Check("files compile", kernel, not compiles, compiles or record.path),
            *beats_in_time([sample]),
            *has_version([sample]),
        )
        return Report(kernel, all(check.ok for check in checks), checks)

    # ---- invariants

    async def _bus_delivers(self) -> Check:
        topic = f"{self.name}.echo"
        box = self.context.bus.subscribe(self.name, topic)
        try:
            self.context.bus.publish(topic, "echo", source=self.name)
            message = await box.receive(BUS_WAIT)
        finally:
            box.close()
        ok = message is not None and message.payload == "echo"
        return Check("bus delivers", "message_bus", ok, "echo came back" if ok else f"no echo within {BUS_WAIT:g} s")

    async def _audit_verifies(self) -> Check:
        """Walk the chain in a worker thread, the rarer the longer the walk takes."""
        now = self.context.clock.monotonic()
        if self.audit_check is None or now >= self.audit_due:
            report = await anyio.to_thread.run_sync(self.context.audit.verify)
            self.audit_due = now + report.seconds / AUDIT_SHARE
            found = report.problem or f"{report.entries} entries verified in {report.seconds:.2f} s"
            self.audit_check = Check("audit chain verifies", "immutable_log", report.ok, found, "AuditChainBroken")
        return self.audit_check

    def _judge(self, checks: Sequence[Check]) -> None:
        """Report each breach once, when it begins, and resolve it when it is over."""
        broken = {(check.name, check.kernel): check for check in checks if not check.ok}
        for about, check in broken.items():
            if about not in self.reported:
                self.log.warning("invariant broken", invariant=check.name, kernel=check.kernel, found=check.found)
                incident = self.context.incidents.report(check.kernel, check.kind, check.message, by=self.name)
                self.reported[about] = incident.id
        names = {check.name for check in checks}
        for about in [about for about in self.reported if about[0] in names and about not in broken]:
            self._resolve(self.reported.pop(about), about[0])

    def _resolve(self, incident_id: str, invariant: str) -> None:
        if self.context.incidents.get(incident_id) is not None:
            self.context.incidents.move(incident_id, "resolved", f"{invariant}: holds again", by=self.name)

    # ---- after a repair

    async def _watch_repairs(self) -> None:
        async for finished in self.feed:
            if finished.outcome == "learned":
                await self._check_repair(finished)

    async def _check_repair(self, finished: TaskFinished) -> None:
        try:
            report = await self.verify(finished.kernel)
        except GraceError as problem:
            report = Report(finished.kernel, False, (Check("exists", finished.kernel, False, str(problem)),))
        await self._record(finished, report)
        self._judge(
            [replace(check, name=f"{check.name} after the repair of {report.kernel}") for check in report.checks]
        )

    async def _record(self, finished: TaskFinished, report: Report) -> None:
        result = "holds" if report.ok else "does not hold"
        payload = {"task": finished.task_id, "checks": [asdict(check) for check in report.checks]}
        try:
            await self.kernel("immutable_log").append(
                actor=self.name, action="repair.verified", resource=report.kernel, payload=payload, result=result
            )
        except ProviderDown as problem:
            record = {"actor": self.name, "action": "repair.verified", "resource": report.kernel, "result": result}
            self.context.audit.append({**record, "payload": payload})
            self.log.warning("recorded past immutable_log", problem=str(problem))


@dataclass(frozen=True, slots=True)
class Sample:
    """What the invariants look at in a kernel."""

    kernel: str
    state: str
    version: str
    beat_age: float | None
    timeout: float


def sample_of(record: KernelRecord) -> Sample:
    return Sample(record.name, record.state, record.version, record.beat_age, record.heartbeat_timeout)


def beats_in_time(samples: Sequence[Sample]) -> list[Check]:
    """A failed check for every running kernel whose last beat is too old."""
    return [
        Check(
            "kernels beat",
            one.kernel,
            False,
            f"last beat {one.beat_age:.0f} s ago, limit {one.timeout:g} s",
            "HeartbeatGap",
        )
        for one in samples
        if one.state == "running" and one.beat_age is not None and one.beat_age > one.timeout
    ]


def has_version(samples: Sequence[Sample]) -> list[Check]:
    """A failed check for every kernel that is RUNNING although nothing was loaded for it."""
    return [
        Check("code is known", one.kernel, False, "RUNNING without a version")
        for one in samples
        if one.state == "running" and not one.version
    ]


def files_compile(root: Path, path: str) -> str:
    """The first problem in a kernel's file, or in any file of its folder; empty when all compile."""
    file = root / path
    folder = file.name == "__init__.py"
    for part in sorted(file.parent.rglob("*.py")) if folder else [file]:
        try:
            compile(part.read_bytes(), str(part), "exec")
        except (OSError, SyntaxError, ValueError) as problem:
            return f"{part.relative_to(root)}: {problem}"
    return ""
