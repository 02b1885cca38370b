"""From a key to the screen, on a terminal of 120x40, while a kernel spins that nothing can break off."""

import os
import re
import time
from collections.abc import Iterator

from tests.bench.rows import Group, Row
from tests.bench.scratch import workspace_of
from tests.bench.terminal import OnTerminal, program

KEYS, SETTLE_SECONDS, PATIENCE = 60, 6.0, 1.0
DOWN, UP = b"\x1b[B", b"\x1b[A"
HEADER_ROWS = 2
"""Where it is written that the loop is held; a key moves the selection below."""
SPIN = '''"""Spins, and takes every exception."""

import time

from grace_tui.kernel import Kernel


class Spin(Kernel):
    async def run(self):
        await self.sleep(3)
        until = time.monotonic() + 28
        while time.monotonic() < until:
            try:
                while time.monotonic() < until:
                    try:
                        while time.monotonic() < until: pass
                    except BaseException: pass
            except BaseException: pass
'''
CALM = '''"""Does nothing."""

from grace_tui.kernel import Kernel


class Calm(Kernel):
    pass
'''


def measure() -> Iterator[Row]:
    kernels = {"spin": SPIN, **{f"calm_{number}": CALM for number in range(19)}}
    with (
        workspace_of(kernels) as workspace,
        program("up", "--workspace", str(workspace.root), home=workspace.root.parent) as running,
    ):
        running.read_for(SETTLE_SECONDS)
        held = running.first_time(lambda display: "spin holds the loop" in display[0])[0]
        taken = [_press(running, number) for number in range(KEYS)] if held else []
    values = [seconds * 1000 for seconds in taken if seconds is not None]
    note = "" if held else "the kernel did not come to spin"
    yield Row("key_spin", "key -> screen while a kernel spins", "ms", values, asked_p95=25, note=note)


def _press(running: OnTerminal, number: int) -> float | None:
    """Seconds until the selection has moved; None where it has not."""
    began = time.perf_counter()
    os.write(running.master, UP if number % 2 else DOWN)
    seen = len(running.pieces)
    moved = None
    while moved is None and time.perf_counter() - began < PATIENCE:
        running.read_for(0.001)
        moved = next((at for at, data in running.pieces[seen:] if _is_below_header(data)), None)
    running.read_for(0.11 + number % 7 * 0.013)  # at every moment between two words of the guard
    return None if moved is None else moved + running.began - began


def _is_below_header(data: bytes) -> bool:
    return any(int(row) > HEADER_ROWS for row in re.findall(rb"\x1b\[(\d+);\d+H", data))


GROUP = Group(("key_spin",), measure)
