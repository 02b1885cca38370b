"""The watchdog tells once that the loop is held, and by whose line."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

import pytest

from grace_tui.runtime.watchdog import Block, LoopBeat, LoopBlocked, Watchdog

HOLD = """
def hold(held, leave):
    held.set()
    leave.wait(10)
"""


@contextmanager
def holding(hold: Callable[[threading.Event, threading.Event], object]) -> Iterator[int]:
    """A thread that stands in `hold` meanwhile; gives its identity."""
    held, leave = threading.Event(), threading.Event()
    thread = threading.Thread(target=hold, args=(held, leave))
    thread.start()
    try:
        assert held.wait(10)
        yield thread.ident or 0
    finally:
        leave.set()
        thread.join()


@contextmanager
def watching(watched: int, kernels: Path, age: float) -> Iterator[tuple[LoopBeat, "Queue[Block]"]]:
    beat, found = LoopBeat(), Queue[Block]()
    beat.last = time.monotonic() - age
    dog = Watchdog(beat, watched, kernels, found.put)
    dog.start()
    try:
        yield beat, found
    finally:
        dog.stop()
        dog.join(10)
    assert not dog.is_alive()


def kernel_code(kernels: Path, name: str) -> Callable[[threading.Event, threading.Event], object]:
    path = kernels / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HOLD)
    namespace: dict[str, Callable[[threading.Event, threading.Event], object]] = {}
    exec(compile(HOLD, str(path), "exec"), namespace)
    return namespace["hold"]


@pytest.mark.parametrize(("file", "kernel"), [("slow.py", "slow"), ("slow/deep.py", "slow")], ids=["module", "package"])
def test_a_block_names_the_kernel_and_the_line(tmp_path: Path, file: str, kernel: str) -> None:
    with holding(kernel_code(tmp_path, file)) as thread, watching(thread, tmp_path, age=1.0) as (_, found):
        block = found.get(timeout=10)
    assert (block.kernel, block.file, block.line, block.function) == (kernel, f"kernels/{file}", 4, "hold")
    assert block.seconds >= 1.0
    assert str(LoopBlocked(block)) == f"the supervisor loop was held at kernels/{file}:4 in hold"


def test_a_block_outside_the_kernels_blames_nobody(tmp_path: Path) -> None:
    def hold(held: threading.Event, leave: threading.Event) -> None:
        held.set()
        leave.wait(10)

    with holding(hold) as thread, watching(thread, tmp_path, age=1.0) as (_, found):
        block = found.get(timeout=10)
    assert (block.kernel, block.file) == ("", "")
    assert str(LoopBlocked(block)) == "the supervisor loop was held outside the kernels"


def test_one_block_is_told_once_and_the_next_one_again(tmp_path: Path) -> None:
    with watching(threading.get_ident(), tmp_path, age=1.0) as (beat, found):
        found.get(timeout=10)
        with pytest.raises(Empty):
            found.get(timeout=0.2)
        beat.last = time.monotonic() - 2.0
        assert found.get(timeout=10).seconds >= 2.0


def test_a_loop_that_turns_is_not_reported(tmp_path: Path) -> None:
    with watching(threading.get_ident(), tmp_path, age=-60.0) as (_, found), pytest.raises(Empty):
        found.get(timeout=0.2)


def test_the_worst_lateness_is_kept_until_it_is_taken() -> None:
    beat = LoopBeat()
    beat.turn(due=time.monotonic() - 5.0)
    beat.turn(due=time.monotonic())
    assert beat.take_worst() >= 5.0
    assert beat.take_worst() == 0.0
