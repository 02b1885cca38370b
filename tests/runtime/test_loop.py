"""The supervisor's loop goes on, whatever a task in it raises."""

import asyncio
import socket
import threading
from queue import Queue

import anyio
import anyio.abc
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


def test_a_loop_that_is_given_up_ends_its_tasks_when_it_is_free() -> None:
    let_go, ended = threading.Event(), list[str]()
    held = threading.Event()

    async def wait() -> None:
        try:
            await go_on.wait()
            ended.append("went on")
        finally:
            ended.append("ended")

    async def main() -> None:
        left.append(asyncio.ensure_future(wait()))
        await asyncio.sleep(0)
        go_on.set()  # it is ready for its next step
        held.set()
        let_go.wait(10)
        await asyncio.Event().wait()

    left: list[asyncio.Future[None]] = []
    go_on = asyncio.Event()
    thread = LoopThread(main)
    thread.start()
    assert held.wait(10)
    thread.abandon()
    let_go.set()
    thread.join(10)
    assert not thread.is_alive()
    assert ended == ["ended"]
    assert (thread.loop.is_closed(), thread.error) == (True, None)


def test_the_port_of_a_loop_that_is_given_up_is_free_at_once() -> None:
    ports: Queue[int] = Queue()
    let_go = threading.Event()

    async def main() -> None:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        async with server:
            ports.put(server.sockets[0].getsockname()[1])
            await asyncio.sleep(0)
            let_go.wait(10)
            await asyncio.Event().wait()

    thread = LoopThread(main)
    thread.start()
    port = ports.get(timeout=10)
    thread.abandon()
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port
    let_go.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_posted_act_starts_tasks_whichever_libraries_are_installed() -> None:
    reached: list[str] = []
    ready = threading.Event()
    groups: list[anyio.abc.TaskGroup] = []

    async def main() -> None:
        async with anyio.create_task_group() as group:
            groups.append(group)
            ready.set()
            await done.wait()

    async def reach() -> None:
        reached.append("a task")
        done.set()

    done = asyncio.Event()
    thread = LoopThread(main)
    thread.start()
    assert ready.wait(10)
    assert thread.post(lambda: groups[0].start_soon(reach))
    thread.join(10)
    assert reached == ["a task"]
