"""Decides what an actor may do, by Cedar policies that have names, and keeps the questions that wait for a person.

Owns the policies in use (shipped in `kernels/policies/`, more in the workspace's `policies/`) and the approvals.
Called before anything acts on its own. Never turns a rule it could not evaluate into a silent yes or no.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio.to_thread
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from grace_tui.kernel import DecisionMade, Denied, FilesChanged, GraceError, Kernel, KernelSpec, NotReady, ProviderDown
from kernels.models import async_session
from kernels.models.database import create_tables, open_engine
from kernels.models.tables import Approval
from kernels.policies import DEFAULT, STRICTNESS, Decision, Policies, PolicyUnreadable, facts

OWN = "policies"
APPROVAL_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    id: str
    actor: str
    action: str
    resource: str
    reason: str
    policies: tuple[str, ...]
    state: str
    asked_at: float
    decided_at: float | None
    decided_by: str


class Governance(Kernel):
    spec = KernelSpec(after=("immutable_log", "secret_manager"), priority=8, tier=0)

    async def start(self) -> None:
        self.changes = self.subscribe(FilesChanged)
        self.problem = ""
        hours = self.settings.get("approval_hours", APPROVAL_HOURS)
        if not isinstance(hours, (int, float)) or hours <= 0:
            raise GraceError(f"kernels.governance: approval_hours is {hours!r}; expected more than 0")
        self.hours = float(hours)
        self.shipped = await anyio.to_thread.run_sync(Policies, [DEFAULT])
        self.policies = await anyio.to_thread.run_sync(self._read_policies)
        state = await anyio.to_thread.run_sync(lambda: self.context.workspace.state)
        self.engine = open_engine(str(self.settings.get("database", "")), state / "governance.db")
        await create_tables(self.engine)
        self.waiting = await self._count_pending()

    async def run(self) -> None:
        async for change in self.changes:
            if any(path.endswith(".cedar") for path in change.paths):
                await self._reload()

    async def probe(self) -> None:
        for resource, expected in (("permitted", "allow"), ("forbidden", "deny")):
            found = self.shipped.judge(self.name, "governance.probe", resource, facts({}, False, 0))
            if found.decision != expected:
                raise NotReady(f"the shipped policies decide {found.decision} where {expected} is right")
        await self._probe_approvals()

    async def stop(self) -> None:
        await self.engine.dispose()

    def summary(self) -> str:
        words = f"{len(self.policies)} policies"
        if self.waiting:
            words += f", {self.waiting} pending"
        return f"{words} ✖ {self.problem}" if self.problem else words

    # ---- services

    async def decide(
        self, actor: str, action: str, resource: str = "", context: Mapping[str, object] | None = None
    ) -> Decision:
        """Say whether `actor` may do `action` to `resource`; `context` may tell risk, confidence, files and more.

        `context["files"]` is a number or a list of paths; of a list, each path is judged as well as the resource, and
        the strictest word counts.
        """
        told = dict(context or {})
        paths, file_count = _files(told.pop("files", 0))
        resources = tuple(dict.fromkeys([resource, *paths]))
        decision = self._judge_all(actor, action, resources, facts(told, False, file_count))
        if decision.decision == "needs_approval" and await self._approved(actor, action, resource):
            decision = self._judge_all(actor, action, resources, facts(told, True, file_count))
        await self._tell(actor, action, resource, decision)
        return decision

    async def request_approval(
        self, actor: str, action: str, resource: str = "", *, reason: str = "", policies: Sequence[str] = ()
    ) -> str:
        """Ask a person; returns the question's id. The same question is asked once while it waits."""
        async with async_session(self.engine) as session:
            same = select(Approval).filter_by(actor=actor, action=action, resource=resource, state="pending")
            if (found := (await session.scalars(same)).first()) is not None:
                return found.id
            asked = Approval(
                id=f"A{uuid.uuid4().hex[:12]}",
                actor=actor,
                action=action,
                resource=resource,
                reason=reason,
                policies=",".join(policies),
                state="pending",
                asked_at=self.context.clock.time(),
            )
            session.add(asked)
        await self._write_down(actor, "approval.requested", resource, {"id": asked.id, "action": action}, reason)
        self.waiting = await self._count_pending()
        return asked.id

    async def approve(self, approval_id: str, by: str) -> ApprovalRecord:
        """Answer yes: the same question is allowed for `approval_hours` (24 by default) from now."""
        return await self._answer(approval_id, "approved", by)

    async def reject(self, approval_id: str, by: str) -> ApprovalRecord:
        return await self._answer(approval_id, "rejected", by)

    async def pending(self) -> tuple[ApprovalRecord, ...]:
        """Questions that wait for a person, oldest first."""
        async with async_session(self.engine) as session:
            waiting = select(Approval).filter_by(state="pending").order_by(Approval.asked_at)
            return tuple(_record(row) for row in await session.scalars(waiting))

    # ---- helpers

    def _judge_all(self, actor: str, action: str, resources: Sequence[str], told: Mapping[str, object]) -> Decision:
        found = [self.policies.judge(actor, action, resource, told) for resource in resources]
        self.count(len(found))
        return max(found, key=lambda decision: STRICTNESS.index(decision.decision))

    async def _answer(self, approval_id: str, state: str, by: str) -> ApprovalRecord:
        async with async_session(self.engine) as session:
            row = await session.get(Approval, approval_id, with_for_update=True)
            if row is None:
                raise GraceError(f"there is no approval {approval_id!r}")
            if row.state != "pending":
                raise GraceError(f"approval {approval_id} was {row.state} by {row.decided_by} already")
            if by == row.actor:
                raise Denied(by, f"answer approval {approval_id}", "nobody answers a question of their own")
            row.state, row.decided_by, row.decided_at = state, by, self.context.clock.time()
            record = _record(row)
        await self._write_down(by, f"approval.{state}", record.resource, {"id": record.id, "action": record.action}, "")
        self.waiting = await self._count_pending()
        return record

    async def _approved(self, actor: str, action: str, resource: str) -> bool:
        since = self.context.clock.time() - self.hours * 3600
        question = select(Approval.id).filter_by(actor=actor, action=action, resource=resource, state="approved")
        try:
            async with async_session(self.engine) as session:
                return (await session.scalars(question.where(Approval.decided_at > since))).first() is not None
        except (SQLAlchemyError, OSError) as error:
            self.log.error("approvals cannot be read, so none counts", error=type(error).__name__)
            return False

    async def _count_pending(self) -> int:
        async with async_session(self.engine) as session:
            found = await session.scalar(select(func.count()).select_from(Approval).filter_by(state="pending"))
        return found or 0

    async def _probe_approvals(self) -> None:
        """Write a row and read it back, and take it away again: the probe leaves no trace."""
        key = f"probe-{uuid.uuid4().hex[:12]}"
        async with async_session(self.engine) as session:
            row = Approval(id=key, actor=self.name, action="probe", resource="", reason="", policies="")
            row.state, row.asked_at = "probe", self.context.clock.time()
            session.add(row)
            await session.flush()
            found = await session.scalar(select(Approval.state).filter_by(id=key))
            await session.rollback()
        if found != "probe":
            raise NotReady(f"an approval was written and {found!r} read back")

    def _read_policies(self) -> Policies:
        return Policies([DEFAULT, *sorted((self.context.workspace.root / OWN).glob("*.cedar"))])

    async def _reload(self) -> None:
        """Take changed policies into use; broken ones are shown, and the last good set stays in force."""
        try:
            self.policies, self.problem = await anyio.to_thread.run_sync(self._read_policies), ""
            self.log.info("policies read", policies=len(self.policies))
        except (PolicyUnreadable, OSError) as error:
            self.problem = str(error)
            self.log.error("policies unchanged", problem=self.problem)

    async def _tell(self, actor: str, action: str, resource: str, decision: Decision) -> None:
        rationale = f"{actor}: {decision.decision}: {decision.reason}"
        self.publish(DecisionMade(self.name, action, resource, rationale, STRICTNESS))
        if decision.errors:
            self.log.error("policies could not be evaluated", errors="; ".join(decision.errors))
        if not decision.allowed:
            payload = {"policies": list(decision.policies), "reason": decision.reason}
            await self._write_down(actor, f"governance.{decision.decision}", f"{action} {resource}", payload, "")

    async def _write_down(
        self, actor: str, action: str, resource: str, payload: Mapping[str, object], result: str
    ) -> None:
        try:
            await self.kernel("immutable_log").append(actor, action, resource, payload=payload, result=result)
        except ProviderDown:
            record = {"actor": actor, "action": action, "resource": resource, "payload": payload, "result": result}
            self.context.audit.append(record)


def _files(told: object) -> tuple[tuple[str, ...], int]:
    """Return the paths that were told, and how many files there are."""
    if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**63:
        return (), told
    if isinstance(told, (list, tuple)):
        return tuple(map(str, told)), len(told)
    raise GraceError(f"context: files is {told!r}; expected a number or a list of paths")


def _record(row: Approval) -> ApprovalRecord:
    return ApprovalRecord(
        row.id,
        row.actor,
        row.action,
        row.resource,
        row.reason,
        tuple(filter(None, row.policies.split(","))),
        row.state,
        row.asked_at,
        row.decided_at,
        row.decided_by,
    )
