"""With nobody up who heals, the core repairs a broken interface by itself, at its provider."""

from pathlib import Path

import msgspec

from grace_tui.settings.model import RepairSettings
from tests.room.bench import QUICK, opened, write

LOG = '''
    """Keeps rows."""

    from grace_tui.kernel import Kernel, KernelSpec


    class Log(Kernel):
        spec = KernelSpec(priority=2)

        async def start(self) -> None:
            self.rows: list[dict[str, object]] = []

        async def append(self, actor: str, action: str) -> int:
            """Keep one row."""
            row: dict[str, object] = {"actor": actor, "action": action}
            self.rows.append(row)
            return len(self.rows)
'''
AGENT = '''
    """Writes a row at start."""

    from grace_tui.kernel import Kernel, KernelSpec


    class Agent(Kernel):
        spec = KernelSpec(requires=("log",))

        async def start(self) -> None:
            await self.kernel("log").append(actor="agent", action="start", part="core")
'''


async def test_first_aid_repairs_the_provider_and_leaves_the_consumer(tmp_path: Path) -> None:
    provider, consumer = write(tmp_path, "log.py", LOG), write(tmp_path, "agent.py", AGENT)
    write(tmp_path, "__init__.py", '"""The kernels."""\n')
    before = consumer.read_bytes()
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: any(task.state == "learned" for task in view.tasks))
        (task,) = view.tasks
        assert (task.worker, task.operator, task.priority) == ("first_aid", "unexpected_keyword", 10)
        assert task.files == ("kernels/log.py",)
        assert task.provider.startswith("kernels/log.py") or "log" in task.provider
        await bench.running("log", "agent")
        shown = await bench.answer("task.show", id=task.id)
        assert "part" in shown["text"]
    assert '"part": part' in provider.read_text()
    assert consumer.read_bytes() == before


async def test_a_room_that_closes_while_a_patch_is_watched_takes_it_back_and_closes_quietly(tmp_path: Path) -> None:
    provider = write(tmp_path, "log.py", LOG)
    write(tmp_path, "agent.py", AGENT)
    write(tmp_path, "__init__.py", '"""The kernels."""\n')
    before = provider.read_bytes()
    async with opened(tmp_path, msgspec.structs.replace(QUICK, repair=RepairSettings(watch_window=60.0))) as bench:
        await bench.until(lambda view: any("watched for" in task.detail for task in view.tasks))
        assert provider.read_bytes() != before
    assert provider.read_bytes() == before
