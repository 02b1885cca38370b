"""Run kernels without a room: real kernels on in-memory ports, with the order and the probe of the real start.

async with running(ImmutableLog, workspace=tmp_path) as bench:
    await bench.get(ImmutableLog).append(actor="me", action="test")
"""

import asyncio
import importlib
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar, cast

from grace_tui.kernel.base import Kernel, kernel_class
from grace_tui.kernel.context import KernelContext
from grace_tui.kernel.errors import ProviderDown
from grace_tui.kernel.fakes import (
    FolderWorkspace,
    ManualClock,
    MemoryAudit,
    MemoryBus,
    MemoryHealer,
    MemoryIncidents,
    MemoryLog,
    MemoryPlaybooks,
    MemoryRoom,
    MemorySnapshots,
    MemoryTasks,
    RealClock,
)
from grace_tui.kernel.samples import sample_incident, sample_kernel, sample_task

__all__ = [
    "Bench",
    "Host",
    "ManualClock",
    "RealClock",
    "closure",
    "load_kernel",
    "name_of",
    "running",
    "sample_incident",
    "sample_kernel",
    "sample_task",
]

K = TypeVar("K", bound=Kernel)
Host = Callable[[type[Kernel], KernelContext], Kernel]
"""Makes an instance of a kernel's class, or of one that stands for it elsewhere."""


