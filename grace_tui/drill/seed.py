"""The seed drill: the two incidents the project began with, planted for real, healed, and healed again from memory."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from grace_tui.disk import atomic_write, file_digest
from grace_tui.drill.result import Count, FirstBoot, SecondBoot, SeedResult, incidents_of, tasks_of
from grace_tui.faces.views import RoomView
from grace_tui.healing.chaos.faults import drop_export, drop_parameter
from grace_tui.room.stage import Stage
from grace_tui.room.viewing import OPEN_STATES

LOG, MODELS = "kernels/immutable_log.py", "kernels/models/__init__.py"
CONSUMERS = ("kernels/coding_agent.py", "kernels/governance.py")
BROKEN = ("coding_agent", "governance")
BOOT_SECONDS = 60.0
HEAL_SECONDS = 120.0
ENDED = frozenset({"learned", "failed", "undone"})
DOWN = frozenset({"failed", "backing_off", "quarantined"})

Say = Callable[[str], None]


def plant(root: Path) -> None:
    """Break two interfaces at their providers; the consumers stay as they are."""
    _rewrite(root / LOG, drop_parameter((root / LOG).read_text(encoding="utf-8"), "ImmutableLog.append", "subsystem"))
    _rewrite(root / MODELS, drop_export((root / MODELS).read_text(encoding="utf-8"), "async_session"))


def _rewrite(path: Path, text: str) -> None:
    atomic_write(path, text.encode("utf-8"))


@dataclass
class Seed:
    """One play of the drill on a stage whose workspace has the faults planted; drives it and measures it."""

    say: Say
    wait: float = 0.0
    """Seconds of pause before the second boot, so that a person who watches can see the first one healed."""
    result: SeedResult | None = None
    _problems: list[str] = field(default_factory=list)

    async def __call__(self, stage: Stage) -> None:
        """Play the drill to its end; the result is kept, also where it went badly."""
        root = stage.workspace.root
        before = [file_digest(root / path) for path in CONSUMERS]
        self.say("booting with two broken interfaces")
        first_at = time.time()
        view = await self._until(stage, _FirstOutcomes(), BOOT_SECONDS, "every kernel ran or failed")
        first = self._first_boot(view, time.time() - first_at)
        view = await self._until(stage, _healed, HEAL_SECONDS, "both interfaces were repaired")
        incidents, tasks = incidents_of(view, first_at), tasks_of(view, first_at)
        healed = max((task.seconds for task in tasks), default=0.0)
        healed_seconds = time.time() - first_at
        final = Count(view.running, view.total)
        self.say(
            f"{final.running} of {final.total} running after {healed_seconds:.1f} s; longest repair {healed:.1f} s"
        )
        await asyncio.sleep(self.wait)
        second = await self._second_boot(stage)
        unchanged = before == [file_digest(root / path) for path in CONSUMERS]
        self._check(first, len(tasks), unchanged, final, second)
        self.result = SeedResult(
            healed=not self._problems,
            first_boot=first,
            incidents=incidents,
            tasks=tasks,
            consumers_unchanged=unchanged,
            final=final,
            healed_seconds=round(healed_seconds, 3),
            second_boot=second,
            problems=tuple(self._problems),
        )
        self.say("healed, and healed again from memory" if self.result.healed else "; ".join(self._problems))

    def _first_boot(self, view: RoomView, seconds: float) -> FirstBoot:
        failed = tuple(kernel.name for kernel in view.kernels if kernel.state != "running")
        self.say(f"first boot: {view.total - len(failed)} of {view.total} running; {', '.join(failed)} failed")
        return FirstBoot(view.total - len(failed), view.total, failed, round(seconds, 3))

    async def _second_boot(self, stage: Stage) -> SecondBoot:
        self.say("planting both faults again, for a fresh boot")
        began = 0.0

        def again() -> None:
            nonlocal began
            plant(stage.workspace.root)
            began = time.time()

        await stage.reopen(again)
        view = await self._until(
            stage, lambda view: _healed(view) and _is_since(view, began), HEAL_SECONDS, "memory healed"
        )
        tasks = tuple(task for task in tasks_of(view, began) if task.operator)
        seconds = time.time() - began
        known = tuple(task for task, shown in zip(tasks, _shown(view, tasks), strict=True) if shown)
        self.say(f"second boot: {view.running} of {view.total} running after {seconds:.1f} s, {len(known)} from memory")
        return SecondBoot(view.running, view.total, known, round(seconds, 3))

    def _check(self, first: FirstBoot, tasks: int, unchanged: bool, final: Count, second: SecondBoot) -> None:
        expected = [
            (set(first.failed) == set(BROKEN), f"the first boot lost {', '.join(first.failed) or 'nothing'}"),
            (tasks == len(BROKEN), f"{tasks} tasks were queued for {len(BROKEN)} broken interfaces"),
            (unchanged, f"a consumer was changed: {' or '.join(CONSUMERS)}"),
            (final.running == final.total, f"{final.running} of {final.total} ran after the repairs"),
            (second.running == second.total, f"{second.running} of {second.total} ran after the second boot"),
            (len(second.known) == len(BROKEN), f"{len(second.known)} of {len(BROKEN)} faults were healed from memory"),
        ]
        self._problems += [problem for held, problem in expected if not held]

    async def _until(self, stage: Stage, reached: Callable[[RoomView], bool], seconds: float, what: str) -> RoomView:
        """Wait for a view that has it; past `seconds` the newest view is used and the lack is a problem."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def note() -> None:
            loop.call_soon_threadsafe(changed.set)

        stop = stage.hub.listen(note)
        told = ""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    changed.clear()
                    view = stage.hub.latest()
                    if view is not None:
                        told = self._tell_progress(stage, view, told)
                        if reached(view):
                            return view
                    await changed.wait()
        except TimeoutError:
            self._problems.append(f"not within {seconds:g} s: {what}")
        finally:
            stop()
        view = stage.hub.latest()
        if view is None:
            raise AssertionError("the room made no view")
        return view

    def _tell_progress(self, stage: Stage, view: RoomView, told: str) -> str:
        """Say what the repairs are doing, once for each step."""
        doing = [f"{task.kernel}: {_step(task.state, task.detail)}" for task in view.tasks if task.state not in ENDED]
        line = f"{view.running} of {view.total} running" + "".join(f" · {step}" for step in doing)
        if line != told and doing:
            self.say(line)
        return line


class _FirstOutcomes:
    """Whether every kernel has had its first outcome; failures are remembered, as a retry hides them."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, view: RoomView) -> bool:
        self.seen |= {kernel.name for kernel in view.kernels if kernel.state == "running" or kernel.state in DOWN}
        self.seen |= {incident.kernel for incident in view.incidents}
        return bool(view.kernels) and len(self.seen) >= view.total


def _healed(view: RoomView) -> bool:
    """Everything runs, and no repair is under way. A busy machine that a trigger measured is no failure of a kernel."""
    quiet = bool(view.tasks) and all(task.state in ENDED for task in view.tasks)
    failures = [
        incident for incident in view.incidents if incident.state in OPEN_STATES and incident.phase != "trigger"
    ]
    return bool(view.total) and view.running == view.total and quiet and not failures


def _is_since(view: RoomView, began: float) -> bool:
    return view.at > began and view.uptime < view.at - began + 1.0


def _shown(view: RoomView, tasks: tuple[object, ...]) -> list[bool]:
    known = {task.id for task in view.tasks if task.known}
    return [getattr(task, "id", "") in known for task in tasks]


def _step(state: str, detail: str) -> str:
    return f"{state} ({detail})" if detail else state
