"""Coding agent: works the repair queue, one task at a time, and looks for code worth improving when idle.

Owns nothing but its place in the queue: tasks live in the core and outlive this kernel, and the repair itself is the
core's healer. It watches whether self_healing answers incidents, and has them answered where it does not. In idle
time it measures the workspace's kernels (see `proposals`). It never edits a file itself.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from grace_tui.healing.mutual import (
    HEALER,
    LOOK_EVERY,
    WORKS_OR_SOON_WILL,
    Neighbour,
    unanswered,
    work_of_healer,
)
from grace_tui.kernel import (
    FilesChanged,
    GraceError,
    Kernel,
    KernelContext,
    KernelRecord,
    KernelSpec,
    MonitorReported,
    NotReady,
    TaskQueued,
    TaskRecord,
)
from grace_tui.kernel.spelling import plural

QUEUE_PERIOD = 4.0
WORKER_WAIT = 5.0
SETTLE = 3.0
LONG_BODY = 40
LONG_FILE = 300
WORTH_SHARING = 6
FINISHED = ("learned", "failed", "undone")
SAMPLE = "def probe():\n    try:\n        work()\n    except Exception:\n        pass\n"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One measured fact about the code that is worth a refactoring."""

    intent: str
    """extract_method, narrow_except, remove_duplication or split_large_file."""
    path: str
    line: int
    fact: str


class CodingAgent(Kernel):
    """Works the repair queue and measures the code in idle time."""

    spec = KernelSpec(requires=("message_bus", "immutable_log"), priority=4, tier=0)

    def __init__(self, context: KernelContext) -> None:
        super().__init__(context)
        self.task: TaskRecord | None = None
        self.look_at_queue = anyio.Event()
        self.turned = anyio.Event()
        self.found: tuple[Proposal, ...] = ()

    async def start(self) -> None:
        self.done = int(self.saved_state.get("done", 0))
        self.neighbour = Neighbour(HEALER)
        self.task_feed = self.subscribe(TaskQueued)
        self.file_feed = self.subscribe(FilesChanged)
        waiting = len(await self.queue())
        await self.kernel("immutable_log").append(
            actor=self.name,
            action="agent.started",
            resource="queue",
            subsystem="coding_agent",
            payload={"waiting": waiting, "done": self.done},
        )

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._work_queue)
            group.start_soon(self._watch_queue)
            group.start_soon(self._watch_files)
            group.start_soon(self._look_after_healer)
            group.start_soon(self._answer_for_healer)
            async for _ in self.every(QUEUE_PERIOD):
                self.look_at_queue.set()

    async def probe(self) -> None:
        """See the worker take a turn, the queue answer, and the measure find what a known sample holds."""
        await self.queue()
        if self.task is None:
            turned = self.turned
            self.look_at_queue.set()
            with anyio.move_on_after(WORKER_WAIT):
                await turned.wait()
            if not turned.is_set():
                raise NotReady(f"the worker of coding_agent did not look at its queue within {WORKER_WAIT:g} s")
        if [proposal.intent for proposal in measure_source("probe.py", SAMPLE)] != ["narrow_except"]:
            raise NotReady("the measure of coding_agent missed a broad except in its sample")

    def save_state(self) -> Mapping[str, object]:
        return {"done": self.done}

    def summary(self) -> str:
        return f"repairing {self.task.kernel}" if self.task is not None else f"{self.done} worked"

    # ---- service

    async def queue(self) -> tuple[TaskRecord, ...]:
        """Open tasks, the next one first."""
        return tuple(task for task in self.context.tasks.all() if task.state not in FINISHED)

    async def current(self) -> TaskRecord | None:
        """The task in hand, as the core now knows it."""
        return self.context.tasks.get(self.task.id) if self.task is not None else None

    async def proposals(self) -> tuple[Proposal, ...]:
        """What the last measure of the code found."""
        return self.found

    # ---- the queue

    async def _watch_queue(self) -> None:
        async for _ in self.task_feed:
            self.look_at_queue.set()

    async def _work_queue(self) -> None:
        while True:
            await self.look_at_queue.wait()
            self.look_at_queue = anyio.Event()
            self.turned.set()
            self.turned = anyio.Event()
            while (task := self._claim()) is not None:
                await self._work(task)

    def _claim(self) -> TaskRecord | None:
        return self.context.tasks.claim(self.name)

    async def _work(self, task: TaskRecord) -> None:
        self.task = task
        try:
            await self.context.healer.work(task, by=self.name)
        except GraceError as problem:
            self.log.warning("task not finished", task=task.id, problem=str(problem))
        else:
            self.done += 1
            self.count()
        finally:
            self.task = None

    # ---- watching over self_healing

    async def _look_after_healer(self) -> None:
        self.neighbour.inherit(self.context.incidents.all())
        async for _ in self.every(LOOK_EVERY):
            waiting = work_of_healer(self.context.incidents.all(), self.context.tasks.all())
            trouble = self.neighbour.look(self._healer(), waiting, self.context.clock.monotonic())
            if incident_id := self.neighbour.tell(trouble, self.context.incidents, self.name):
                await self._answer(incident_id)  # the one that would answer it is the one that is stuck

    async def _answer_for_healer(self) -> None:
        """Have incidents answered while self_healing is down."""
        async for _ in self.every(QUEUE_PERIOD):
            record = self._healer()
            if record is not None and record.state in WORKS_OR_SOON_WILL:
                continue
            for incident in unanswered(self.context.incidents.all(), self.context.tasks.all()):
                await self._answer(incident.id)

    def _healer(self) -> KernelRecord | None:
        return next((kernel for kernel in self.context.room.kernels() if kernel.name == HEALER), None)

    async def _answer(self, incident_id: str) -> None:
        try:
            done = await self.context.healer.respond(incident_id, by=self.name)
        except GraceError as problem:
            done = f"not answered: {problem}"
        self.log.info("answered in place of self_healing", incident=incident_id, done=done)

    # ---- the refactor monitor

    async def _watch_files(self) -> None:
        await self.sleep(SETTLE)
        await self._measure()
        async for change in self.file_feed:
            if any(path.startswith("kernels/") and path.endswith(".py") for path in change.paths):
                await self._measure()

    async def _measure(self) -> None:
        while self.task is not None:
            await self.sleep(QUEUE_PERIOD)
        files, self.found = await anyio.to_thread.run_sync(measure_folder, self.context.workspace.root / "kernels")
        text = f"{plural(len(self.found), 'proposal')}, {plural(files, 'file')}"
        self.publish(MonitorReported("refactor", "alert" if self.found else "ok", text, len(self.found)))


