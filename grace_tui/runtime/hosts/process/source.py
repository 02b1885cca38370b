"""Where a kernel's class comes from when its file may live in a task or in a process: decided anew at each load."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from grace_tui.kernel.errors import GraceError
from grace_tui.kernel.spec import Isolation
from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.peek import Said, peek
from grace_tui.runtime.hosts.source import TaskSource
from grace_tui.runtime.reload.loader import LoadedKernel

if TYPE_CHECKING:
    from grace_tui.runtime.hosts.process.home import ProcessHome
    from grace_tui.runtime.hosts.process.pool import ProcessPool

Decide = Callable[[], tuple[Isolation | None, str]]
"""What is asked for beside the kernel's own word (None: nothing), and why it was moved there (empty: it was not)."""


class TaskOnly(GraceError):
    """The settings ask for a process of a kernel that cannot live in one."""

    def __init__(self, kernel: str, reason: str) -> None:
        super().__init__(f"{kernel} cannot run in a process of its own: {reason}")
        self.kernel, self.reason = kernel, reason


class FileSource:
    """A kernel's file, in this process or in another; as `Source`. The pool is asked for when a process is needed."""

    def __init__(
        self, task: TaskSource, processes: "Callable[[], ProcessPool]", isolation: Decide, limits: Callable[[], Limits]
    ) -> None:
        self.task, self.processes, self.decide, self.limits = task, processes, isolation, limits
        self.isolation = "task"
        self.moved = ""
        self._home: ProcessHome | None = None

    async def load(self, name: str) -> LoadedKernel:
        asked, why = self.decide()
        said = self._peek(name)
        if (asked or said.isolation) == "process":
            return await self._in_process(name, why, said.task_only)
        loaded = await self.task.load(name)
        # Only running the file has told: its spec was not written in plain words.
        if asked is None and loaded.kind.spec.isolation == "process":
            return await self._in_process(name, "", loaded.kind.spec.task_only)
        self._settle("task", "", None)
        return loaded

    async def _in_process(self, name: str, why: str, task_only: str) -> LoadedKernel:
        # Not before it is needed: a room without processes starts without all this.
        from grace_tui.runtime.hosts.process.home import ProcessHome

        if task_only:
            raise TaskOnly(name, task_only)
        home = ProcessHome(name, self.processes(), self.limits())
        try:
            loaded = await home.load()
            if loaded.spec.task_only:
                raise TaskOnly(name, loaded.spec.task_only)
        except BaseException:
            home.discard()
            raise
        self._settle("process", why, home)
        return LoadedKernel(home.speaker(loaded), loaded.version, loaded.doc, frozenset(loaded.sources))

    def _settle(self, isolation: str, moved: str, home: "ProcessHome | None") -> None:
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
