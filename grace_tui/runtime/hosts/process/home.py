"""The processes of one version of one kernel: each has its file loaded before anything is started in it."""

from collections.abc import Mapping

import anyio

from grace_tui.runtime.hosts.limits import Limits
from grace_tui.runtime.hosts.process.kernel import ProcessKernel, death, speak_for
from grace_tui.runtime.hosts.process.link import Gone, Link
from grace_tui.runtime.hosts.process.pool import ProcessPool
from grace_tui.runtime.hosts.process.words import Loaded
from grace_tui.runtime.hosts.source import LOAD_LIMIT, ImportStuck


class ProcessHome:
    """Asked by the kernel's class for a process at each start; the first is the one that the file was tried in.

    Every later one has the same sources loaded, so that a crash does not bring in a file that does not load by now.
    """

    clock = False

    def __init__(self, name: str, processes: ProcessPool, limits: Limits) -> None:
        self.name, self.processes, self.limits = name, processes, limits
        self._sources: Mapping[str, bytes] = {}
        self._prepared: Link | None = None

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
                loaded: Loaded = await link.ask("load", str(self.processes.root), self.name, self.limits, self._sources)
        except TimeoutError:
            raise ImportStuck(self.name, LOAD_LIMIT) from None
        except Gone:
            raise await death(link, self.name, self.limits) from None
        self._sources = loaded.sources
        await link.born.wait()  # told on another line than the answer
        return loaded

    def speaker(self, loaded: Loaded) -> type[ProcessKernel]:
        """The class that stands for the kernel in this process."""
        return speak_for(loaded, self, f"kernels.{self.name}")

    def discard(self) -> None:
        """End the process that was prepared and is not wanted any more."""
        link, self._prepared = self._prepared, None
        if link is not None:
            link.kill()
            link.close_output()
