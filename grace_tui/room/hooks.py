"""What the healer asks of the room: publish, record, wait for a kernel, snapshot first, and who allows a patch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.failure import Failure
from grace_tui.healing.healer import Verdict
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.reproduce import Reproduction
from grace_tui.kernel.errors import GraceError, ProviderDown
from grace_tui.kernel.events import DecisionMade, Event
from grace_tui.kernel.records import TaskRecord
from grace_tui.room.asking import ask_kernel
from grace_tui.settings import Settings

if TYPE_CHECKING:
    from grace_tui.room.core import Room

GOVERNANCE = "governance"


class Hooks:
    """RoomHooks of one room, on its loop."""

    def __init__(self, room: "Room") -> None:
        self.room = room

    def publish(self, event: Event) -> None:
        self.room.parts.publish(event)

    def audit(self, record: Mapping[str, object]) -> None:
        self.room.parts.audit.append(record)

    async def running(self, kernel: str, within: float) -> bool:
        """Wait until a kernel is RUNNING; False where it is not within `within` seconds."""
        return kernel in self.room.supervisor.children and await self.room.supervisor.wait_running(kernel, within)

    def kernel_state(self, name: str) -> str:
        child = self.room.supervisor.children.get(name)
        return child.state if child else "unknown"

    def healthy_after(self, kernel: str) -> float:
        supervisor = self.room.supervisor
        return supervisor.parts.policy.of(supervisor.child(kernel).spec).healthy_after

    def moved(self, name: str) -> str:
        return self.room.sources.moves.reason(name)

    def warn(self, key: str, text: str) -> None:
        self.room.warn(key, text)

    async def before_apply(self, task: TaskRecord, patch: Patch) -> None:
        """Keep what is there before a repair changes it."""
        await self.room.parts.snapshots.take(f"before {task.id}: {patch.summary}")

    async def allow(self, task: TaskRecord, patch: Patch) -> Verdict:
        """Governance decides; while it is down the core's own rule does, and says so."""
        if not self.room.settings.repair.auto_apply:
            return Verdict(False, "repair.auto_apply is false in grace.toml")
        try:
            asked = ("coding_agent", "repair.apply", patch.site.provider, _context(task, patch))
            decision = await ask_kernel(self.room, "healer", GOVERNANCE, "decide", *asked)
        except ProviderDown as down:
            return core_rule(patch, down.state)
        except GraceError as error:
            return Verdict(False, f"governance could not decide: {error}")
        policies = ", ".join(decision.policies) or "no policy"
        why = f"; {patch.ask}" if patch.ask and not decision.allowed else ""
        said = f"governance: {decision.decision} by {policies}{why}"
        return Verdict(decision.allowed, said, refused=decision.decision == "deny")

    def reproduction(self, failure: Failure) -> Reproduction:
        """Start the kernel; of a program, run its command as the settings have it now."""
        command = self.room.settings.kernel(failure.kernel).command
        if command is None:
            return Reproduction(failure.kernel, failure.phase)
        from grace_tui.room.reproductions import command_reproduction  # not needed before a program fails

        return command_reproduction(command, failure, self.room.parts.workspace.root)

    def take_up(self, kernel: str) -> None:
        """Restart a program: it goes on with the files that it read at its start, or was given up because of them."""
        child = self.room.supervisor.children.get(kernel)
        if child is not None and child.source.isolation == "command" and child.wanted:
            self.room.supervisor.restart(kernel)

    def decided(self, action: str, resource: str, rationale: str) -> None:
        """Publish why the core did something by itself."""
        self.publish(DecisionMade("room", action, resource, rationale))


def healing_limits(settings: Settings) -> Limits:
    """How far the healer goes by itself, as `[healing]` says it."""
    wanted = settings.healing
    return Limits(
        budget=wanted.budget,
        period=wanted.budget_period,
        loop=wanted.loop,
        playbook_failures=wanted.playbook_failures,
        regret=wanted.regret,
        settle=wanted.settle,
        stuck_after=wanted.stuck_after,
    )


def core_rule(patch: Patch, state: str) -> Verdict:
    """What holds while there is nobody to ask: what leaves a doubt waits for a person."""
    rule = f"core rule (governance is {state})"
    doubt = patch.ask or ("others speak as much for themselves" if patch.ambiguous else "")
    if doubt:
        return Verdict(False, f"{rule}: a person decides: {doubt}")
    return Verdict(True, f"{rule}: a gated repair of the provider is applied")


def _context(task: TaskRecord, patch: Patch) -> dict[str, object]:
    lines = sum(line.startswith(("+", "-")) and not line.startswith(("+++", "---")) for line in patch.diff.splitlines())
    return {
        "operator": patch.operator,
        "lines": lines,
        "files": len(patch.edits),
        "priority": task.priority,
        "ask": bool(patch.ask),
        "ambiguous": patch.ambiguous,
    }
