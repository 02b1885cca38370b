"""A room that is real but for the supervisor: incidents, queue, journal, knowledge, gates and playbooks are."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from grace_tui.healing.answering.limits import Limits
from grace_tui.healing.failure import Failure
from grace_tui.healing.healer import Healer, Verdict
from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.repair.patch import Patch
from grace_tui.healing.repair.queue import TaskQueue
from grace_tui.healing.repair.reproduce import Reproduction
from grace_tui.healing.store import open_store
from grace_tui.kernel.events import Event, KernelFailed
from grace_tui.kernel.records import IncidentRecord, TaskRecord
from grace_tui.kernel.testing import ManualClock, RealClock

LOG = '''"""Keeps rows."""

from grace_tui.kernel import Kernel, KernelSpec


class Log(Kernel):
    spec = KernelSpec(priority=2)

    async def append(self, actor: str, action: str) -> dict[str, object]:
        """Keep one row."""
        return {"actor": actor, "action": action}
'''
AGENT = '''"""Writes a row at start."""

from grace_tui.kernel import Kernel, KernelSpec


class Agent(Kernel):
    spec = KernelSpec(requires=("log",))

    async def start(self) -> None:
        await self.kernel("log").append(actor="agent", action="start", part="core")
'''
FIXED = '"part": part'


@dataclass
class Hooks:
    """The room's side: says that kernels run as soon as the provider is mended, unless told otherwise."""

    root: Path
    events: list[Event] = field(default_factory=list)
    records: list[Mapping[str, object]] = field(default_factory=list)
    verdict: Verdict = field(default_factory=lambda: Verdict(True, "core rule"))
    states: dict[str, str] = field(default_factory=dict)
    never_runs: bool = False
    runs_well_after: float = 30.0
    snapshots: list[str] = field(default_factory=list)
    taken_up: list[str] = field(default_factory=list)
    warnings: dict[str, str] = field(default_factory=dict)
    out_of_the_loop: dict[str, str] = field(default_factory=dict)
    applied: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event | None = None

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def audit(self, record: Mapping[str, object]) -> None:
        self.records.append(record)

    async def running(self, kernel: str, within: float) -> bool:
        self.applied.set()
        if self.held is not None:
            await self.held.wait()
        return not self.never_runs and FIXED in (self.root / "kernels/log.py").read_text()

    def kernel_state(self, name: str) -> str:
        return self.states.get(name, "running")

    def healthy_after(self, kernel: str) -> float:
        return self.runs_well_after

    def moved(self, name: str) -> str:
        return self.out_of_the_loop.get(name, "")

    def warn(self, key: str, text: str) -> None:
        self.warnings[key] = text

    async def allow(self, task: TaskRecord, patch: Patch) -> Verdict:
        return self.verdict

    async def before_apply(self, task: TaskRecord, patch: Patch) -> None:
        assert FIXED not in (self.root / "kernels/log.py").read_text()
        self.snapshots.append(task.id)

    def reproduction(self, failure: Failure) -> Reproduction:
        return Reproduction(failure.kernel, failure.phase)

    def take_up(self, kernel: str) -> None:
        self.taken_up.append(kernel)

    def actions(self) -> list[object]:
        return [record["action"] for record in self.records]


class Room:
    def __init__(
        self,
        root: Path,
        clock: RealClock | ManualClock | None = None,
        limits: Limits | None = None,
        group_wait: float = 0.0,
    ) -> None:
        self.root, self.clock, self.limits = root, clock or RealClock(), limits or Limits()
        for name, text in {"__init__": "", "log": LOG, "agent": AGENT}.items():
            file = root / f"kernels/{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.hooks = Hooks(root)
        self.store = open_store(root / ".grace/room.db")
        self.book = IncidentBook(self.store, self.clock, root, self.hooks.publish, group_wait=group_wait)
        self.queue = TaskQueue(self.store, self.clock)
        self.healer = self.new_healer()

    def new_healer(self) -> Healer:
        state = self.root / ".grace"
        return Healer(
            self.root, state, self.book, self.queue, self.hooks, self.clock, watch_seconds=0.2, limits=self.limits
        )

    @property
    def log(self) -> str:
        return (self.root / "kernels/log.py").read_text()

    def break_again(self) -> None:
        (self.root / "kernels/log.py").write_text(LOG)

    async def fail(self) -> IncidentRecord:
        """The failure as the core sees it: raised by the workspace's own code."""
        log, agent = load(self.root, "log"), load(self.root, "agent")
        instance = object.__new__(log.Log)
        consumer = object.__new__(agent.Agent)
        consumer.kernel = lambda name: instance
        try:
            await consumer.start()
        except TypeError as error:
            return self.book.record(KernelFailed("agent", "start", self.clock.time(), error))
        raise AssertionError("the workspace is not broken")

    async def repair(self) -> TaskRecord:
        await self.healer.respond((await self.fail()).id, "self_healing")
        task = self.queue.claim("agent")
        assert task is not None
        return await self.healer.work(task, "agent")

    def close(self) -> None:
        self.book.close()
        self.store.close()

    def incident(self, task: TaskRecord) -> IncidentRecord:
        found = self.book.get(task.incident_id)
        assert found is not None
        return found


def load(root: Path, name: str) -> ModuleType:
    path = root / f"kernels/{name}.py"
    module = ModuleType(f"kernels.{name}")
    module.__file__ = str(path)
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    return module
