"""The supervisor's loop goes on, whatever a task in it raises."""

import asyncio

import pytest

from grace_tui.runtime.loop import LoopThread


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=["SystemExit", "KeyboardInterrupt"])
def test_an_exit_in_a_child_task_does_not_end_the_loop(error: BaseException) -> None:
    reached: list[str] = []

    async def leave() -> None:
        raise error

    async def main() -> None:
        task = asyncio.ensure_future(leave())
        await asyncio.wait({task})
        assert task.exception() is error
        await asyncio.sleep(0)
        reached.append("the end")

    thread = LoopThread(main)
    thread.start()
    thread.join(10)
    assert (reached, thread.error, thread.escaped) == (["the end"], None, 1)


def test_the_error_of_the_main_coroutine_is_kept() -> None:
    async def main() -> None:
        raise ValueError("bad")

    thread = LoopThread(main)
    thread.start()
    thread.join(10)
    assert str(thread.error) == "bad"


def test_acts_are_posted_from_any_thread_until_the_loop_has_ended() -> None:
    async def main() -> None:
        await done.wait()

    done = asyncio.Event()
    thread = LoopThread(main)
    thread.start()
    assert thread.post(done.set)
    thread.join(10)
    assert not thread.is_alive()
    assert not thread.post(done.set)


def test_tasks_that_are_left_over_are_cancelled_also_if_one_exits_the_process() -> None:
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("lingerer")

    async def leave() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("leaver")
            raise SystemExit(1)

    async def main() -> None:
        left.extend([asyncio.ensure_future(leave()), asyncio.ensure_future(linger())])
        await asyncio.sleep(0)

    left: list[asyncio.Future[None]] = []
    thread = LoopThread(main)
    thread.start()
    thread.join(10)
    assert sorted(ended) == ["leaver", "lingerer"]
    assert isinstance(left[0].exception(), SystemExit)
    assert (thread.loop.is_closed(), thread.escaped) == (True, 1)
