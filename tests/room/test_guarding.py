"""A kernel that holds the room's loop: shown, broken off, an incident, and after two blocks off the loop for good."""

import asyncio
import sys
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grace_tui.faces.views import RoomView
from grace_tui.kernel.records import IncidentRecord
from grace_tui.room.thread import RoomThread
from grace_tui.settings import KernelSettings
from tests.room.bench import (
    PATIENCE,
    QUICK,
    calm,
    has_incident,
    kernel_of,
    on_thread,
    tell,
    told,
    wait_for,
    write,
)

SPIN = "while True: pass"
HELPFUL = """
    '''Holds the loop while somebody else waits for its answer.'''
    from grace_tui.kernel import Kernel

    class Helpful(Kernel):
        async def hold(self):
            while True: pass
"""
ASKING = """
    '''Asks, and does without the answer.'''
    from grace_tui.kernel import Kernel, KernelSpec, ProviderDown

    class Asking(Kernel):
        spec = KernelSpec(requires=("helpful",))

        async def run(self):
            async for message in self.subscribe("told.*"):
                try:
                    await self.kernel("helpful").hold()
                except ProviderDown as down:
                    self.said = str(down)
                    self.count()

        def summary(self):
            return getattr(self, "said", "")
"""
SAYING = """
    '''Holds the loop when it is asked how it is.'''
    from grace_tui.kernel import Kernel

    class Saying(Kernel):
        held = False

        async def run(self):
            async for message in self.subscribe("told.*"):
                self.held = True

        def summary(self):
            while self.held: pass
            return "calm"
"""


def stalls(thread: RoomThread) -> list[str]:
    """What is shown from now on as holding the loop."""
    shown: list[str] = []

    def note() -> None:
        view = thread.hub.latest()
        if view is not None and view.stall:
            shown.append(view.stall)

    thread.hub.listen(note)
    return shown


def incidents(thread: RoomThread, kernel: str) -> list[IncidentRecord]:
    assert thread.room is not None
    return [record for record in thread.room.parts.book.all() if record.kernel == kernel]


def audited(thread: RoomThread, action: str) -> list[Mapping[str, Any]]:
    assert thread.room is not None
    entries = thread.room.parts.audit.tail(1000)
    return [entry.record for entry in entries if entry.record["action"] == action]


def restarted(view: RoomView, name: str, times: int) -> bool:
    kernel = kernel_of(view, name)
    return kernel.state == "running" and kernel.restarts == times and not view.stall


def test_a_kernel_that_spins_is_shown_broken_off_and_restarted(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    told(tmp_path, SPIN)
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        shown = stalls(thread)
        tell(thread)
        view = wait_for(thread, lambda view: restarted(view, "told", 1) and has_incident(view, "told"))
        line = next(number for number, text in enumerate(source(tmp_path), 1) if SPIN in text)
        assert shown[0].startswith(f"told holds the loop at kernels/told.py:{line} in Told.run, 0.")
        assert (kernel_of(view, "told").blocks, kernel_of(view, "calm").restarts) == (1, 0)
        ended = kernel_of(view, "told").last_exit
        assert ended is not None
        assert ended.phase == "block"
        (found,) = incidents(thread, "told")
        assert (found.kind, found.phase, found.count) == ("LoopBlocked", "block", 1)
        assert found.signature.startswith("loopblocked-told-")
        (record,) = audited(thread, "loop.blocked")
        assert (record["resource"], record["place"]) == ("told", f"kernels/told.py:{line} in Told.run")
        assert thread.escaped == 0


def source(root: Path) -> list[str]:
    return (root / "kernels/told.py").read_text().splitlines()


def test_who_is_called_is_blamed_and_who_calls_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "helpful.py", HELPFUL)
    write(tmp_path, "asking.py", ASKING)
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        view = wait_for(thread, lambda view: kernel_of(view, "asking").summary and has_incident(view, "helpful"))
        assert kernel_of(view, "asking").summary == "asking called helpful, which is holding the loop"
        assert (kernel_of(view, "asking").restarts, has_incident(view, "asking")) == (0, False)


def test_a_summary_that_spins_costs_the_room_nothing(tmp_path: Path) -> None:
    calm(tmp_path, "calm")
    write(tmp_path, "saying.py", SAYING)
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        view = wait_for(thread, lambda view: has_incident(view, "saying"))
        assert kernel_of(view, "calm").restarts == 0
        assert thread.escaped == 0