def measure_folder(folder: Path) -> tuple[int, tuple[Proposal, ...]]:
    """Measure every Python file below `folder`: how many there are, and what is worth a refactoring."""
    found: list[Proposal] = []
    bodies: dict[str, str] = {}
    paths = sorted(folder.rglob("*.py"))
    for path in paths:
        name = path.relative_to(folder.parent).as_posix()
        try:
            source = path.read_text("utf-8")
            found += measure_source(name, source)
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue  # A file that does not parse is an incident of its own, not a refactoring.
        found += duplicates(name, source, bodies)
    return len(paths), tuple(found)


def measure_source(name: str, source: str) -> list[Proposal]:
    """Facts about one file alone.

    Raises:
        SyntaxError: `source` does not parse.
    """
    tree = ast.parse(source, name)
    lines = source.count("\n") + 1
    found = [Proposal("split_large_file", name, 1, f"{lines} lines; {LONG_FILE} is plenty")] * (lines > LONG_FILE)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := body_lines(node)) > LONG_BODY:
            found.append(Proposal("extract_method", name, node.lineno, f"{node.name} has {length} lines"))
        elif isinstance(node, ast.ExceptHandler) and is_broad(node):
            found.append(Proposal("narrow_except", name, node.lineno, "catches every exception outside the boundary"))
    return found


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.body[0].lineno + 1


def is_broad(handler: ast.ExceptHandler) -> bool:
    """True for a bare except and for Exception, unless the handler raises again."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds
    )
    return broad and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def duplicates(name: str, source: str, bodies: dict[str, str]) -> Iterator[Proposal]:
    """Functions whose body was met before; `bodies` remembers, over all files, where each was met first."""
    for node in ast.walk(ast.parse(source, name)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or body_lines(node) < WORTH_SHARING:
            continue
        key = hashlib.sha256("".join(ast.dump(part) for part in node.body).encode()).hexdigest()
        here = f"{name}:{node.lineno}"
        first = bodies.setdefault(key, here)
        if first != here:
            yield Proposal("remove_duplication", name, node.lineno, f"{node.name} repeats {first}")
