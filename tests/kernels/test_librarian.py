import os
from pathlib import Path

import pytest

from grace_tui.kernel import FilesChanged, GraceError, NotReady
from grace_tui.kernel.testing import running
from kernels.librarian import Librarian, Library, chunked
from kernels.message_bus import MessageBus

pytestmark = pytest.mark.anyio

KINDS = (MessageBus, Librarian)

CODE = '''"""Pulse: counts ticks."""


class Pulse:
    def begin(self):
        self.total = 0

    def tick(self):
        self.total += 1
'''


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "pulse.py").write_text(CODE)
    (tmp_path / "README.md").write_text("# Room\n\nHello.\n\n## Restarting\n\nPress r to restart a kernel.\n")
    return tmp_path


async def test_a_question_leads_to_the_file_and_the_line(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        librarian = bench.get(Librarian)
        [hit] = await librarian.search("restart a kernel", limit=1)
        assert (hit.path, hit.line) == ("README.md", 7)
        hits = await librarian.search("def tick")
        assert (hits[0].path, hits[0].line) == ("kernels/pulse.py", 8)


async def test_a_file_is_found_by_its_name(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        assert (await bench.get(Librarian).search("pulse"))[0].path == "kernels/pulse.py"


async def test_the_summary_counts_what_is_indexed(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        chunks = len(list(chunked(CODE))) + 2
        assert bench.get(Librarian).summary() == f"{chunks} chunks, 2 files"


async def test_only_changed_content_is_read_again(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        librarian = bench.get(Librarian)
        assert (await librarian.index()).read == 0
        (workspace / "README.md").touch()
        assert (await librarian.index()).read == 0
        (workspace / "README.md").write_text("# Room\n\nGoodbye.\n")
        assert (await librarian.index()).read == 1
        assert await librarian.search("hello") == ()
        assert (await librarian.search("goodbye"))[0].line == 3


async def test_a_removed_file_is_no_longer_found(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        (workspace / "kernels" / "pulse.py").unlink()
        indexed = await bench.get(Librarian).index()
        assert (indexed.files, indexed.removed) == (1, 1)
        assert await bench.get(Librarian).search("pulse") == ()


async def test_the_index_survives_a_restart(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace):
        pass
    async with running(*KINDS, workspace=workspace) as bench:
        librarian = bench.get(Librarian)
        assert librarian.indexed.read == 0
        assert await librarian.search("pulse")


async def test_a_saved_file_is_indexed_when_the_room_says_so(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        (workspace / "runbooks").mkdir()
        (workspace / "runbooks" / "disk.md").write_text("# Disk full\n\nDelete old segments.\n")
        bench.bus.publish("files.changed", FilesChanged(("runbooks/disk.md",)), source="room")
        librarian = bench.get(Librarian)
        while librarian.indexed.files < 3:
            await bench.clock.sleep(0.002)
        assert (await librarian.search("old segments"))[0].path == "runbooks/disk.md"


async def test_what_is_outside_hidden_or_no_text_is_left_out(
    workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "private.py"
    outside.write_text("private = 'elsewhere'\n")
    (workspace / "kernels" / "link.py").symlink_to(outside)
    (workspace / ".grace").mkdir()
    (workspace / ".grace" / "notes.md").write_text("elsewhere\n")
    (workspace / "kernels" / "binary.py").write_bytes(b"\xff\xfe\x00elsewhere")
    async with running(*KINDS, workspace=workspace) as bench:
        librarian = bench.get(Librarian)
        assert await librarian.search("elsewhere") == ()
        assert librarian.indexed.skipped == ("kernels/binary.py",)
        assert librarian.summary().endswith("1 skipped")


async def test_a_secret_in_a_file_is_not_stored(workspace: Path) -> None:
    (workspace / "grace.toml").write_text('[kernels.api_server]\ntoken = "hunter2-hunter2"\n')
    async with running(*KINDS, workspace=workspace) as bench:
        assert "[redacted]" in (await bench.get(Librarian).search("token"))[0].text
    stored = b"".join(path.read_bytes() for path in (workspace / ".grace").glob("library.db*"))
    assert b"hunter2" not in stored


async def test_a_damaged_index_is_made_anew(workspace: Path) -> None:
    (workspace / ".grace").mkdir()
    (workspace / ".grace" / "library.db").write_bytes(b"nothing of the kind" * 100)
    async with running(*KINDS, workspace=workspace) as bench:
        assert bench.get(Librarian).indexed.read == 2


@pytest.mark.parametrize("query", ["", "***", '"', "NOT", "path:x", "(", "a AND"])
async def test_no_query_is_a_syntax_error(workspace: Path, query: str) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        assert isinstance(await bench.get(Librarian).search(query), tuple)


async def test_a_limit_below_one_is_refused(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        with pytest.raises(GraceError, match="limit is 0"):
            await bench.get(Librarian).search("pulse", limit=0)


async def test_an_empty_workspace_has_nothing_to_find_and_is_ready(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        assert bench.get(Librarian).summary() == "0 chunks, 0 files"


async def test_the_probe_fails_when_nothing_is_found(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "search", lambda *told: [])
    with pytest.raises(NotReady, match="not found by its word"):
        async with running(*KINDS, workspace=workspace):
            pass


def test_chunks_join_to_the_whole_text_and_start_where_they_say() -> None:
    text = CODE + "\n".join(f"line {number}" for number in range(200))
    lines = text.splitlines()
    for start, chunk in chunked(text):
        assert chunk.splitlines() == lines[start - 1 : start - 1 + len(chunk.splitlines())]
    assert os.linesep.join(chunk for _, chunk in chunked(text)).split() == text.split()


def test_a_definition_keeps_its_decorators() -> None:
    chunks = [chunk for _, chunk in chunked("import x\n@a\n@b\ndef f():\n    pass\n")]
    assert chunks == ["import x", "@a\n@b\ndef f():\n    pass"]


async def test_a_damaged_index_is_made_anew_while_it_runs(workspace: Path) -> None:
    async with running(*KINDS, workspace=workspace) as bench:
        librarian, path = bench.get(Librarian), workspace / ".grace" / "library.db"
        path.write_bytes(b"no database")
        assert await librarian.rebuild_index() == f"read 2 files again, {len(list(chunked(CODE))) + 2} chunks"
        assert (await librarian.search("pulse"))[0].path == "kernels/pulse.py"
        assert "index" in await librarian.clear_caches()
        assert (await librarian.search("pulse"))[0].path == "kernels/pulse.py"
