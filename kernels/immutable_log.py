"""Serves the audit log: who did what, in an order and with a content that cannot be changed unnoticed.

Owns the form of a record and the regular walk along the chain. Called by every kernel that acts. Never keeps entries
itself and never changes one: the chain lives in the core and outlives this kernel.
"""

import time
from collections.abc import Mapping
from typing import Any

import anyio.to_thread

from grace_tui.kernel import AuditEntry, AuditReport, GraceError, Kernel, KernelSpec, NotReady
from grace_tui.kernel.spelling import plural

VERIFY_EVERY = 600.0
SEARCHED_BY_PROBE = 20


class ImmutableLog(Kernel):
    spec = KernelSpec(requires=("message_bus",), priority=2, critical=True)

    async def start(self) -> None:
        pace = self.settings.get("verify_every", VERIFY_EVERY)
        if not isinstance(pace, (int, float)) or pace < 10:
            raise GraceError(f"kernels.immutable_log: verify_every is {pace!r}; expected 10 seconds or more")
        self.pace = float(pace)
        self.verified: AuditReport | None = None
        self.verified_at = 0.0
        self.reported = ""

    async def run(self) -> None:
        async for _ in self.every(self.pace):
            await self.verify()

    async def probe(self) -> None:
        entry = await self.append(self.name, "probe", "audit chain", result="written")
        for found in await self.tail(SEARCHED_BY_PROBE):
            if found.hash == entry.hash and found.record == entry.record:
                return
        raise NotReady(f"entry {entry.sequence} was appended and cannot be read back by its hash {entry.hash[:12]}")

    def summary(self) -> str:
        entries = plural(self.context.audit.count, "entry", "entries")
        if self.verified is None:
            return entries
        if not self.verified.ok:
            return f"{entries} ✖ {self.verified.problem}"
        return f"{entries} ✓ {time.strftime('%H:%M', time.localtime(self.verified_at))}"

    # ---- services

    async def append(
        self,
        actor: str,
        action: str,
        resource: str = "",
        *,
        subsystem: str = "",
        payload: Mapping[str, Any] | None = None,
        result: str = "",
    ) -> AuditEntry:
        """Write one entry: `actor` did `action` to `resource`, as a part of `subsystem`, with this `result`."""
        record = {
            "actor": actor,
            "action": action,
            "resource": resource,
            "subsystem": subsystem,
            "payload": dict(payload or {}),
            "result": result,
        }
        entry = self.context.audit.append(record)
        self.count()
        return entry

    async def tail(self, count: int = 20) -> list[AuditEntry]:
        """The newest entries, oldest of them first."""
        return await anyio.to_thread.run_sync(self.context.audit.tail, count)

    async def search(
        self, *, actor: str = "", action: str = "", text: str = "", since: float = 0.0, limit: int = 100
    ) -> list[AuditEntry]:
        """Matching entries, newest first; `since` is in seconds since the epoch."""

        def look() -> list[AuditEntry]:
            return self.context.audit.search(actor=actor, action=action, text=text, since=since, limit=limit)

        return await anyio.to_thread.run_sync(look)

    async def verify(self) -> AuditReport:
        """Walk the whole chain; a break in it is reported as an incident, once for each problem."""
        report = await anyio.to_thread.run_sync(self.context.audit.verify)
        self.verified, self.verified_at = report, self.context.clock.time()
        if not report.ok and report.problem != self.reported:
            self.reported = report.problem
            self.log.error("the audit chain is broken", problem=report.problem)
            self.context.incidents.report(self.name, "AuditChainBroken", report.problem, self.name)
        return report
