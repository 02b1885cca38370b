"""A room on its own thread is asked from other loops, and no asker waits longer than its limit."""

import asyncio
import time
from pathlib import Path

import msgspec

from grace_tui.room.hub import ViewHub
from grace_tui.room.thread import RoomThread
from grace_tui.workspace import Workspace
from tests.room.bench import PATIENCE, QUICK, calm, on_thread, tell, told, wait_for

PATIENT = msgspec.structs.replace(QUICK, supervisor=msgspec.structs.replace(QUICK.supervisor, stall_ms=60_000))
"""The guard lets a kernel hold the loop."""


def test_a_question_from_another_loop_is_answered(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 1)
        answer = asyncio.run(thread.ask("kernel.list", {}))
        assert [kernel["name"] for kernel in answer["data"]["kernels"]] == ["one"]
        refused = asyncio.run(thread.ask("kernel.stop", {"name": "two"}))
        assert not refused["ok"]


def test_many_questions_at_once_are_all_answered(tmp_path: Path) -> None:
    calm(tmp_path, "one")

    async def ask_often(thread: RoomThread) -> list[object]:
        answers = await asyncio.gather(*(thread.ask("kernel.show", {"name": "one"}) for _ in range(50)))
        return [answer["ok"] for answer in answers]

    with on_thread(tmp_path) as thread:
        wait_for(thread, lambda view: view.running == 1)
        assert asyncio.run(ask_often(thread)) == [True] * 50


def test_a_blocked_loop_is_told_in_time_and_answers_again_later(tmp_path: Path) -> None:
    hold, let_go = tmp_path / "hold", tmp_path / "let_go"
    told(tmp_path, f"__import__('pathlib').Path({str(hold)!r}).touch(); self.hold({str(let_go)!r})")
    path = tmp_path / "kernels/told.py"
    path.write_text(
        path.read_text()
        + "\n    def hold(self, path):\n"
        + "        from pathlib import Path\n"
        + f"        until = time.monotonic() + {PATIENCE}\n"
        + "        while not Path(path).exists() and time.monotonic() < until:\n"
        + "            time.sleep(0.01)\n"
    )
    with on_thread(tmp_path, PATIENT, ask_seconds=0.1) as thread:
        wait_for(thread, lambda view: view.running == 1)
        tell(thread)
        deadline = time.monotonic() + PATIENCE
        while not hold.exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        began = time.monotonic()
        answer = asyncio.run(thread.ask("kernel.list", {}))
        assert time.monotonic() - began < PATIENCE / 2
        assert (answer["ok"], answer["text"]) == (
            False,
            "the supervisor has not answered kernel.list within 0.1 s",
        )
        assert asyncio.run(thread.ask("kernel.stop", {"name": "told"}))["ok"] is False
        thread.ask_seconds = 2 * PATIENCE
        thread.hub.stall("told holds the loop at told.py:9, 2.0 s", 2.0)
        early = asyncio.run(thread.ask("kernel.restart", {"name": "told"}))
        assert (early["ok"], early["text"]) == (
            False,
            "kernel.restart is not done: told holds the loop at told.py:9, 2.0 s",
        )
        assert asyncio.run(thread.ask("status", {}))["data"]["stall"] == "told holds the loop at told.py:9, 2.0 s"
        released = time.time()
        let_go.touch()
        wait_for(thread, lambda view: view.at > released)
        thread.ask_seconds = PATIENCE
        told_again = asyncio.run(thread.ask("audit.tail", {"lines": 100}))
        assert told_again["ok"]
        for verb in ("kernel.stop", "kernel.restart"):
            assert verb not in told_again["text"], "what its asker gave up was done all the same"


def test_a_room_that_is_not_open_says_so(tmp_path: Path) -> None:
    with on_thread(tmp_path) as opened:
        pass
    assert asyncio.run(opened.ask("status", {}))["text"] == "the room is not open"


def test_kernels_wait_for_the_first_screen(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    thread = RoomThread(Workspace(tmp_path), QUICK, ViewHub(), screen_first=True)
    thread.start()
    try:
        first = wait_for(thread, lambda view: view.total == 1)
        later = wait_for(thread, lambda view: view.sequence > first.sequence)
        assert later.running == 0
        thread.screen_is_up()
        wait_for(thread, lambda view: view.running == 1)
    finally:
        thread.stop()
        assert thread.join(PATIENCE)


def test_a_room_that_cannot_open_says_why(tmp_path: Path) -> None:
    (tmp_path / ".grace").write_text("in the way")
    thread = RoomThread(Workspace(tmp_path), QUICK, ViewHub())
    thread.start()
    assert thread.join(PATIENCE)
    assert ".grace" in str(thread.error)


def test_a_stop_that_comes_before_the_loop_turns_is_not_lost(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    thread = RoomThread(Workspace(tmp_path), QUICK, ViewHub(), screen_first=True)
    thread.stop()
    thread.start()
    assert thread.join(PATIENCE), "the room does not close"


def test_a_screen_that_is_up_before_the_loop_turns_lets_the_kernels_load(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    thread = RoomThread(Workspace(tmp_path), QUICK, ViewHub(), screen_first=True)
    thread.screen_is_up()
    thread.start()
    try:
        wait_for(thread, lambda view: view.running == 1)
    finally:
        thread.stop()
        assert thread.join(PATIENCE), "the room does not close"
