"""Where a kernel's class comes from when its file may live in a task or in a process: decided anew at each load."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import anyio
import anyio.to_thread

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spec import Isolation
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.kernel import death, speak_for
from grace_tui.runtime.hosts.process.link import Gone, Link
from grace_tui.runtime.hosts.process.peek import Said, peek
from grace_tui.runtime.hosts.process.pool import ProcessPool
from grace_tui.runtime.hosts.process.words import Loaded
from grace_tui.runtime.hosts.source import LOAD_LIMIT, ImportStuck, TaskSource
from grace_tui.runtime.reload.loader import LoadedKernel

Decide = Callable[[], tuple[Isolation | None, str]]
"""What is asked for beside the kernel's own word (None: nothing), and why it was moved there (empty: it was not)."""


class TaskOnly(GraceError):
    """The settings ask for a process of a kernel that cannot live in one."""

    def __init__(self, kernel: str, reason: str) -> None:
        super().__init__(f"{kernel} cannot run in a process of its own: {reason}")
        self.kernel, self.reason = kernel, reason


class FileSource:
    """A kernel's file, in this process or in another; as `Source`."""

    def __init__(self, task: TaskSource, processes: ProcessPool, isolation: Decide, limits: Limits) -> None:
        self.task, self.processes, self.decide, self.limits = task, processes, isolation, limits
        self.isolation = "task"
        self.moved = ""
        self._home: _Home | None = None

    async def load(self, name: str) -> LoadedKernel:
        asked, why = self.decide()
        said = await anyio.to_thread.run_sync(self._peek, name)
        if said.task_only and asked == "process":
            if not why:
                raise TaskOnly(name, said.task_only)
            asked = None  # it stays where it can live
        if (asked or said.isolation) == "process":
            return await self._in_process(name, why)
        loaded = await self.task.load(name)
        # Its spec is only known now: it was not written as a plain word.
        if asked is None and loaded.kind.spec.isolation == "process":
            return await self._in_process(name, "")
        self._settle("task", "", None)
        return loaded

    async def _in_process(self, name: str, why: str) -> LoadedKernel:
        home = _Home(name, self.processes, self.limits)
        try:
            loaded = await home.load()
        except BaseException:
            home.discard()
            raise
        if loaded.spec.task_only and not why:
            home.discard()
            raise TaskOnly(name, loaded.spec.task_only)
        self._settle("process", why, home)
        kind = speak_for(loaded, home, f"kernels.{name}")
        return LoadedKernel(kind, loaded.version, loaded.doc, loaded.files)

    def _settle(self, isolation: str, moved: str, home: "_Home | None") -> None:
        """The last load is the one that counts; a process that was loaded for an earlier one is not waited for."""
        if self._home is not None:
            self._home.discard()
        self.isolation, self.moved, self._home = isolation, moved, home

    def _peek(self, name: str) -> Said:
        folder = self.task.loader.folder
        for path in (folder / f"{name}.py", folder / name / "__init__.py"):
            if path.is_file():
                return peek(path)
        return Said()


@dataclass(eq=False)
class _Home:
    """The processes of one version of one kernel; the first is the one that it was loaded in."""

    name: str
    processes: ProcessPool
    limits: Limits
    clock: bool = False
    _prepared: Link | None = None

    def describe(self, error: BaseException, kernel: str, phase: str) -> Mapping[str, object]:
        return self.processes.describe(error, kernel, phase)

    async def process(self) -> Link:
        if self._prepared is None or self._prepared.exit is not None:
            await self.load()
        link, self._prepared = self._prepared, None
        if link is None:
            raise AssertionError(f"{self.name} was loaded and has no process")
        return link

    async def load(self) -> Loaded:
        """Load the file in a process that has run nothing yet. Raises what loading raised there."""
        self.discard()
        link = self._prepared = await self.processes.take()
        link.read_output(self.processes.log_of(self.name))
        try:
            with anyio.fail_after(LOAD_LIMIT):
                loaded: Loaded = await link.ask("load", str(self.processes.root), self.name, self.limits)
        except TimeoutError:
            raise ImportStuck(self.name, LOAD_LIMIT) from None
        except Gone:
            raise await death(link, self.name, self.limits) from None
        return loaded

    def discard(self) -> None:
        """End the process that was prepared and is not wanted any more."""
        link, self._prepared = self._prepared, None
        if link is not None:
            link.kill()
            link.close_output()
