"""One time that the loop was held: by whom, where, since when, and the stack as it was sampled."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType

from grace_tui.kernel.errors import LoopBlocked


@dataclass(slots=True, eq=False)
class Block:
    kernel: str
    """Empty where no frame on the stack belongs to a kernel."""
    file: str
    """Relative to the workspace."""
    line: int
    function: str
    began: float
    """Monotonic time since which the loop is known to be held."""
    trace: TracebackType | None = None
    """The stack when it was named, outermost frame first."""
    broken: bool = False
    """Whether an exception was raised in the kernel for it."""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line} in {self.function}" if self.file else ""

    def error(self) -> LoopBlocked:
        """The failure that this is, with the sampled stack for its traceback."""
        return LoopBlocked(self.place).with_traceback(self.trace)


def trace_of(frames: Sequence[FrameType]) -> TracebackType | None:
    """A traceback through live frames, given innermost first, each at the line where it is now."""
    trace: TracebackType | None = None
    for frame in frames:
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno or frame.f_code.co_firstlineno)
    return trace
