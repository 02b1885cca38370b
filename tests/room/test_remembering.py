"""What a room says of a database that it cannot read, or cannot write."""

import json
from pathlib import Path

from grace_tui.healing.store import open_store
from tests.room.bench import calm, opened, write


def _log(root: Path) -> str:
    lines = (root / "logs/room.jsonl").read_text(encoding="utf-8").splitlines()
    return "\n".join(json.loads(line)["message"] for line in lines)


async def test_a_row_that_cannot_be_read_is_told_with_its_file_and_the_room_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck')")
    async with opened(tmp_path) as bench:
        found = await bench.incident("lame")
    store = open_store(tmp_path / ".grace/room.db")
    store.write("UPDATE incidents SET record = 'nonsense'")
    store.close()
    async with opened(tmp_path) as bench:
        view = await bench.until(lambda view: any("cannot be read" in text for text in view.warnings))
        (warning,) = view.warnings
        path = tmp_path / ".grace/room.db"
        assert warning.startswith(f"{path}: incident {found.id} cannot be read: JSON is malformed")
        assert f"{warning}; the row stays as it is" in _log(tmp_path)
        again = await bench.incident("lame")
        assert again.id != found.id
    store = open_store(tmp_path / ".grace/room.db")
    assert store.read("SELECT record FROM incidents WHERE id = ?", found.id) == [("nonsense",)]
    store.close()


async def test_a_file_that_is_no_database_is_put_aside_and_told(tmp_path: Path) -> None:
    calm(tmp_path, "one")
    (tmp_path / ".grace").mkdir()
    (tmp_path / ".grace/room.db").write_bytes(b"garbage" * 1_000)
    async with opened(tmp_path) as bench:
        view = await bench.running("one")
        assert any("was moved to room.db.corrupt-1" in text for text in view.warnings)
        assert "was moved to room.db.corrupt-1" in _log(tmp_path)


async def test_a_store_that_refuses_is_told_until_it_takes_again(tmp_path: Path) -> None:
    write(tmp_path, "lame.py", "raise RuntimeError('out of luck' + '.' * 3000)")
    async with opened(tmp_path) as bench:
        bench.room.parts.store.write("PRAGMA max_page_count = 1")
        bench.room.parts.book.report("lame", "DiskLow", "x" * 4_000, "tester", facts={"value": "y" * 100_000})
        text = "incidents are not remembered at the moment: database or disk is full"
        await bench.until(lambda view: text in view.warnings)
        bench.room.parts.store.write("PRAGMA max_page_count = 100000")
        await bench.until(lambda view: text not in view.warnings)
