"""What the rules of trigger_mesh measure, and the baselines they compare with. It only reads, slowly in a thread."""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import anyio.to_thread
import psutil

from grace_tui.kernel import AuditReport, KernelContext

WINDOW = 600.0
AUDIT_SHARE = 0.01
"""The audit chain is walked for at most this share of the time."""
BEING_REPAIRED = ("in_repair", "watching", "resolved", "suppressed")
WATCHED = ("grace.toml", "policies")
PACKAGES_PERIOD = 600.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value; `kernel` says whom it concerns, where it concerns one."""

    value: float
    detail: str = ""
    kernel: str = ""
    says: str = ""
    """The incident's message, where others report the same breach: the same words, so one incident."""


class Measures:
    """The measuring half of trigger_mesh."""

    def __init__(self, context: KernelContext) -> None:
        self.context = context
        self.files: dict[str, str] = {}
        self.packages: dict[str, str] = {}
        self.changed_packages: tuple[str, ...] = ()
        self.packages_due = 0.0
        self.denied_before: int | None = None
        self.failures: dict[str, deque[tuple[float, int]]] = {}
        self.audit: AuditReport | None = None
        self.audit_due = 0.0
        self.code: tuple[tuple[str, int], Reading] | None = None
        self.touches = 0

    async def start(self, baseline: Mapping[str, str]) -> None:
        """Take the baselines; settings are compared with those of the last instance, if there was one."""
        found = await anyio.to_thread.run_sync(hash_files, self.context.workspace.root)
        self.files = dict(baseline) or found
        self.packages = await anyio.to_thread.run_sync(installed)
        self.packages_due = self.context.clock.monotonic() + PACKAGES_PERIOD
        psutil.cpu_percent()  # the first call only sets the point that later ones measure from

    def baseline(self) -> dict[str, str]:
        return dict(self.files)

    async def files_changed(self, paths: Iterable[str]) -> None:
        """A change that the room saw is no drift: take it into the baseline."""
        self.touches += 1
        if any(path.split("/")[0] in WATCHED for path in paths):
            self.files = await anyio.to_thread.run_sync(hash_files, self.context.workspace.root)

    def turn(self) -> None:
        """One round of checks is over: counts since the last check start anew."""
        self.denied_before = self.context.bus.statistics().denied
        kept = {incident.id for incident in self.context.incidents.all()}
        self.failures = {name: counted for name, counted in self.failures.items() if name in kept}

    # ---- the measures; each is named in RULES

    async def heartbeat_gap(self) -> Reading:
        late = [
            (record.beat_age / record.heartbeat_timeout, record)
            for record in self.context.room.kernels()
            if record.state == "running" and record.beat_age is not None
        ]
        if not late:
            return Reading(0.0)
        share, record = max(late, key=lambda pair: pair[0])
        detail = f"{record.name}: {record.beat_age:.1f} of {record.heartbeat_timeout:g} s"
        says = f"last beat {record.beat_age:.0f} s ago, limit {record.heartbeat_timeout:g} s"
        return Reading(round(share, 2), detail, record.name, says)

    async def bus_backlog(self) -> Reading:
        depths = self.context.bus.statistics().depths
        if not depths:
            return Reading(0.0)
        deepest = max(depths, key=lambda name: depths[name])
        return Reading(float(depths[deepest]), deepest)

    async def bus_denials(self) -> Reading:
        denied = self.context.bus.statistics().denied
        return Reading(float(denied - (denied if self.denied_before is None else self.denied_before)))

    async def cpu(self) -> Reading:
        return Reading(psutil.cpu_percent(), f"{psutil.cpu_count()} cores")

    async def memory(self) -> Reading:
        memory = psutil.virtual_memory()
        return Reading(memory.percent, f"{memory.available / 2**20:.0f} MiB available")

    async def disk(self) -> Reading:
        disk = await anyio.to_thread.run_sync(psutil.disk_usage, str(self.context.workspace.root))
        return Reading(disk.percent, f"{disk.free / 2**30:.1f} GiB free")

    async def config_drift(self) -> Reading:
        found = await anyio.to_thread.run_sync(hash_files, self.context.workspace.root)
        changed = sorted(name for name in found.keys() | self.files.keys() if found.get(name) != self.files.get(name))
        return Reading(float(len(changed)), ", ".join(changed))

    async def repeated_errors(self) -> Reading:
        """The most failures of one kernel's incident within the window, among those that nobody repairs."""
        now = self.context.clock.time()
        worst = Reading(0.0)
        for incident in self.context.incidents.all():
            if incident.phase == "trigger" or now - incident.last_at > WINDOW:
                continue
            counted = self.failures.setdefault(incident.id, deque([(incident.opened_at, 0)]))
            counted.append((now, incident.count))
            while len(counted) > 1 and counted[1][0] < now - WINDOW:
                counted.popleft()
            grown = float(incident.count - counted[0][1])
            left_alone = incident.state not in BEING_REPAIRED and not incident.task_id
            if left_alone and grown > worst.value:
                worst = Reading(grown, f"{incident.id} {incident.title}", incident.kernel)
        return worst

    async def audit_chain(self) -> Reading:
        """Walk the chain in a worker thread, the rarer the longer the walk takes."""
        now = self.context.clock.monotonic()
        if self.audit is None or now >= self.audit_due:
            self.audit = await anyio.to_thread.run_sync(self.context.audit.verify)
            self.audit_due = now + self.audit.seconds / AUDIT_SHARE
        found = self.audit.problem or f"{self.audit.entries} entries sound"
        return Reading(float(not self.audit.ok), found, says=found)

    async def code_drift(self) -> Reading:
        """Files that differ from the newest snapshot; measured anew when a file or the snapshot changed."""
        snapshots = self.context.snapshots.all()
        if not snapshots:
            return Reading(0.0, "no snapshot yet")
        key = (snapshots[0].id, self.touches)
        if self.code is None or self.code[0] != key:
            changed = await self.context.snapshots.changed_since(snapshots[0].id)
            self.code = (key, Reading(float(len(changed)), ", ".join(changed[:5])))
        return self.code[1]

    async def dependency_drift(self) -> Reading:
        """Packages replaced while this process still runs their old code; looked at every ten minutes."""
        now = self.context.clock.monotonic()
        if now >= self.packages_due:
            self.packages_due = now + PACKAGES_PERIOD
            found = await anyio.to_thread.run_sync(installed)
            names = found.keys() | self.packages.keys()
            self.changed_packages = tuple(sorted(n for n in names if found.get(n) != self.packages.get(n)))
        return Reading(float(len(self.changed_packages)), ", ".join(self.changed_packages[:5]))


def hash_files(root: Path) -> dict[str, str]:
    """SHA-256 of the settings and of every policy file, by path relative to the workspace."""
    found = [path for name in WATCHED for path in [root / name, *(root / name).rglob("*")] if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def installed() -> dict[str, str]:
    """Installed distributions and their versions."""
    return {found.metadata["Name"] or "?": found.version for found in metadata.distributions()}
