"""The start of the shipped workspace on a terminal: the splash, the first full screen, 20 of 20, and what it weighs."""

import re
import sys
from collections.abc import Iterator, Sequence

import psutil

from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import shipped_workspace
from tests.bench.terminal import OnTerminal, program

STARTS = 7
LOOK_SECONDS, PATIENCE = 3.0, 30.0
MIB = 1024 * 1024
GRID = ("message_bus", "immutable_log", "self_healing", "coding_agent", "api_server")


def splash(display: Sequence[str]) -> bool:
    return "grace" in display[0]


def full_paint(display: Sequence[str]) -> bool:
    """The kernels' grid with its kernels, and the keys below it."""
    text = "\n".join(display)
    return all(name in text for name in GRID) and any(word in display[-1] for word in ("help", "quit"))


def all_running(display: Sequence[str]) -> bool:
    return re.search(r"\b20/20\b", display[0]) is not None


def measure() -> Iterator[Row]:
    times: list[list[float]] = [[], [], []]
    weights: list[float] = []
    with shipped_workspace() as workspace:
        _one(workspace)  # fills the disk cache and writes the bytecode
        for _ in range(STARTS):
            found, weight = _one(workspace)
            for kept, value in zip(times, found, strict=True):
                kept += [] if value is None else [value]
            weights.append(weight)
    yield Row("splash", "splash on the terminal", "s", times[0], 0.1)
    yield Row("first_paint", "first full paint", "s", times[1], 0.5)
    yield Row("all_running", "20 of 20 running, from process start", "s", times[2], 1.8)
    yield Row("rss", "RSS after 20 of 20, one screen", "MiB", weights, 150)


def _one(workspace: Workspace) -> tuple[list[float | None], float]:
    with program("up", "--workspace", str(workspace.root), home=workspace.root.parent) as running:
        found = until_running(running)
        weight = psutil.Process(running.process.pid).memory_info().rss / MIB if None not in found else 0.0
    return found, weight


def until_running(running: OnTerminal) -> list[float | None]:
    """Let it paint until all kernels run; when the splash, the first full screen and that were seen."""
    found: list[float | None] = []
    looked = 0.0
    while looked < PATIENCE:
        running.read_for(LOOK_SECONDS)
        looked += LOOK_SECONDS
        found = running.first_time(splash, full_paint, all_running)
        if None not in found or running.process.poll() is not None:
            break
    if None in found:
        print(f"a start did not come to 20 of 20: {found}", file=sys.stderr)
    return found


GROUP = Group(("splash", "first_paint", "all_running", "rss"), measure)
