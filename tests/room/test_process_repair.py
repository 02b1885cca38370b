"""A kernel in a process of its own fails, is repaired at its provider, and runs again, as one in a task is."""

from pathlib import Path

import pytest

from tests.room.bench import opened, write
from tests.room.test_first_aid import AGENT, LOG

APART = 'isolation="process", '


@pytest.mark.parametrize("apart", ["log", "agent", "both"])
async def test_what_fails_over_processes_is_repaired_at_its_provider(tmp_path: Path, apart: str) -> None:
    log = LOG.replace("KernelSpec(priority", f"KernelSpec({APART}priority") if apart != "agent" else LOG
    agent = AGENT.replace("KernelSpec(requires", f"KernelSpec({APART}requires") if apart != "log" else AGENT
    provider, consumer = write(tmp_path, "log.py", log), write(tmp_path, "agent.py", agent)
    write(tmp_path, "__init__.py", '"""The kernels."""\n')
    before = consumer.read_bytes()
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: any(task.state in ("learned", "failed", "undone") for task in view.tasks))
        (task,) = view.tasks
        assert (task.state, task.operator, task.files) == ("learned", "unexpected_keyword", ("kernels/log.py",)), task
        view = await bench.running("log", "agent")
        hosts = {kernel.name: kernel.isolation for kernel in view.kernels}
        assert (
            sorted(name for name, host in hosts.items() if host == "process")
            == {
                "log": ["log"],
                "agent": ["agent"],
                "both": ["agent", "log"],
            }[apart]
        )
        (incident,) = bench.room.parts.book.all()
        assert (incident.kernel, incident.kind, incident.provider) == ("agent", "TypeError", "kernels/log.py")
    assert '"part": part' in provider.read_text()
    assert consumer.read_bytes() == before
