"""Two hundred programs started and stopped by a room, beside supervisord and circus where they are installed.

The room's times are its own, in a process that runs already; the others are programs, so theirs contain their own start
(its rows `1 program` say how long that is).
"""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grace_tui.room.composition import open_room
from grace_tui.room.core import Room
from grace_tui.room.hub import ViewHub
from grace_tui.runtime.hosts.command import CommandSpec
from grace_tui.runtime.hosts.meter import TreeMeter, all_processes
from grace_tui.settings import Settings
from grace_tui.settings.kernels import KernelSettings
from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of

COUNT, ROUNDS = 200, 5
PATIENCE = 120.0
SETTLE = 1.0
"""Seconds before a peer is stopped: circus misses a signal that comes right after its start."""
LOOKS = 20
SLEEP = ("sleep", "3600")
NAMES = tuple(f"sleeper-{number}" for number in range(COUNT))
SETTINGS = Settings(kernels={name: KernelSettings(command=CommandSpec(SLEEP)) for name in NAMES})


Peer = Callable[[Path, int], list[str]]
"""Writes what so many programs need into a folder, and returns the command line."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds."""

    start: float
    stop: float
    meter: float = 0.0


def measure() -> Iterator[Row]:
    rounds = [asyncio.run(_round()) for _ in range(ROUNDS)]
    yield Row("commands_start", f"{COUNT} programs to RUNNING", "s", [times.start for times in rounds], 3)
    yield Row("commands_stop", f"{COUNT} programs stopped", "s", [times.stop for times in rounds], 3)
    yield Row("commands_meter", f"one look at {COUNT} trees, each 2 s", "ms", [times.meter for times in rounds], 40)
    for peer in (supervisord, circus):
        yield from _peer_rows(peer)


def _peer_rows(peer: Peer) -> Iterator[Row]:
    name = peer.__name__
    alone: list[float] = []
    rounds: list[Times] = []
    note = ""
    if shutil.which(PROGRAMS[name]) is None:
        note = "not installed"
    else:
        alone = [_peer_round(peer, 1).start for _ in range(ROUNDS)]
        rounds = [_peer_round(peer, COUNT) for _ in range(ROUNDS)]
    yield Row(f"{name}_alone", f"{name}: 1 program", "s", alone, note=note)
    yield Row(f"{name}_start", f"{name}: {COUNT} programs", "s", [times.start for times in rounds], note=note)
    yield Row(f"{name}_stop", f"{name}: {COUNT} programs stopped", "s", [times.stop for times in rounds], note=note)


async def _round() -> Times:
    with workspace_of({}) as workspace:
        began = time.perf_counter()
        async with open_room(workspace, SETTINGS, ViewHub()) as room:
            for name in NAMES:
                if not await room.supervisor.wait_running(name, PATIENCE):
                    raise TimeoutError(f"{name} did not start: {room.supervisor.child(name).error}")
            started = time.perf_counter()
            look = await asyncio.to_thread(_look, [_pid(room, name) for name in NAMES])
            stopping = time.perf_counter()
            for name in NAMES:
                room.supervisor.stop(name)
            for name in NAMES:
                child = room.supervisor.child(name)
                while child.state != "stopped":
                    await child.moved.wait()
            return Times(started - began, time.perf_counter() - stopping, look)


def _pid(room: Room, name: str) -> int:
    instance = room.supervisor.child(name).instance
    vitals = instance.vitals() if instance is not None else None
    if vitals is None:
        raise AssertionError(f"{name} is not measured")
    return vitals.pid


def _look(pids: list[int]) -> float:
    """Milliseconds of processor time that one look of the meter takes."""
    meter = TreeMeter(period=3600.0)
    for pid in pids:
        meter.watch(pid)
    began = time.thread_time()
    for _ in range(LOOKS):
        meter.look()
    spent = time.thread_time() - began
    for pid in pids:
        meter.forget(pid)
    return spent * 1000 / LOOKS


def _peer_round(peer: Peer, count: int) -> Times:
    with tempfile.TemporaryDirectory(prefix="grace-bench-") as folder:
        command = peer(Path(folder), count)
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while len(_sleepers(process.pid)) < count:
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    raise TimeoutError(f"{command[0]} did not start {count} programs")
                time.sleep(0.01)
            started = time.perf_counter() - began
            time.sleep(SETTLE)
            stopping = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
            return Times(started, time.perf_counter() - stopping)
        except BaseException:
            for pid in _sleepers(process.pid):
                os.kill(pid, signal.SIGKILL)
            process.kill()
            raise


def _sleepers(parent: int) -> list[int]:
    """Children of a process that run the program, rather than being about to."""
    found = []
    for process in all_processes().values():
        if process.parent == parent and not process.zombie:
            try:
                words = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:2] == [b"3600"]:
                found.append(process.pid)
    return found


def supervisord(folder: Path, count: int) -> list[str]:
    programs = "".join(
        f"[program:sleeper-{number}]\ncommand={' '.join(SLEEP)}\nstartsecs=0\n" for number in range(count)
    )
    head = f"[supervisord]\nnodaemon=true\nlogfile={folder}/log\npidfile={folder}/pid\nchildlogdir={folder}\n"
    (folder / "peer.conf").write_text(head + programs)
    return [PROGRAMS["supervisord"], "-n", "-c", str(folder / "peer.conf")]


def circus(folder: Path, count: int) -> list[str]:
    watchers = "".join(
        f"[watcher:sleeper-{number}]\ncmd={SLEEP[0]}\nargs={SLEEP[1]}\nwarmup_delay=0\n" for number in range(count)
    )
    ends = "".join(f"{name}=ipc://{folder}/{name}\n" for name in ("endpoint", "pubsub_endpoint"))
    (folder / "peer.ini").write_text(f"[circus]\nwarmup_delay=0\n{ends}{watchers}")
    return [PROGRAMS["circus"], str(folder / "peer.ini")]


PROGRAMS = {"supervisord": "supervisord", "circus": "circusd"}

GROUP = Group(
    (
        "commands_start",
        "commands_stop",
        "commands_meter",
        *(f"{peer}_{what}" for peer in ("supervisord", "circus") for what in ("alone", "start", "stop")),
    ),
    measure,
)
