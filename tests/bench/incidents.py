"""From an exception to its incident on the screen, on a terminal of 120x40, in a room of twenty kernels."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of
from tests.bench.terminal import OnTerminal, program

KERNELS, WAYS, CALM_KERNELS = 5, 12, 15
SETTLE_SECONDS, GAP_SECONDS = 6.0, 0.9
TIMES = "times.txt"
HEAD = '''"""Fails in one of many places every now and then, and writes down when."""

import time

from grace_tui.kernel import Kernel


class Asked(Exception):
    """Says which failure of which kernel it is."""


class Failing(Kernel):
    async def run(self) -> None:
        number = int(self.name.rpartition("_")[2])
        await self.sleep({settle} + number * {gap})
        for way in range({ways}):
            began = time.perf_counter()
            try:
                getattr(self, f"way_{{way}}")(f"<{{number}}-{{way}}>")
            except Asked as error:
                self.context.failed(error, "run")
                with (self.context.workspace.root / "{times}").open("a") as file:
                    file.write(f"{{error}} {{began}}\\n")
            # Never in step with the second in which screens are renewed anyway.
            await self.sleep({kernels} * {gap} + 0.137 * (way % 7))
'''
WAY = """
    def way_{0}(self, name: str) -> None:
        raise Asked(name)
"""
CALM = '''"""Does nothing."""

from grace_tui.kernel import Kernel


class Calm(Kernel):
    pass
'''


def measure() -> Iterator[Row]:
    head = HEAD.format(settle=SETTLE_SECONDS, gap=GAP_SECONDS, ways=WAYS, times=TIMES, kernels=KERNELS)
    source = head + "".join(WAY.format(way) for way in range(WAYS))
    kernels = {f"failing_{number}": source for number in range(KERNELS)}
    kernels |= {f"calm_{number}": CALM for number in range(CALM_KERNELS)}
    with (
        workspace_of(kernels) as workspace,
        program("up", "--workspace", str(workspace.root), home=workspace.root.parent) as running,
    ):
        running.read_for(2 * SETTLE_SECONDS + (KERNELS * GAP_SECONDS + 0.5) * (WAYS + 1))
        raised = _raised(workspace.root / TIMES)
        values = _painted(running, raised)
    note = "" if len(values) == len(raised) else f"{len(raised) - len(values)} were not painted"
    yield Row("incident_screen", "exception -> incident on the screen", "ms", values, 25, 50, note=note)


def _raised(path: Path) -> Mapping[str, float]:
    """What was raised, and when (seconds on the clock that all processes share)."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: float(at) for name, at in (line.split() for line in lines)}


def _painted(running: OnTerminal, raised: Mapping[str, float]) -> list[float]:
    """Milliseconds from each exception to the first screen that names it."""
    times = zip(raised.values(), running.first_time(*(_naming(name) for name in raised)), strict=True)
    return [(seen + running.began - at) * 1000 for at, seen in times if seen is not None]


def _naming(name: str) -> Callable[[Sequence[str]], bool]:
    return lambda display: any(name in line for line in display)


GROUP = Group(("incident_screen",), measure)
