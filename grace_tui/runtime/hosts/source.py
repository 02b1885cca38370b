"""What the supervisor runs: a source gives it a Kernel class, whatever stands behind that class.

A kernel in a task is its own class; one in a process, or a program, is a class that speaks for it. So every kind of
kernel lives under the same policy, in the same states, behind the same handles.
"""

from typing import Protocol

import anyio
import anyio.to_thread

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.reload.loader import KernelLoader, LoadedKernel

LOAD_LIMIT = 60.0
"""Seconds an import may take before its thread is left behind."""


class ImportStuck(GraceError):
    """A kernel's file did not finish importing; its thread was left behind."""

    def __init__(self, kernel: str, seconds: float) -> None:
        super().__init__(f"importing {kernel} took longer than {seconds:g} s; its thread was left behind")
        self.kernel, self.seconds = kernel, seconds


class Source(Protocol):
    """Where one kernel's class comes from; asked again whenever its file changed or a person restarts it."""

    @property
    def isolation(self) -> str:
        """task, process or command: what the class that was loaded last lives in."""

    @property
    def moved(self) -> str:
        """Why it is a process although the kernel asked for a task; empty where it is not."""

    async def load(self, name: str) -> LoadedKernel:
        """Return the class to run. Raises whatever loading raises, a kernel's own SystemExit among it."""


class TaskSource:
    """A kernel's file, imported into this process; `turns` lets one import run at a time."""

    isolation = "task"
    moved = ""

    def __init__(self, loader: KernelLoader, turns: anyio.CapacityLimiter) -> None:
        self.loader, self.turns = loader, turns

    async def load(self, name: str) -> LoadedKernel:
        async with self.turns:
            with anyio.move_on_after(LOAD_LIMIT):
                return await anyio.to_thread.run_sync(self.loader.load, name, abandon_on_cancel=True)
        raise ImportStuck(name, LOAD_LIMIT)
