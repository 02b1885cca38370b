"""A kernel that holds the loop is named and broken off; the loop and everybody else on it go on."""

import threading
from pathlib import Path

import pytest

from grace_tui.kernel.errors import LoopBroken
from grace_tui.runtime.guard import GuardLimits
from tests.runtime.guard.bench import LIMITS, PATIENCE, code, guarded

PATTERNS = {
    "a loop": "while True: pass",
    "calls": "while True: int('1')",
    "nested comprehensions": "[[0 for a in range(1000)] and 0 for b in range(10**9)]",
    "a generator": "sum(a * b for a in range(10**6) for b in range(10**6))",
    "a C library": "while True: json.loads(json.dumps({'a': [1, 2]}))",
    "a library's callback": "while True: sorted(range(50), key=lambda n: -n)",
    "pure Python of a library": "while True: textwrap.dedent('  a')",
    "an exception handler": "\n try: 1 / 0\n except ZeroDivisionError:\n  while True: pass",
    "a finally block": "\n try: pass\n finally:\n  while True: pass",
    "errors it takes": "\n while True:\n  try: int('one')\n  except Exception: pass",
    "many contexts": "\n while True:\n  with contextlib.suppress(ValueError): int('1')",
    "many locks": "\n lock = threading.Lock()\n while True:\n  with lock: pass",
    "a short sleep again and again": "while True: time.sleep(0.001)",
    "one long sleep": "time.sleep(0.5)\n while True: pass",
}
SPIN = "import contextlib, json, textwrap, threading, time\nasync def hold():\n {act}\n"


@pytest.mark.parametrize("act", PATTERNS.values(), ids=PATTERNS.keys())
def test_what_holds_the_loop_is_named_and_broken_off(tmp_path: Path, act: str) -> None:
    kernels = tmp_path / "kernels"
    hold = code(kernels, "spin.py", SPIN.format(act=act))["hold"]
    with guarded(kernels) as bench:
        outcome = bench.run(hold)
        block = bench.told.blocks.get(timeout=PATIENCE)
        error = outcome.get(timeout=PATIENCE)
        assert (block.kernel, block.file) == ("spin", "kernels/spin.py")
        assert isinstance(error, LoopBroken)
        assert str(error) == f"the supervisor loop was held at {block.place}"
        assert bench.turns()
        assert bench.told.releases.get(timeout=PATIENCE)
        assert bench.thread.escaped == 0


