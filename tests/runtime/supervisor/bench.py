"""A real supervisor over kernels written into a temporary workspace; only the ports beside it are in memory."""

import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace_tui.kernel import KernelFailed
from grace_tui.runtime.bus import Mailbox, MemoryBus
from grace_tui.runtime.clock import SystemClock
from grace_tui.runtime.hosts.source import Source
from grace_tui.runtime.reload.loader import KernelLoader
from grace_tui.runtime.storage import KernelLog, StateStore
from grace_tui.runtime.supervisor import Parts, RestartPolicy, Supervisor, open_supervisor
from grace_tui.runtime.supervisor.timing import TimerClock
from tests.runtime.memory import MemoryPorts

CALM = """
    from grace_tui.kernel import Kernel, KernelSpec

    class {name}(Kernel):
        spec = KernelSpec({spec})
"""


@dataclass
class Bench:
    root: Path
    bus: MemoryBus
    supervisor: Supervisor
    failures: Mailbox
    notices: list[str]

    async def running(self, *names: str) -> None:
        for name in names:
            assert await self.supervisor.wait_running(name, 5.0), self.supervisor.child(name)

    async def failed(self) -> KernelFailed:
        message = await self.failures.receive(5.0)
        assert message is not None, "no kernel failed within 5 s"
        assert isinstance(message.payload, KernelFailed)
        return message.payload

    def states(self) -> Mapping[str, str]:
        return {record.name: record.state for record in self.supervisor.records()}


def write(root: Path, name: str, source: str) -> Path:
    path = root / "kernels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source).lstrip())
    return path


def calm(root: Path, name: str, spec: str = "") -> Path:
    return write(root, f"{name}.py", CALM.format(name=name.title().replace("_", ""), spec=spec))


@asynccontextmanager
async def supervising(
    root: Path,
    *,
    policy: RestartPolicy | None = None,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    sources: Mapping[str, Source] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    clock: TimerClock | None = None,
) -> AsyncIterator[Bench]:
    """Supervise the kernels of `sources`, or every one in the workspace; on leaving they are stopped in order."""
    clock, bus = clock or SystemClock(), MemoryBus()
    notices: list[str] = []
    states = StateStore(root / ".grace" / "state", notices.append)
    loader = KernelLoader(root)

    logs: list[KernelLog] = []

    def open_log(name: str) -> KernelLog:
        logs.append(KernelLog(root / "logs" / f"{name}.jsonl", name))
        return logs[-1]

    parts = Parts(
        clock=clock,
        bus=bus,
        loader=loader,
        make_context=MemoryPorts(root, clock, bus).context,
        open_log=open_log,
        load_state=states.load,
        save_state=states.save,
        settings=settings or {},
        policy=policy or RestartPolicy(base=0.01, cap=0.02, jitter=0.0),
        source=sources.__getitem__ if sources else None,
        overrides=overrides or {},
    )
    failures = bus.subscribe("room", KernelFailed.topic)
    try:
        async with open_supervisor(parts) as supervisor:
            for name, path in (dict.fromkeys(sources, "grace.toml") if sources else loader.names()).items():
                supervisor.add(name, path)
            yield Bench(root, bus, supervisor, failures, notices)
    finally:
        loader.close()
        for log in logs:
            log.close()
