"""A kernel that is taken out is gone: its life ends, nobody sees it, and its name can be used again."""

import asyncio
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from grace_tui.kernel import GraceError
from tests.runtime.supervisor.bench import calm, supervising


async def test_kernel_is_taken_out_and_can_be_added_again(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    calm(tmp_path, "two")
    async with supervising(tmp_path) as bench:
        await bench.running("one", "two")
        lives = [task for task in asyncio.all_tasks() if task.get_name() == "life:one"]
        await bench.supervisor.remove("one", "too many")
        assert bench.states() == {"two": "running"}
        ended, _ = await asyncio.wait(lives, timeout=5)
        assert len(ended) == 1
        with pytest.raises(GraceError, match="there is no kernel 'one'"):
            bench.supervisor.stop("one")
        bench.supervisor.add("one", "kernels/one.py")
        await bench.running("one")


async def test_who_requires_a_kernel_that_is_gone_waits_for_one_of_its_name(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    calm(tmp_path, "two", "requires=('one',)")
    async with supervising(tmp_path) as bench:
        await bench.running("two")
        await bench.supervisor.remove("one", "too many")
        bench.supervisor.restart("two")
        with anyio.fail_after(5):
            while bench.supervisor.child("two").waits_for != ("one",):
                await bench.supervisor.child("two").moved.wait()
        bench.supervisor.add("one", "kernels/one.py")
        await bench.running("two")


async def test_closing_while_a_kernel_is_taken_out_ends_both(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    calm(tmp_path, "two", "requires=('one',)")
    async with supervising(tmp_path) as bench:
        await bench.running("two")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bench.supervisor.remove, "one", "too many")
            await bench.supervisor.stop_all()
        assert bench.states() == {"two": "stopped"}


async def test_kernel_that_is_started_while_it_is_taken_out_stays(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with supervising(tmp_path) as bench:
        await bench.running("one")
        removing = asyncio.ensure_future(bench.supervisor.remove("one", "too many"))
        await anyio.lowlevel.checkpoint()
        bench.supervisor.start("one")
        with pytest.raises(GraceError, match="it was to be stopped and taken out"):
            await removing
        await bench.running("one")
