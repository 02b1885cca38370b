"""Commands, crashes and saved files in any order: only legal moves, no orphan task, everything stopped at the end."""

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from grace_tui.kernel import GraceError, KernelFailed, KernelStateChanged
from grace_tui.runtime.supervisor import RestartPolicy
from grace_tui.runtime.supervisor.states import LEGAL
from tests.runtime.supervisor.bench import Bench, supervising, write

NAMES = ("base", "user", "alone")
SOURCE = """
    from grace_tui.kernel import Kernel, KernelSpec

    class Made(Kernel):
        spec = KernelSpec({spec})

        async def run(self):
            async for _ in self.subscribe("crash.{name}"):
                raise ValueError("crashed")
"""
SPECS = {"base": "", "user": "requires=('base',)", "alone": "after=('user',)"}


def save(root: Path, name: str, *, broken: bool) -> str:
    write(root, f"{name}.py", "def (" if broken else SOURCE.format(spec=SPECS[name], name=name))
    return f"kernels/{name}.py"


def act(bench: Bench, dice: random.Random) -> None:
    name = dice.choice(NAMES)
    supervisor = bench.supervisor
    verb = dice.choice(("start", "stop", "restart", "pause", "resume", "crash", "break", "mend", "second", "save"))
    if verb == "crash":
        bench.bus.publish(f"crash.{name}", {}, source="room")
    elif verb in ("break", "mend"):
        supervisor.files_changed([save(bench.root, name, broken=verb == "break")])
    elif verb == "second":
        supervisor.second()
    elif verb == "save":
        supervisor.save_states()
    else:
        with suppress(GraceError):  # a command may come at a moment at which it makes no sense
            getattr(supervisor, verb)(name)


async def let_pass(turns: int) -> None:
    for _ in range(turns):
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("seed", range(12))
async def test_any_order_of_events_ends_well(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    before = asyncio.all_tasks()
    for name in NAMES:
        save(tmp_path, name, broken=False)
    policy = RestartPolicy(intensity=3, base=0.001, cap=0.002, jitter=0.0)
    async with supervising(tmp_path, policy=policy) as bench:
        moves = bench.bus.subscribe("room", KernelStateChanged.topic, capacity=100_000)
        for _ in range(60):
            act(bench, dice)
            await let_pass(dice.choice((0, 0, 1, 3, 20)))
            if dice.random() < 0.1:
                await anyio.sleep(0.005)
        for name in NAMES:
            bench.supervisor.files_changed([save(tmp_path, name, broken=False)])
            bench.supervisor.restart(name)
        with anyio.fail_after(10):
            while set(bench.states().values()) != {"running"}:
                for name in NAMES:
                    if bench.states()[name] == "quarantined":  # by orders to crash that waited in its mailbox
                        bench.supervisor.start(name)
                    await bench.supervisor.wait_running(name, 0.1)
        children = list(bench.supervisor.children.values())
    states = dict.fromkeys(NAMES, "stopped")
    while (message := moves.pop()) is not None:
        assert isinstance(message.payload, KernelStateChanged)
        fact = message.payload
        states.setdefault(fact.kernel, fact.old)
        assert fact.new in LEGAL[fact.old], fact  # type: ignore[index]
        states[fact.kernel] = fact.new
    failed = [message.payload for message in iter(bench.failures.pop, None)]
    assert {payload.phase for payload in failed if isinstance(payload, KernelFailed)} <= {"load", "run"}
    assert set(states.values()) == {"stopped"}
    assert [(child.instance, child.scope) for child in children] == [(None, None)] * len(NAMES)
    assert asyncio.all_tasks() == before
