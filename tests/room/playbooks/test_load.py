"""Drills: what the room does when queues grow, calls take long, or a kernel shows no sign of life."""

from pathlib import Path

from grace_tui.room.replicas import members
from grace_tui.settings import load_settings
from tests.room.bench import calm, write
from tests.room.playbooks.stage import back, done, failing, staged, succeeded

READER = '''
    """Writes down what it is told, unless there is a file `stuck` when it starts."""

    from grace_tui.kernel import Kernel

    class Reader(Kernel):
        async def start(self):
            self.box = self.subscribe("work.*")

        async def run(self):
            root = self.context.workspace.root
            if (root / "stuck").exists():
                async for _ in self.every(0.05):
                    pass
            async for message in self.box:
                with (root / "read").open("a") as file:
                    file.write(f"{message.payload} ")
'''
WEB = """
[kernels.web]
command = ["sh", "-c", "echo up && exec sleep {replica}000"]
ready = { log = "up" }
replicas = 2
stop_timeout = 1.0
"""


async def test_unclog_queue_restarts_a_reader_and_gives_its_messages_back(tmp_path: Path) -> None:
    (tmp_path / "stuck").touch()
    write(tmp_path, "reader.py", READER)
    async with staged(tmp_path) as stage:
        await stage.running("reader")
        for number in range(5):
            stage.room.parts.bus.publish("work.one", number, source="tester")
        (tmp_path / "stuck").unlink()
        run = await stage.play("unclog_queue", stage.report("reader", "QueueGrowth", depth=5))
        succeeded(run)
        assert done(run) == {"stack_dump": "done", "drain_queue": "done", "restart": "done", "replay_queue": "done"}
        read = tmp_path / "read"
        await stage.until(lambda view: read.exists() and len(read.read_text().split()) == 5)
        assert read.read_text().split() == ["0", "1", "2", "3", "4"]


async def test_unclog_queue_puts_the_messages_back_where_the_reader_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "stuck").touch()
    write(tmp_path, "reader.py", READER)
    async with staged(tmp_path) as stage:
        await stage.running("reader")
        for number in range(5):
            stage.room.parts.bus.publish("work.one", number, source="tester")
        incident = stage.report("reader", "QueueGrowth", depth=5)
        (tmp_path / "kernels" / "reader.py").unlink()
        run = await stage.play("unclog_queue", incident)
        assert run.state == "undone"
        assert done(run)["drain_queue"] == "undone"
        assert not list((tmp_path / ".grace" / "queues").glob("*"))


async def test_scale_workers_starts_one_more_until_the_incident_is_over(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "grace.toml").write_text(WEB, encoding="utf-8")
    async with staged(tmp_path, load_settings(tmp_path / "grace.toml")) as stage:
        await stage.running("web-1", "web-2")
        incident = stage.report("web-1", "QueueGrowth", depth=900)
        succeeded(await stage.play("scale_workers", incident))
        assert len(members(stage.room.settings, "web")) == 3
        await stage.second()
        assert len(members(stage.room.settings, "web")) == 3
        stage.room.parts.book.move(incident.id, "resolved", "the queue is short again", "trigger_mesh")
        await stage.second()
        assert len(members(stage.room.settings, "web")) == 2


async def test_restart_silent_restarts_a_kernel_that_shows_no_sign_of_life(tmp_path: Path) -> None:
    calm(tmp_path, "quiet")
    async with staged(tmp_path) as stage:
        await stage.running("quiet")
        before = stage.starts("quiet")
        run = await stage.play("restart_silent", stage.report("quiet", "HeartbeatGap"))
        succeeded(run)
        assert done(run) == {"stack_dump": "done", "restart": "done"}
        assert stage.starts("quiet") > before


async def test_isolate_slow_gives_a_kernel_a_process_of_its_own(tmp_path: Path) -> None:
    calm(tmp_path, "slow")
    async with staged(tmp_path) as stage:
        await stage.running("slow")
        succeeded(await stage.play("isolate_slow", stage.report("slow", "LatencySpike", rule="call_latency")))
        assert stage.room.supervisor.record("slow").isolation == "process"


async def test_second_chance_tries_again_what_was_given_up_because_of_others(tmp_path: Path) -> None:
    failing(tmp_path, "client", 'ConnectionRefusedError("nobody listens")')
    async with staged(tmp_path) as stage:
        incident = await stage.failed("client")
        back(tmp_path)
        succeeded(await stage.play("second_chance", incident))
        assert stage.state("client") == "running"
