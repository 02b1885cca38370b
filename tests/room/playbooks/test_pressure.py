"""Drills: what the room does when memory, processors or the disk run short."""

import gzip
from pathlib import Path

from tests.room.bench import calm
from tests.room.playbooks.stage import back, done, failing, staged, succeeded


async def test_relieve_memory_holds_the_outer_kernels_until_there_is_room(tmp_path: Path) -> None:
    calm(tmp_path, "outer", spec="tier=3")
    calm(tmp_path, "inner", spec="tier=1")
    async with staged(tmp_path) as stage:
        await stage.running("outer", "inner")
        stage.host(memory_percent=95.0)
        run = await stage.play("relieve_memory", stage.report("room", "MemoryPressure", rule="memory_pressure"))
        succeeded(run)
        assert (stage.state("outer"), stage.state("inner")) == ("paused", "running")
        await stage.second()
        assert stage.state("outer") == "paused"
        stage.host(memory_percent=60.0)
        await stage.second()
        assert stage.state("outer") == "running"


async def test_relieve_memory_sheds_nothing_where_letting_go_of_caches_was_enough(tmp_path: Path) -> None:
    calm(tmp_path, "outer", spec="tier=3")
    async with staged(tmp_path) as stage:
        await stage.running("outer")
        stage.host(memory_percent=70.0)
        run = await stage.play("relieve_memory", stage.report("room", "MemoryPressure", rule="stalled_work"))
        assert done(run)["shed_load"] == "skipped"
        assert done(run)["clear_caches"] == "done"
        assert stage.state("outer") == "running"


async def test_relieve_cpu_holds_the_outer_kernels_until_the_processors_are_free(tmp_path: Path) -> None:
    calm(tmp_path, "outer", spec="tier=3")
    async with staged(tmp_path) as stage:
        await stage.running("outer")
        stage.host(cpu_percent=99.0)
        succeeded(await stage.play("relieve_cpu", stage.report("room", "CpuPressure")))
        assert stage.state("outer") == "paused"
        stage.host(cpu_percent=20.0)
        await stage.second()
        assert stage.state("outer") == "running"


async def test_free_disk_compresses_rotated_logs(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with staged(tmp_path) as stage:
        await stage.running("one")
        rotated = tmp_path / "logs" / "room.1.jsonl"
        rotated.write_text('{"message": "long ago"}\n' * 1000, encoding="utf-8")
        run = await stage.play("free_disk", stage.report("room", "DiskPressure"))
        succeeded(run)
        assert done(run) == {"archive_logs": "done", "hand_on": "pending"}
        assert not rotated.exists()
        (archive,) = (tmp_path / "logs" / "archive").glob("*.gz")
        assert gzip.decompress(archive.read_bytes()).count(b"long ago") == 1000


async def test_free_disk_asks_a_person_where_there_is_nothing_to_compress(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    async with staged(tmp_path) as stage:
        await stage.running("one")
        incident = stage.report("room", "DiskPressure")
        run = await stage.play("free_disk", incident)
        assert done(run) == {"archive_logs": "failed", "hand_on": "done"}
        after = stage.room.parts.book.get(incident.id)
        assert after is not None
        assert "no rotated log to compress" in str(after.timeline)


async def test_write_again_starts_a_kernel_that_could_not_write(tmp_path: Path) -> None:
    failing(tmp_path, "writer", 'OSError(28, "No space left on device")')
    async with staged(tmp_path) as stage:
        incident = await stage.failed("writer")
        rotated = tmp_path / "logs" / "room.1.jsonl"
        rotated.write_text("{}\n" * 1000, encoding="utf-8")
        back(tmp_path)
        succeeded(await stage.play("write_again", incident))
        assert stage.state("writer") == "running"
        assert not rotated.exists()