def test_after_two_blocks_a_kernel_lives_in_a_process(tmp_path: Path) -> None:
    told(tmp_path, SPIN)
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 1)
        tell(thread)
        wait_for(thread, lambda view: restarted(view, "told", 1))
        tell(thread)
        view = wait_for(thread, lambda view: restarted(view, "told", 2))
        moved = kernel_of(view, "told")
        assert moved.isolation == "process"
        assert moved.moved.startswith("2 blocks of the loop within 600 s, last at kernels/told.py:")
        (record,) = audited(thread, "kernel.move")
        assert record["reason"] == moved.moved
        assert any(what == "moved to a process of its own" for _, _, what in incidents(thread, "told")[0].timeline)
    with on_thread(tmp_path) as thread:
        view = wait_for(thread, lambda view: view.running == 1)
        assert kernel_of(view, "told").isolation == "process", "the next room knows"


@pytest.mark.parametrize("by", ["its spec", "the settings"])
def test_a_kernel_that_cannot_be_moved_is_quarantined(tmp_path: Path, by: str) -> None:
    calm(tmp_path, "calm")
    told(tmp_path, SPIN)
    settings = QUICK
    if by == "the settings":
        settings = msgspec.structs.replace(QUICK, kernels={"told": KernelSettings(isolation="task")})
    else:
        path = tmp_path / "kernels/told.py"
        text = path.read_text().replace("import Kernel\n", "import Kernel, KernelSpec\n")
        path.write_text(text.replace("(Kernel):\n", "(Kernel):\n    spec = KernelSpec(task_only='it draws')\n"))
    with on_thread(tmp_path, settings) as thread:
        wait_for(thread, lambda view: view.running == 2)
        tell(thread)
        wait_for(thread, lambda view: restarted(view, "told", 1))
        tell(thread)
        view = wait_for(thread, lambda view: kernel_of(view, "told").state == "quarantined")
        assert "it cannot be moved to a process: " in kernel_of(view, "told").detail
        assert kernel_of(view, "calm").restarts == 0


@contextmanager
def holding(hold: Callable[[Any], None]) -> Iterator[None]:
    """Let a kernel call `hold`, by a module that only this process has."""
    module = types.ModuleType("grace_test_hold")
    module.__dict__["hold"] = hold
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        del sys.modules[module.__name__]


def test_a_loop_that_is_held_for_good_is_given_up(tmp_path: Path) -> None:
    """Its kernels start again on a fresh one; whatever it was told is answered, and nothing of it writes any more."""
    calm(tmp_path, "calm")
    let_go, ended, wrote = threading.Event(), threading.Event(), list[str]()
    told(tmp_path, "__import__('grace_test_hold').hold(self)")
    settings = msgspec.structs.replace(
        QUICK, supervisor=msgspec.structs.replace(QUICK.supervisor, abandon_after=1.0, stall_ms=100)
    )

    def hold(kernel: Any) -> None:
        let_go.wait(PATIENCE)
        acts: tuple[Callable[[], object], ...] = (
            lambda: kernel.context.audit.append({"actor": "ghost", "action": "ghost"}),
            lambda: kernel.context.keep_state({"total": 1}),
            lambda: kernel.context.incidents.report("told", "Ghost", "boo", by="ghost"),
            lambda: kernel.log.info("boo"),
        )
        for act in acts:
            try:
                act()
            except Exception as error:
                wrote.append(type(error).__name__)
        ended.set()

    with holding(hold), on_thread(tmp_path, settings) as thread:
        wait_for(thread, lambda view: view.running == 2)
        old = thread.room
        assert old is not None
        opened = old.up_since
        tell(thread)
        wait_for(thread, lambda view: view.stall)
        shown = asyncio.run(thread.ask("status", {}))
        assert shown["data"]["stall"].startswith("told holds the loop at kernels/told.py:"), "told while it is held"
        waiting = thread.submit("kernel.list", {}, by="tester")
        answer = waiting.result(PATIENCE)
        assert not answer["ok"]
        assert answer["text"].startswith("the loop was given up: told held it at kernels/told.py:")
        view = wait_for(thread, lambda view: view.running == 2 and thread.room not in (None, old))
        assert thread.room is not None
        assert (thread.room.up_since, view.uptime > 1.0) == (opened, True), "the room has been open all the while"
        assert kernel_of(view, "told").isolation == "process"
        assert "it held the loop for" in kernel_of(view, "told").moved
        wait_for(thread, lambda view: has_incident(view, "told"))
        assert [record["resource"] for record in audited(thread, "loop.abandoned")] == ["told"]
        assert thread.room is not None
        assert thread.room.parts.audit.verify().ok
        let_go.set()
        assert ended.wait(PATIENCE)
        assert wrote == ["LoopAbandoned"] * 3
        assert audited(thread, "ghost") == []
        assert thread.room.parts.audit.verify().ok
        answer = thread.submit("kernel.list", {}, by="tester").result(PATIENCE)
        assert answer["ok"]
