"""What a kernel is doing is written down with its incident's evidence, whichever host it lives in."""

from pathlib import Path

import pytest

from grace_tui.healing.playbooks.actions import ActionFailed
from grace_tui.settings import load_settings
from tests.room.actions.acting import Actor, acting
from tests.room.bench import calm, write

WAITER = '''
    """Waits in two places, and works in a thread."""

    import asyncio
    import threading
    import anyio.to_thread
    from grace_tui.kernel import Kernel, KernelSpec

    class Waiter(Kernel):
        spec = KernelSpec({spec})

        async def start(self):
            self.over = threading.Event()

        async def run(self):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.beside)
                tasks.start_soon(self.in_a_task)

        async def beside(self):
            await anyio.to_thread.run_sync(self.in_a_thread, abandon_on_cancel=True)

        async def in_a_task(self):
            await asyncio.Event().wait()  # here it waits

        def in_a_thread(self):
            self.over.wait()  # and here

        async def stop(self):
            self.over.set()
'''
HELD = '''
    """Holds its own loop."""

    import time
    from grace_tui.kernel import Kernel, KernelSpec

    class Held(Kernel):
        spec = KernelSpec(isolation="process", stop_timeout=0.1)

        async def run(self):
            async for _ in self.subscribe("hold.on"):
                (self.context.workspace.root / "holding").touch()
                self.hold()

        def hold(self):
            while True:
                time.sleep(0.01)
'''


def dump(root: Path, actor: Actor) -> str:
    [path] = (root / "logs" / "incidents" / actor.incident_of_call.id).glob("stack.*.txt")
    return path.read_text()


async def test_tasks_and_threads_of_a_kernel_are_told(tmp_path: Path) -> None:
    write(tmp_path, "waiter.py", WAITER.format(spec=""))
    async with acting(tmp_path, kernel="waiter") as actor:
        await actor.running("waiter")
        done = await actor.do("stack_dump")
        text = dump(tmp_path, actor)
        assert text.startswith("waiter is running (task), ")
        assert "await asyncio.Event().wait()  # here it waits" in text
        assert "self.over.wait()  # and here" in text
        assert text.index("in_a_thread") < text.index("self.over.wait()")
        assert "; kept as stack.waiter." in done.text
        record = actor.room.parts.book.get(actor.incident_of_call.id)
        assert record is not None
        assert record.action.startswith("looked where waiter stands: it stands at ")


async def test_process_is_asked_where_its_tasks_wait(tmp_path: Path) -> None:
    write(tmp_path, "waiter.py", WAITER.format(spec="isolation='process'"))
    async with acting(tmp_path, kernel="waiter") as actor:
        await actor.running("waiter")
        await actor.do("stack_dump")
        assert "await asyncio.Event().wait()  # here it waits" in dump(tmp_path, actor)


async def test_process_that_does_not_answer_prints_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grace_tui.room.actions import stacks

    monkeypatch.setattr(stacks, "ANSWER_SECONDS", 0.2)
    write(tmp_path, "held.py", HELD)
    async with acting(tmp_path, kernel="held") as actor:
        await actor.running("held")
        actor.room.parts.bus.publish("hold.on", 1, source="tester")
        await actor.until(lambda view: (tmp_path / "holding").exists())
        await actor.do("stack_dump")
        text = dump(tmp_path, actor)
        assert "in hold" in text
        assert "it did not answer within 0.2 s" in text


async def test_processes_of_a_program_are_told_without_its_secrets(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "grace.toml").write_text(
        '[kernels.web]\ncommand = ["sh", "-c", "sleep 1000 & wait", "--password", "hunter22"]\nstop_timeout = 1.0\n'
    )
    async with acting(tmp_path, load_settings(tmp_path / "grace.toml"), kernel="web") as actor:
        await actor.running("web")
        await actor.do("stack_dump")
        text = dump(tmp_path, actor)
        assert "sleep: sleeping, 1 threads" in text
        assert "hunter22" not in text


async def test_kernel_that_is_down_and_incident_without_evidence_are_told(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with acting(tmp_path) as actor:
        await actor.running("one")
        await actor.do("stop")
        assert (await actor.do("stack_dump")).text.startswith("no task of it is alive; kept as ")
        actor.room.parts.evidence.remove(actor.incident_of_call.id)
        with pytest.raises(ActionFailed, match="has no evidence to keep it with; no task of it is alive"):
            await actor.do("stack_dump")