def test_one_block_is_told_once_and_the_next_one_again(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    hold = code(kernels, "spin.py", SPIN.format(act="while True: pass"))["hold"]
    with guarded(kernels) as bench:
        for _ in range(2):
            bench.run(hold).get(timeout=PATIENCE)
            bench.told.blocks.get(timeout=PATIENCE)
            assert bench.told.releases.get(timeout=PATIENCE)
            assert bench.told.blocks.empty()


def test_what_cannot_be_broken_off_is_told_until_it_ends(tmp_path: Path) -> None:
    kernels, let_go = tmp_path / "kernels", threading.Event()
    hold = code(kernels, "spin.py", "async def hold(let_go):\n    return let_go.wait(20)\n")["hold"]
    with guarded(kernels) as bench:
        outcome = bench.run(lambda: hold(let_go))
        told = [bench.told.lasting.get(timeout=PATIENCE) for _ in range(2)]
        assert told[0][0] is told[1][0] is bench.told.blocks.get(timeout=PATIENCE)
        assert told[1][1] > told[0][1] >= LIMITS.stall
        let_go.set()
        assert outcome.get(timeout=PATIENCE) is True
        assert bench.told.releases.get(timeout=PATIENCE)
        assert bench.turns()


def test_a_loop_that_is_held_too_long_is_given_up_once(tmp_path: Path) -> None:
    kernels, let_go = tmp_path / "kernels", threading.Event()
    hold = code(kernels, "spin.py", "async def hold(let_go):\n    let_go.wait(20)\n")["hold"]
    with guarded(kernels, GuardLimits(stall=0.1, abandon=0.3)) as bench:
        bench.run(lambda: hold(let_go))
        given = bench.told.given.get(timeout=PATIENCE)
        assert given is bench.told.blocks.get(timeout=PATIENCE)
        assert (given.kernel, given.function, given.broken) == ("spin", "hold", False)
        bench.guard.join(PATIENCE)
        assert not bench.guard.is_alive()
        assert bench.told.given.empty()
        let_go.set()


def test_work_below_the_limit_is_nobodys_business(tmp_path: Path) -> None:
    source = """
        import time
        async def hold():
            began = time.thread_time()
            while time.thread_time() - began < 0.05:
                pass
            return "done"
    """
    kernels = tmp_path / "kernels"
    hold = code(kernels, "spin.py", source)["hold"]
    with guarded(kernels, GuardLimits(stall=5.0)) as bench:
        for _ in range(4):
            assert bench.run(hold).get(timeout=PATIENCE) == "done"
        assert bench.turns()
        assert bench.told.blocks.empty()


def test_a_loop_held_by_no_kernel_is_told_and_left_alone(tmp_path: Path) -> None:
    held, let_go = threading.Event(), threading.Event()

    async def hold() -> str:
        held.set()
        let_go.wait(PATIENCE)
        return "ended"

    with guarded(tmp_path / "kernels") as bench:
        outcome = bench.run(hold)
        block = bench.told.blocks.get(timeout=PATIENCE)
        assert block.kernel == ""
        assert "in " in block.place
        let_go.set()
        assert outcome.get(timeout=PATIENCE) == "ended"
        assert not block.broken


def test_innocent_kernels_beside_it_are_spared(tmp_path: Path) -> None:
    bursts = """
        import asyncio, time
        async def work(turns, enough):
            while not enough.is_set():
                until = time.perf_counter() + 0.005
                while time.perf_counter() < until:
                    pass
                turns.append(1)
                await asyncio.sleep(0)
            return "ended"
    """
    kernels, enough, turns = tmp_path / "kernels", threading.Event(), list[int]()
    work = code(kernels, "innocent.py", bursts)["work"]
    hold = code(kernels, "spin.py", SPIN.format(act="while True: pass"))["hold"]
    with guarded(kernels) as bench:
        innocents = [bench.run(lambda: work(turns, enough)) for _ in range(3)]
        for _ in range(5):
            assert isinstance(bench.run(hold).get(timeout=PATIENCE), LoopBroken)
            assert bench.told.blocks.get(timeout=PATIENCE).kernel == "spin"
        enough.set()
        assert [innocent.get(timeout=PATIENCE) for innocent in innocents] == ["ended"] * 3
        assert len(turns) >= 3


def test_a_finaliser_that_spins_is_broken_off_in_whose_frame_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", lambda unraisable: seen.append(unraisable.exc_value))
    kernels = tmp_path / "kernels"
    spin = code(kernels, "spin.py", "class Last:\n    def __del__(self):\n        while True: pass\n")
    drop = code(kernels, "innocent.py", "async def drop(held):\n    held.clear()\n    return 'dropped'\n")["drop"]
    with guarded(kernels) as bench:
        assert bench.run(lambda: drop([spin["Last"]()])).get(timeout=PATIENCE) == "dropped"
        assert bench.told.blocks.get(timeout=PATIENCE).kernel == "spin"
        assert [type(error).__mro__[1] for error in seen] == [LoopBroken]


def test_a_c_call_that_keeps_the_interpreter_is_named_when_it_lets_go(tmp_path: Path) -> None:
    kernels = tmp_path / "kernels"
    source = "async def hold():\n    for turn in range(3):\n        sum(range(10**7))\n"
    hold = code(kernels, "spin.py", source)["hold"]
    with guarded(kernels) as bench:
        outcome = bench.run(hold)
        block = bench.told.blocks.get(timeout=PATIENCE)
        assert (block.kernel, block.line) == ("spin", 3)
        assert isinstance(outcome.get(timeout=PATIENCE), LoopBroken)
        assert bench.turns()