class Bench:
    """Ports and running kernels of one test; `providers` are objects that stand in for other kernels."""

    host: Host = staticmethod(lambda kind, context: kind(context))
    """Where the kernels of all benches live: the test's own loop, unless a test suite puts another host here."""

    def __init__(self, workspace: Path, clock: RealClock | ManualClock, providers: Mapping[str, object]) -> None:
        self.clock = clock
        self.bus = MemoryBus()
        self.audit = MemoryAudit(clock)
        self.incidents = MemoryIncidents(clock)
        self.tasks = MemoryTasks()
        self.healer = MemoryHealer(self.tasks)
        self.playbooks = MemoryPlaybooks(clock, self.incidents)
        self.snapshots = MemorySnapshots()
        self.room = MemoryRoom()
        self.workspace = FolderWorkspace(workspace)
        self.providers = dict(providers)
        self.instances: dict[str, Kernel] = {}
        self.kinds: dict[str, type[Kernel]] = {}
        self.runs: dict[str, asyncio.Task[None]] = {}
        self.beats: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self.logs: dict[str, MemoryLog] = {}

    def get(self, kind: type[K]) -> K:
        """Return the running instance of a kernel class, or what stands for it here."""
        return cast(K, next(found for name, found in self.instances.items() if issubclass(self.kinds[name], kind)))

    async def resolve(self, provider: str) -> object:
        if provider in self.providers:
            return self.providers[provider]
        if provider in self.instances:
            return self.instances[provider]
        raise ProviderDown("the bench", provider, "not part of this test")

    def context(self, name: str, settings: Mapping[str, object], saved_state: Mapping[str, object]) -> KernelContext:
        def beat() -> None:
            self.beats[name] = self.beats.get(name, 0) + 1

        def count(units: int) -> None:
            self.counts[name] = self.counts.get(name, 0) + units

        log = self.logs.setdefault(name, MemoryLog())
        return KernelContext(
            name=name,
            clock=self.clock,
            log=log,
            bus=self.bus,
            audit=self.audit,
            incidents=self.incidents,
            tasks=self.tasks,
            healer=self.healer,
            playbooks=self.playbooks,
            snapshots=self.snapshots,
            room=self.room,
            workspace=self.workspace,
            resolve=self.resolve,
            settings=settings,
            saved_state=saved_state,
            beat=beat,
            count=count,
        )

    async def start(
        self,
        kind: type[K],
        settings: Mapping[str, object] | None = None,
        saved_state: Mapping[str, object] | None = None,
        probe: bool = True,
    ) -> K:
        """Start one kernel as the supervisor does: start, run, probe. Raises what the kernel raised."""
        name = name_of(kind)
        kernel = self.host(kind, self.context(name, settings or {}, saved_state or {}))
        try:
            await asyncio.wait_for(kernel.start(), kind.spec.start_timeout)
        except BaseException:
            await self._leave(kernel)
            raise
        self.instances[name], self.kinds[name] = kernel, kind
        run = self.runs[name] = asyncio.create_task(kernel.run(), name=f"kernel:{name}")
        if probe:
            await self._probe(kernel, run)
        return cast(K, kernel)

    async def stop(self, kind: type[Kernel]) -> None:
        """Stop one kernel as the supervisor does: cancel run, then stop."""
        await self._stop(name_of(kind))

    async def close(self) -> None:
        errors: list[BaseException] = []
        for name in reversed(list(self.instances)):
            try:
                await self._stop(name)
            except Exception as error:  # one kernel that does not stop well must not leave the others running
                errors.append(error)
        if errors:
            raise errors[0]

    async def _leave(self, kernel: Kernel) -> None:
        """Let a kernel go that did not start; what went wrong first is what counts."""
        with suppress(Exception):
            await asyncio.wait_for(kernel.stop(), kernel.spec.stop_timeout)
        kernel.context.close()

    async def _probe(self, kernel: Kernel, run: asyncio.Task[None]) -> None:
        probe = asyncio.create_task(kernel.probe())
        done, _ = await asyncio.wait(
            {probe, run}, timeout=kernel.spec.start_timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if not probe.done():
            probe.cancel()
        if run in done:
            run.result()
        if not done:
            raise TimeoutError(f"{kernel.name} was not ready within {kernel.spec.start_timeout:g} s")
        if probe in done:
            probe.result()

    async def _stop(self, name: str) -> None:
        kernel, run = self.instances.pop(name), self.runs.pop(name)
        run.cancel()
        outcome = (await asyncio.gather(run, return_exceptions=True))[0]
        try:
            await asyncio.wait_for(kernel.stop(), kernel.spec.stop_timeout)
        finally:
            kernel.context.close()
        if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
            raise outcome


@asynccontextmanager
async def running(
    *kinds: type[Kernel],
    workspace: Path,
    providers: Mapping[str, object] | None = None,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    saved_state: Mapping[str, Mapping[str, object]] | None = None,
    clock: RealClock | ManualClock | None = None,
) -> AsyncIterator[Bench]:
    """Start the kernels in the order given and stop them in reverse; `settings` and `saved_state` go by kernel name."""
    bench = Bench(workspace, clock or RealClock(), providers or {})
    try:
        for kind in kinds:
            name = name_of(kind)
            await bench.start(kind, (settings or {}).get(name), (saved_state or {}).get(name))
        yield bench
    finally:
        await bench.close()


def name_of(kind: type[Kernel]) -> str:
    """The kernel's name: its file's name under `kernels/`, else the class name in snake case."""
    package, _, module = kind.__module__.rpartition(".")
    if package == "kernels":
        return module
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def load_kernel(name: str) -> type[Kernel]:
    """Import `kernels.NAME` and return its kernel class."""
    module = importlib.import_module(f"kernels.{name}")
    return kernel_class(vars(module), module.__name__)


def closure(name: str) -> list[type[Kernel]]:
    """A kernel class and all it requires, providers first."""
    ordered: dict[str, type[Kernel]] = {}

    def visit(wanted: str, path: tuple[str, ...]) -> None:
        if wanted in path:
            raise ValueError(f"kernels require each other in a circle: {' -> '.join([*path, wanted])}")
        if wanted in ordered:
            return
        kind = load_kernel(wanted)
        for provider in kind.spec.requires:
            visit(provider, (*path, wanted))
        ordered[wanted] = kind

    visit(name, ())
    return list(ordered.values())
