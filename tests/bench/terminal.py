"""The program on a terminal of 120x40, every piece of its output with the time at which it came.

Nothing is interpreted while the program runs: a terminal emulator would take the processor from what is measured.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

WIDTH, HEIGHT = 120, 40
PROJECT = Path(__file__).parents[2]
CLOSE_SECONDS = 40.0


class OnTerminal:
    """A running program; `pieces` are the seconds since its start and what it wrote then."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, began: float) -> None:
        self.process, self.master, self.began = process, master, began
        self.pieces: list[tuple[float, bytes]] = []

    def read_for(self, seconds: float) -> None:
        """Take what the program paints, for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            ready, _, _ = select.select([self.master], [], [], left)
            if ready and not self._read():
                return

    def close(self) -> None:
        """End the program as a closing session does, and wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        deadline = time.perf_counter() + CLOSE_SECONDS
        while self.process.poll() is None:
            self.read_for(0.05)
            if time.perf_counter() > deadline:
                self.process.kill()
        os.close(self.master)

    def first_time(self, *wanted: Callable[[Sequence[str]], bool]) -> list[float | None]:
        """For each condition, when a screen first met it."""
        screen = pyte.Screen(WIDTH, HEIGHT)
        stream = pyte.ByteStream(screen)
        found: list[float | None] = [None] * len(wanted)
        for at, data in self.pieces:
            stream.feed(data)
            display = screen.display
            for number, met in enumerate(wanted):
                if found[number] is None and met(display):
                    found[number] = at
            if None not in found:
                break
        return found

    def _read(self) -> bool:
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:  # nobody holds the inside of the terminal any more
            return False
        self.pieces.append((time.perf_counter() - self.began, data))
        return bool(data)


@contextmanager
def program(*arguments: str, home: Path) -> Iterator[OnTerminal]:
    """Run `grace-tui ARGUMENTS` on a terminal; it is ended with the context."""
    master, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "grace_tui", *arguments],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
        cwd=home,
        env={**environment(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    os.close(inside)
    running = OnTerminal(process, master, began)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def detached(*arguments: str, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `grace-tui ARGUMENTS` without a terminal; it is ended with the context."""
    process = subprocess.Popen(
        [sys.executable, "-m", "grace_tui", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=home,
        env=environment(home),
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.wait(CLOSE_SECONDS)


def environment(home: Path) -> dict[str, str]:
    """Ours, with the program's data and its bytecode in the scratch folder: a warm start reads compiled modules."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    scratch = {"XDG_DATA_HOME": str(home / "data"), "PYTHONPYCACHEPREFIX": str(home / "bytecode")}
    return {**kept, **scratch, "PYTHONPATH": str(PROJECT)}
