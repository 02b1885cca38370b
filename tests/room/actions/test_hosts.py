"""A kernel is moved to a process of its own and back, and stays where it was where that does not work."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm, write

LONER = '''
    """Cannot live in a process."""

    import os
    from grace_tui.kernel import Kernel

    HOME = {pid}

    class Loner(Kernel):
        async def start(self):
            if os.getpid() != HOME:
                raise RuntimeError("not at home")
'''


def isolation(actor: Actor, name: str) -> str:
    return actor.room.supervisor.record(name).isolation


async def test_kernel_is_moved_to_a_process_and_back_again(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        moved = await actor.do("move_to_process")
        assert isolation(actor, "one") == "process"
        assert "moved by tester for I" in actor.room.supervisor.record("one").moved
        assert await actor.undo("move_to_process", moved) == "one runs in a task again"
        assert isolation(actor, "one") == "task"


async def test_move_back_is_taken_back_with_the_reason_of_the_first_move(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        actor.room.sources.move("one", "held the loop twice")
        await actor.do("restart")
        back = await actor.do("move_back")
        assert isolation(actor, "one") == "task"
        await actor.undo("move_back", back)
        assert actor.room.supervisor.record("one").moved == "held the loop twice"


async def test_kernel_that_does_not_start_in_a_process_is_taken_back(tmp_path: Path) -> None:
    import os

    write(tmp_path, "one.py", LONER.format(pid=os.getpid()))
    async with acting(tmp_path) as actor:
        await actor.running("one")
        with pytest.raises(ActionFailed, match="not at home"):
            await actor.do("move_to_process")
        await actor.do("wait_until", state="running")
        assert isolation(actor, "one") == "task"
        assert actor.room.sources.moves.reason("one") == ""


async def test_move_that_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    calm(tmp_path, "one", spec='task_only="it holds the room together"')
    async with acting(tmp_path) as actor:
        await actor.running("one")
        with pytest.raises(ActionFailed, match="one cannot be moved: it holds the room together"):
            await actor.do("move_to_process")
        with pytest.raises(ActionFailed, match="one was not moved to a process"):
            await actor.do("move_back")
