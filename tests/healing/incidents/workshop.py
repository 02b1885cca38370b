"""Small real projects for the tests: sources on disk, loaded from there, broken by calling them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import capture
from grace_tui.kernel.events import KernelFailed
from grace_tui.kernel.handle import Handle

LOG = """
class ImmutableLog:
    async def append(self, actor: str, action: str, resource: str = "", *, result: str = "") -> None:
        pass
"""
AGENT = """
class CodingAgent:
    def __init__(self, kernel):
        self.kernel = kernel
        self.place = "core"

    async def start(self):
        await self.kernel("immutable_log").append("agent", "start", subsystem=self.place)
"""


def load(root: Path, name: str, source: str) -> Any:
    """Write `name` (such as kernels/log.py) below the root and run it as a module."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    module = ModuleType(name.removesuffix(".py").replace("/", "."))
    module.__file__ = str(path)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return cast(Any, module)


def raised(act: Callable[[], object]) -> BaseException:
    """The exception that `act` (a function, also an async one) ends in."""
    try:
        result = act()
        if isinstance(result, Awaitable):
            asyncio.run(cast(Coroutine[Any, Any, object], result))
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def failure_of(root: Path, act: Callable[[], object], kernel: str = "coding_agent") -> Failure:
    return capture(raised(act), kernel=kernel, phase="start", root=root, at=1.0)


def story(root: Path) -> BaseException:
    """The coding agent calls the log's append with a keyword that it does not know."""
    log = load(root, "kernels/immutable_log.py", LOG).ImmutableLog()

    async def resolve(name: str) -> object:
        return log

    agent = load(root, "kernels/coding_agent.py", AGENT).CodingAgent(lambda name: Handle(name, resolve))
    return raised(agent.start)


def failed(
    error: BaseException, kernel: str = "coding_agent", at: float = 1_000.0, phase: str = "start"
) -> KernelFailed:
    return KernelFailed(kernel, phase, at, error)
