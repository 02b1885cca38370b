"""What the room costs while nothing happens: with nobody looking, and with one screen of 120x40."""

import time
from collections.abc import Callable, Iterator

import psutil

from grace_tui.faces.remote.client import NoRoom, request
from grace_tui.workspace import Workspace
from tests.bench.rows import Group, Row
from tests.bench.scratch import shipped_workspace
from tests.bench.start import until_running
from tests.bench.terminal import detached, program

SETTLE_SECONDS, IDLE_SECONDS, PATIENCE = 5.0, 20.0, 30.0


def measure() -> Iterator[Row]:
    with shipped_workspace() as workspace:
        yield Row("idle_headless", "idle room, no screen, % of one core", "%", [_headless(workspace)], 2)
        yield Row("idle_screen", "idle room, one screen, % of one core", "%", [_with_screen(workspace)], 2)


def _headless(workspace: Workspace) -> float:
    with detached("serve", "--workspace", str(workspace.root), home=workspace.root.parent) as process:
        _wait_running(workspace)
        return _cost(process.pid, time.sleep)


def _with_screen(workspace: Workspace) -> float:
    with program("up", "--workspace", str(workspace.root), home=workspace.root.parent) as running:
        until_running(running)
        return _cost(running.process.pid, running.read_for)


def _cost(pid: int, wait: Callable[[float], None]) -> float:
    """CPU of the process and its children, in percent of one core, over `IDLE_SECONDS` after it has settled."""
    wait(SETTLE_SECONDS)
    before, began = _seconds(pid), time.perf_counter()
    wait(IDLE_SECONDS)
    return (_seconds(pid) - before) / (time.perf_counter() - began) * 100


def _seconds(pid: int) -> float:
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system + used.children_user + used.children_system


def _wait_running(workspace: Workspace) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            view = request(workspace.socket, "status")["data"]
        except NoRoom:
            view = {}
        if view.get("total") and view["running"] == view["total"]:
            return
        time.sleep(0.1)
    raise TimeoutError(f"the room of {workspace.root} did not come to run every kernel within {PATIENCE:g} s")


GROUP = Group(("idle_headless", "idle_screen"), measure)
