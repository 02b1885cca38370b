"""A real supervisor over kernels written into a temporary workspace, each in a process unless it says task."""

import asyncio
import contextlib
import textwrap
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from grace_tui.kernel import KernelFailed, KernelRecord
from grace_tui.kernel.fakes import MemoryAudit
from grace_tui.kernel.spec import Isolation
from grace_tui.room import hosted
from grace_tui.runtime.bus import Mailbox, MemoryBus
from grace_tui.runtime.clock import SystemClock
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.pool import ProcessPool, open_processes
from grace_tui.runtime.hosts.process.source import FileSource
from grace_tui.runtime.hosts.source import TaskSource
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.storage import KernelLog, StateStore
from grace_tui.runtime.supervisor import Parts, RestartPolicy, Supervisor, open_supervisor
from tests.runtime.memory import MemoryPorts

PATIENCE = 20.0
"""Seconds a condition may take on a loaded machine."""


@dataclass
class Wishes:
    """What is decided beside the kernels' own files."""

    isolation: dict[str, tuple[Isolation | None, str]] = field(default_factory=dict)
    limits: dict[str, Limits] = field(default_factory=dict)
    settings: dict[str, Mapping[str, object]] = field(default_factory=dict)
    overrides: dict[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass
class Bench:
    root: Path
    bus: MemoryBus
    supervisor: Supervisor
    pool: ProcessPool
    failures: Mailbox
    audit: MemoryAudit
    states: StateStore
    loader: KernelLoader

    async def running(self, *names: str) -> None:
        for name in names:
            assert await self.supervisor.wait_running(name, PATIENCE), self.record(name)

    async def failed(self) -> KernelFailed:
        message = await self.failures.receive(PATIENCE)
        assert message is not None, f"no kernel failed within {PATIENCE:g} s"
        assert isinstance(message.payload, KernelFailed)
        return message.payload

    def record(self, name: str) -> KernelRecord:
        return next(record for record in self.supervisor.records() if record.name == name)

    def pid(self, name: str) -> int:
        vitals = self.instance(name).vitals()
        assert vitals is not None
        return int(vitals.pid)

    def instance(self, name: str) -> Any:
        instance = self.supervisor.child(name).instance
        assert instance is not None
        return instance

    async def call(self, name: str, method: str, *arguments: object, **named: object) -> Any:
        """Call a service as another kernel's handle does."""
        return await getattr(await self.supervisor.resolve("tester", name), method)(*arguments, **named)

    async def until(self, reached: Callable[[], object]) -> None:
        """Wait for something that is told by nothing that could be waited for."""
        with anyio.fail_after(PATIENCE):
            while not reached():  # noqa: ASYNC110  nothing sets an event
                await asyncio.sleep(0.002)

    def log(self, name: str) -> list[str]:
        return self.supervisor.child(name).log.tail(1000)


def write(root: Path, name: str, source: str) -> Path:
    path = root / "kernels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source).lstrip())
    return path


@asynccontextmanager
async def supervising(
    root: Path, wishes: Wishes | None = None, policy: RestartPolicy | None = None
) -> AsyncIterator[Bench]:
    """Supervise every kernel in the workspace; on leaving they are stopped in order."""
    wishes = wishes or Wishes()
    clock, bus = SystemClock(), MemoryBus()
    ports = MemoryPorts(root, clock, bus)
    states = StateStore(root / ".grace" / "state", lambda notice: None)
    loader, turns = KernelLoader(root), anyio.CapacityLimiter(1)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(loader.close)

        logs: dict[str, KernelLog] = {}

        def open_log(name: str) -> KernelLog:
            if name not in logs:
                logs[name] = KernelLog(root / "logs" / f"{name}.jsonl", name)
                stack.callback(logs[name].close)
            return logs[name]

        def source(name: str) -> FileSource:
            return FileSource(
                TaskSource(loader, turns),
                lambda: pool,
                lambda: wishes.isolation.get(name, ("process", "")),
                lambda: wishes.limits.get(name, Limits()),
            )

        def describe(error: BaseException, kernel: str, phase: str) -> Mapping[str, object]:
            return hosted.describe(error, kernel, phase, root)

        pool = await stack.enter_async_context(open_processes(root, hosted.ENTRY, describe, open_log))
        parts = Parts(
            clock=clock,
            bus=bus,
            loader=loader,
            make_context=ports.context,
            open_log=open_log,
            load_state=states.load,
            save_state=states.save,
            settings=wishes.settings,
            overrides=wishes.overrides,
            source=source,
            policy=policy or RestartPolicy(base=0.01, cap=0.02, jitter=0.0),
        )
        failures = bus.subscribe("room", KernelFailed.topic)
        supervisor = await stack.enter_async_context(open_supervisor(parts))
        for name, path in loader.names().items():
            supervisor.add(name, path)
        yield Bench(root, bus, supervisor, pool, failures, ports.audit, states, loader)
