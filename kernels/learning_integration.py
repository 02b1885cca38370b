"""Learning: turns the outcomes of repairs into confidence, for each signature and each operator.

Owns the counts, in its saved state and in `.grace/learning.json`. Fed by TaskFinished; asked by people and kernels.
It proposes promotions and demotions; the core's knowledge decides what is replayed.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import anyio.to_thread

from grace_tui.disk import atomic_write
from grace_tui.kernel import DecisionMade, GraceError, Kernel, KernelContext, KernelSpec, NotReady, TaskFinished

PROMOTE_AT = 0.75
DEMOTE_AT = 0.4
SEEN_KEPT = 2000

Kind = Literal["signature", "operator"]
Standing = Literal["promoted", "ordinary", "demoted"]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How often repairs of one signature, or by one operator, came to something."""

    successes: int = 0
    failures: int = 0

    @property
    def confidence(self) -> float:
        """Mean of Beta(1 + successes, 1 + failures): one half when nothing is known."""
        return (1 + self.successes) / (2 + self.successes + self.failures)

    @property
    def standing(self) -> Standing:
        if self.confidence >= PROMOTE_AT:
            return "promoted"
        return "demoted" if self.confidence < DEMOTE_AT else "ordinary"

    def after(self, learned: bool) -> "Outcomes":
        return Outcomes(self.successes + learned, self.failures + (not learned))


class LearningIntegration(Kernel):
    """Counts outcomes and derives confidence."""

    spec = KernelSpec(requires=("message_bus",), priority=18, tier=3)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.counts: dict[tuple[Kind, str], Outcomes] = {}
        self.seen: deque[str] = deque(maxlen=SEEN_KEPT)
        self.path = Path()

    async def start(self) -> None:
        self.feed = self.subscribe(TaskFinished)
        self.path, stored = await anyio.to_thread.run_sync(self._load)
        states = [state for state in (stored, dict(self.saved_state)) if is_readable(state)]
        self.counts, seen = restore(max(states, key=lambda state: len(state.get("seen", ())), default={}))
        self.seen.extend(seen)
        if sum(self._catch_up_one(task.id) for task in reversed(self.context.tasks.all())):
            await self._save()

    async def run(self) -> None:
        async for finished in self.feed:
            if self._take(finished.task_id, finished.signature, finished.operator, finished.outcome):
                await self._save()

    async def probe(self) -> None:
        """Learn from outcomes of its own making, without keeping them."""
        learned = Outcomes().after(True).after(True)
        if (
            not Outcomes().confidence < learned.confidence < 1
            or not learned.after(False).confidence < learned.confidence
        ):
            raise NotReady("learning_integration does not gain confidence by success and lose it by failure")
        restore(json.loads(json.dumps(self.save_state())))

    def save_state(self) -> Mapping[str, object]:
        rows = [{"kind": kind, "name": name, **asdict(counts)} for (kind, name), counts in self.counts.items()]
        return {"counts": rows, "seen": list(self.seen)}

    def summary(self) -> str:
        signatures = sum(kind == "signature" for kind, _ in self.counts)
        return f"{signatures} signatures, {len(self.counts) - signatures} operators"

    # ---- service

    async def confidence(self, name: str, kind: Kind = "signature") -> float:
        """How sure a repair of this signature (or by this operator) is to hold; one half when nothing is known.

        Raises:
            GraceError: the kind is neither signature nor operator.
        """
        if kind not in ("signature", "operator"):
            raise GraceError(f"kind is {kind!r}; expected signature or operator")
        return self.counts.get((kind, name), Outcomes()).confidence

    async def outcomes(self) -> tuple[dict[str, object], ...]:
        """Every count with its confidence and standing, the surest first."""
        rows: list[dict[str, object]] = [
            {"kind": kind, "name": name, **asdict(counts), "confidence": counts.confidence, "standing": counts.standing}
            for (kind, name), counts in sorted(self.counts.items(), key=lambda item: -item[1].confidence)
        ]
        return tuple(rows)

    # ---- learning

    def _catch_up_one(self, task_id: str) -> bool:
        """Take in a repair that ended while this kernel was down; True if it was one."""
        task = self.context.tasks.get(task_id)
        return task is not None and self._take(task.id, task.signature, task.operator, task.state)

    def _take(self, task_id: str, signature: str, operator: str, outcome: str) -> bool:
        if outcome not in ("learned", "failed", "undone") or task_id in self.seen:
            return False
        self.seen.append(task_id)
        self.count()
        self._learn("signature", signature, outcome)
        self._learn("operator", operator, outcome)
        return True

    def _learn(self, kind: Kind, name: str, outcome: str) -> None:
        if not name:
            return
        old = self.counts.get((kind, name), Outcomes())
        new = self.counts[kind, name] = old.after(outcome == "learned")
        if new.standing != old.standing:
            self._propose(kind, name, old, new)

    def _propose(self, kind: Kind, name: str, old: Outcomes, new: Outcomes) -> None:
        action = "promote" if new.confidence > old.confidence else "demote"
        why = (
            f"{new.successes} of {new.successes + new.failures} repairs held: "
            f"confidence {old.confidence:.2f} -> {new.confidence:.2f}, {old.standing} -> {new.standing}"
        )
        self.publish(DecisionMade(self.name, action, f"{kind} {name}", why, ("leave it",), new.confidence, 0.1))

    # ---- keeping

    def _load(self) -> tuple[Path, dict[str, Any]]:
        path = self.context.workspace.state / "learning.json"
        if not path.exists():
            return path, {}
        try:
            stored = json.loads(path.read_text("utf-8"))
        except ValueError:
            stored = None
        if not is_readable(stored):
            aside = path.replace(path.with_suffix(".unreadable"))
            self.log.warning("learning.json is unreadable; kept aside", path=str(aside))
            return path, {}
        return path, stored

    async def _save(self) -> None:
        text = json.dumps(self.save_state(), ensure_ascii=False, indent=1)
        await anyio.to_thread.run_sync(atomic_write, self.path, text.encode())


def is_readable(state: object) -> bool:
    """Whether `restore` understands it: a torn file or an older version of this kernel may have left another form."""
    try:
        restore(state)  # type: ignore[arg-type]  # that it may be anything is the question
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def restore(state: Mapping[str, Any]) -> tuple[dict[tuple[Kind, str], Outcomes], list[str]]:
    """Counts and seen task ids from what `save_state` returned."""
    counts: dict[tuple[Kind, str], Outcomes] = {
        (row["kind"], row["name"]): Outcomes(int(row["successes"]), int(row["failures"]))
        for row in state.get("counts", ())
    }
    return counts, [str(task_id) for task_id in state.get("seen", ())]
