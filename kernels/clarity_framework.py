"""Clarity: keeps every automatic decision with its reasons, and explains it to people.

Owns the decisions, in a ring and in `.grace/decisions.jsonl`. Fed by DecisionMade events and by `record`; asked by
voice_conversation and people. It never decides anything itself.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread

from grace_tui.disk import atomic_write
from grace_tui.kernel import DecisionMade, GraceError, Kernel, KernelContext, KernelSpec, Message, NotReady

KEPT = 500
LINES_BEFORE_TRIM = 4 * KEPT
FLUSH_PERIOD = 3.0
RISK_WORDS = ((0.3, "low"), (0.6, "medium"), (0.8, "high"))


@dataclass(frozen=True, slots=True)
class Decision:
    """One automatic act and why."""

    id: str
    at: float
    actor: str
    action: str
    resource: str
    rationale: str
    alternatives: tuple[str, ...] = ()
    confidence: float = 1.0
    risk: float = 0.0


class ClarityFramework(Kernel):
    """Keeps and explains decisions."""

    spec = KernelSpec(requires=("message_bus",), priority=5)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.kept: deque[Decision] = deque(maxlen=KEPT)
        self.unwritten: list[Decision] = []

    async def start(self) -> None:
        self.feed = self.subscribe(DecisionMade.topic)
        self.path, found = await anyio.to_thread.run_sync(self._load)
        handed_over = [one for row in self.saved_state.get("unwritten", ()) if (one := parse(row)) is not None]
        known = {decision.id for decision in found}
        self.unwritten = [decision for decision in handed_over if decision.id not in known]
        self.kept.extend([*found, *self.unwritten])
        self.number = max((number_of(decision.id) for decision in self.kept), default=0)

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._write_now_and_then)
            async for message in self.feed:
                self._take(message)

    async def stop(self) -> None:
        await self._write()

    async def probe(self) -> None:
        """Keep and explain a decision of its own making, then let go of it."""
        sample = Decision(
            "probe", 0.0, self.name, "probe", "probe", "to see that decisions can be explained", ("wait",)
        )
        kept, self.kept = self.kept, deque([*self.kept, sample], maxlen=KEPT)
        try:
            text = self._explain("probe")
        finally:
            self.kept = kept
        if sample.rationale not in text or "wait" not in text:
            raise NotReady(f"clarity_framework explained its sample as {text!r}")

    def save_state(self) -> Mapping[str, object]:
        return {"unwritten": [asdict(decision) for decision in self.unwritten]}

    def summary(self) -> str:
        return f"{len(self.kept)} decisions"

    # ---- service

    async def record(
        self,
        actor: str,
        action: str,
        resource: str,
        rationale: str,
        alternatives: Sequence[str] = (),
        confidence: float = 1.0,
        risk: float = 0.0,
    ) -> str:
        """Keep a decision, tell it on the bus, and return its id.

        Raises:
            GraceError: it says not who did what and why, or confidence or risk lie outside 0 to 1.
        """
        for field, text in (("actor", actor), ("action", action), ("rationale", rationale)):
            if not text.strip():
                raise GraceError(f"a decision needs its {field}; it is empty")
        for field, value in (("confidence", confidence), ("risk", risk)):
            if not 0.0 <= value <= 1.0:
                raise GraceError(f"{field} is {value!r}; expected 0 to 1")
        event = DecisionMade(actor, action, resource, rationale, tuple(alternatives), confidence, risk)
        kept = self._keep(event)
        self.publish(event)
        return kept.id

    async def explain(self, resource: str) -> str:
        """Tell the reasoning behind a decision id, or behind the latest decision about a resource."""
        return self._explain(resource)

    async def recent(self, limit: int = 20) -> tuple[Decision, ...]:
        """The latest decisions, newest first."""
        return tuple(reversed(self.kept))[: max(limit, 0)]

    # ---- keeping

    def _take(self, message: Message) -> None:
        if isinstance(message.payload, DecisionMade) and message.source != self.name:
            self._keep(message.payload)

    def _keep(self, event: DecisionMade) -> Decision:
        self.number += 1
        decision = Decision(
            f"D{self.number}",
            self.context.clock.time(),
            event.actor,
            event.action,
            event.resource,
            event.rationale,
            tuple(event.alternatives),
            event.confidence,
            event.risk,
        )
        self.kept.append(decision)
        self.unwritten.append(decision)
        self.count()
        return decision

    async def _write_now_and_then(self) -> None:
        async for _ in self.every(FLUSH_PERIOD):
            await self._write()

    async def _write(self) -> None:
        if not self.unwritten:
            return
        written = list(self.unwritten)
        await anyio.to_thread.run_sync(append_lines, self.path, written)
        self.unwritten = self.unwritten[len(written) :]

    def _load(self) -> tuple[Path, list[Decision]]:
        path = self.context.workspace.state / "decisions.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        decisions = [decision for line in lines[-KEPT:] if (decision := parse_line(line)) is not None]
        if len(decisions) < len(lines[-KEPT:]):
            self.log.warning("unreadable decisions left out", count=len(lines[-KEPT:]) - len(decisions), path=str(path))
        if len(lines) > LINES_BEFORE_TRIM:
            atomic_write(path, "".join(f"{line}\n" for line in lines[-KEPT:]).encode())
        return path, decisions

    # ---- explaining

    def _explain(self, wanted: str) -> str:
        found = next((decision for decision in reversed(self.kept) if is_about(decision, wanted)), None)
        if found is None:
            return f"no decision about {wanted} is kept"
        return reasoning(found, self._situation(found), self._evidence(found))

    def _situation(self, decision: Decision) -> str:
        incident = self.context.incidents.get(decision.resource)
        if incident is None:
            about = [record for record in self.context.incidents.all() if record.kernel == decision.resource]
            incident = about[0] if about else None
        if incident is None:
            return f"{decision.actor} was to act on {decision.resource or 'the room'}"
        return f"{incident.id}, {incident.kernel}: {incident.title} (seen {incident.count}x, now {incident.state})"

    def _evidence(self, decision: Decision) -> str:
        lines = [
            f"{task.id} is {task.state}: {[gate.state for gate in task.gates].count('passed')} gates passed"
            for task in self.context.tasks.all()
            if decision.resource in (task.id, task.incident_id, task.kernel)
        ]
        similar = sum(other.action == decision.action and other.resource == decision.resource for other in self.kept)
        lines.append(f"the same was decided {similar}x here")
        return "; ".join(lines)


def is_about(decision: Decision, wanted: str) -> bool:
    return wanted in (decision.id, decision.resource) or (bool(wanted) and wanted in decision.resource.split())


def reasoning(decision: Decision, situation: str, evidence: str) -> str:
    """The reasoning chain of one decision, a line a link."""
    return "\n".join(
        [
            f"{decision.id}: {decision.action} {decision.resource}".rstrip(),
            f"situation: {situation}",
            f"alternatives: {', '.join(decision.alternatives) or 'none were given'}",
            f"evidence: {evidence}",
            f"decision: {decision.actor} chose {decision.action}",
            f"because: {decision.rationale}",
            f"confidence {decision.confidence:.2f}, risk {decision.risk:.2f} ({risk_word(decision.risk)})",
        ]
    )


def risk_word(risk: float) -> str:
    return next((word for limit, word in RISK_WORDS if risk < limit), "critical")


def parse(row: Mapping[str, Any]) -> Decision | None:
    """A decision as it was written; None where an older version of this kernel wrote another form."""
    try:
        return Decision(**{**row, "alternatives": tuple(row["alternatives"])})
    except (TypeError, KeyError):
        return None


def parse_line(line: str) -> Decision | None:
    """A decision from one line of the file; None where the line is torn or of another form."""
    try:
        return parse(json.loads(line))
    except ValueError:
        return None


def number_of(decision_id: str) -> int:
    return int(decision_id[1:]) if decision_id[1:].isdigit() else 0


def append_lines(path: Path, decisions: Sequence[Decision]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(decision), ensure_ascii=False) + "\n" for decision in decisions)
