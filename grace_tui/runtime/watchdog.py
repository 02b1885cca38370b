"""A thread that notices when the supervisor loop is blocked, and names the kernel that blocks it from the stack.

It never touches the loop: it reads a time that the loop writes, and the loop's stack.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

BEAT_SECONDS = 0.05
LIMIT_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Block:
    """The loop did not turn for `seconds`; where the stack shows kernel code, which and where."""

    kernel: str
    """Empty where no frame belongs to a kernel."""
    file: str
    line: int
    function: str
    seconds: float


class LoopBlocked(Exception):
    """A kernel held the supervisor loop."""

    def __init__(self, block: Block) -> None:
        where = f"at {block.file}:{block.line} in {block.function}" if block.file else "outside the kernels"
        super().__init__(f"the supervisor loop was held {where}")
        self.block = block


class LoopBeat:
    """Written by the loop every `BEAT_SECONDS`: the time of the last turn, and how late turns came."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self.worst = 0.0
        """Worst lateness in seconds since `take_worst` was last called."""

    def turn(self, due: float) -> None:
        self.last = time.monotonic()
        self.worst = max(self.worst, self.last - due)

    def take_worst(self) -> float:
        worst, self.worst = self.worst, 0.0
        return worst


class Watchdog(threading.Thread):
    """Calls `on_block` once for each block, from this thread, while the block lasts."""

    def __init__(self, beat: LoopBeat, watched: int, kernels: Path, on_block: Callable[[Block], None]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.beat, self.watched, self.kernels, self.on_block = beat, watched, kernels, on_block
        self.stopping = threading.Event()

    def run(self) -> None:
        reported = 0.0
        while not self.stopping.wait(BEAT_SECONDS):
            last = self.beat.last
            age = time.monotonic() - last
            if age >= LIMIT_SECONDS and last != reported:
                reported = last
                self.on_block(self._look(age))

    def stop(self) -> None:
        self.stopping.set()

    def _look(self, age: float) -> Block:
        frame: FrameType | None = sys._current_frames().get(self.watched)
        while frame is not None:
            path = Path(frame.f_code.co_filename)
            if path.is_relative_to(self.kernels):
                name = path.relative_to(self.kernels).parts[0].removesuffix(".py")
                return Block(name, f"kernels/{path.relative_to(self.kernels)}", frame.f_lineno, _name(frame), age)
            frame = frame.f_back
        return Block("", "", 0, "", age)


def _name(frame: FrameType) -> str:
    return frame.f_code.co_qualname
