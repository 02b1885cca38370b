"""The files of an incident's evidence are listed and read, and nothing else is."""

from pathlib import Path

from grace_tui.room.commands_evidence import READ_LIMIT
from tests.room.bench import Bench, opened, write

BROKEN = '''
    """Cannot start."""

    from grace_tui.kernel import Kernel

    class Broken(Kernel):
        async def start(self):
            raise RuntimeError("the disk is not there")
'''


async def bundle(bench: Bench, root: Path) -> tuple[str, Path]:
    """Id of the incident, and the folder of its evidence once it is written."""
    view = await bench.until(lambda view: bool(view.incidents and view.incidents[0].bundle))
    return view.incidents[0].id, root / view.incidents[0].bundle


async def test_the_files_are_listed_and_each_can_be_read(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", BROKEN)
    async with opened(tmp_path) as bench:
        incident, folder = await bundle(bench, tmp_path)
        listed = await bench.answer("incident.evidence", id=incident)
        there = [file for file in listed["data"]["files"] if not (file.get("missing") or file.get("follows"))]
        assert {file["name"] for file in there} <= {path.name for path in folder.iterdir()}
        assert {"traceback.txt", "locals.json", "provider.json", "kernel.log"} <= {file["name"] for file in there}
        assert "traceback.txt       the failure, with the workspace's sources" in listed["text"]
        told = await bench.answer("incident.evidence", id=incident, file="traceback.txt")
        assert "RuntimeError: the disk is not there" in told["text"]


async def test_nothing_outside_of_the_bundle_is_read(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", BROKEN)
    (tmp_path / "secret.txt").write_text("hunter2")
    async with opened(tmp_path) as bench:
        incident, folder = await bundle(bench, tmp_path)
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        for name in ("../../../secret.txt", str(tmp_path / "secret.txt"), "link.txt", "nothing.txt"):
            told = await bench.answer("incident.evidence", id=incident, file=name)
            assert not told["ok"]
            assert "hunter2" not in told["text"]
            assert "traceback.txt" in told["text"]


async def test_a_file_that_somebody_let_grow_is_told_in_part(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", BROKEN)
    async with opened(tmp_path) as bench:
        incident, folder = await bundle(bench, tmp_path)
        (folder / "notes.txt").write_text("x" * (READ_LIMIT + 5))
        told = await bench.answer("incident.evidence", id=incident, file="notes.txt")
        assert told["text"].endswith("… the rest was left out\n")


async def test_evidence_that_is_gone_is_told(tmp_path: Path) -> None:
    write(tmp_path, "broken.py", BROKEN)
    async with opened(tmp_path) as bench:
        incident, folder = await bundle(bench, tmp_path)
        folder.rename(folder.with_name("elsewhere"))
        told = await bench.answer("incident.evidence", id=incident)
        assert (told["ok"], "was deleted" in told["text"]) == (False, True)
        assert not (await bench.answer("incident.evidence", id="I-0"))["ok"]
