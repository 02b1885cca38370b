import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from grace_tui.kernel import Denied, GraceError, IncidentChanged, IncidentRecord, NotReady
from grace_tui.kernel.testing import running
from kernels.memory_fusion import MemoryFusion, Store
from kernels.message_bus import MessageBus

pytestmark = pytest.mark.anyio

KINDS = (MessageBus, MemoryFusion)


async def test_what_was_remembered_is_recalled_the_best_match_first(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.remember("the librarian indexes files")
        await memory.remember("disk full: the audit log could not be written to disk", tags=["disk"])
        await memory.remember("disk replaced")
        found = await memory.recall("audit disk")
        assert [entry.text.split(":")[0] for entry in found] == ["disk full", "disk replaced"]
        assert found[0].score > found[1].score


async def test_inflected_words_and_names_with_underscores_are_found(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.remember("cannot import name async_session; exporting it helped")
        for query in ("exported", "async_session", "SESSION", "how did I export that?"):
            assert len(await memory.recall(query)) == 1, query


@pytest.mark.parametrize("query", ["", "   ", '"', "NOT", "a AND", "text:*", "(", "-x", "NEAR(a b)"])
async def test_no_query_is_a_syntax_error(tmp_path: Path, query: str) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.remember("something")
        assert await memory.recall(query) == ()


async def test_the_same_text_is_kept_once_and_counted(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        first = await memory.remember("again", kind="note")
        assert await memory.remember("again", kind="note") == first
        assert await memory.remember("again", kind="decision") != first
        assert [entry.seen for entry in await memory.recall("again", kind="note")] == [2]
        assert await memory.size() == 2


async def test_a_forgotten_memory_is_not_recalled(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        key = await memory.remember("gone tomorrow")
        assert await memory.forget(key)
        assert not await memory.forget(key)
        assert await memory.recall("tomorrow") == ()
        assert memory.summary() == "0 memories"


async def test_memories_survive_a_restart(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        await bench.get(MemoryFusion).remember("kept", source="test", tags=["a", "b"])
    async with running(*KINDS, workspace=tmp_path) as bench:
        [found] = await bench.get(MemoryFusion).recall("kept")
        assert (found.source, found.tags) == ("test", ("a", "b"))


async def test_memories_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / ".grace" / "memory.db"
    path.parent.mkdir()
    assert remember_and_die(path) == -9
    async with running(*KINDS, workspace=tmp_path) as bench:
        assert len(await bench.get(MemoryFusion).recall("before the kill")) == 1


async def test_a_text_changed_behind_its_back_is_withheld_and_shown(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.remember("the answer is 42")
        with sqlite3.connect(tmp_path / ".grace" / "memory.db") as other:
            other.execute("UPDATE memories SET text = 'the answer is 41'")
        other.close()
        assert await memory.recall("answer") == ()
        assert memory.summary() == "1 memories, 1 damaged"


async def test_a_file_that_is_no_database_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / ".grace" / "memory.db"
    path.parent.mkdir()
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(GraceError, match=r"memory\.db: cannot be used as a memory"):
        async with running(*KINDS, workspace=tmp_path):
            pass
    assert path.read_bytes() == b"nothing of the kind" * 100


@pytest.mark.parametrize(
    ("text", "kind", "tags", "message"),
    [
        ("", "note", [], "0 characters"),
        ("  ", "note", [], "not all blank"),
        ("x" * 100_001, "note", [], "100001 characters"),
        ("x", "", [], "needs a kind"),
        ("x", "note", [str(n) for n in range(21)], "21 tags"),
    ],
)
async def test_bad_input_is_refused(tmp_path: Path, text: str, kind: str, tags: list[str], message: str) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        with pytest.raises(GraceError, match=message):
            await bench.get(MemoryFusion).remember(text, kind=kind, tags=tags)


async def test_resolved_incidents_are_remembered_those_from_before_the_start_as_well(tmp_path: Path) -> None:
    async with running(MessageBus, workspace=tmp_path) as bench:
        bench.incidents.add(incident("I1", "append() got an unexpected keyword argument"))
        bench.incidents.add(incident("I2", "cannot import name", state="open"))
        memory = await bench.start(MemoryFusion)
        while await memory.size() < 1:
            await bench.clock.sleep(0.002)
        bench.incidents.move("I2", "resolved", "the export was added", by="coding_agent")
        bench.bus.publish("incident.changed", IncidentChanged("I2", "resolved", "added"), source="room")
        while await memory.size() < 2:
            await bench.clock.sleep(0.002)
        [found] = await memory.recall("import name")
        assert (found.kind, found.source) == ("incident", "I2")
        assert "ended by coding_agent: resolved: the export was added" in found.text
        await bench.stop(MemoryFusion)
        again = await bench.start(MemoryFusion)
        assert [entry.seen for entry in await again.recall("coding_agent")] == [1, 1]


async def test_a_schema_change_waits_for_the_approval_that_governance_asks_for(tmp_path: Path) -> None:
    class Governance:
        async def decide(self, actor: str, action: str, resource: str) -> "Word":
            return Word("needs_approval")

        async def request_approval(self, actor: str, action: str, resource: str, **told: object) -> str:
            return "A7"

    async with running(*KINDS, workspace=tmp_path, providers={"governance": Governance()}) as bench:
        memory = bench.get(MemoryFusion)
        with pytest.raises(Denied, match="waits for approval A7"):
            await memory.remember("add a column", kind="schema", source="memories")
        assert await memory.size() == 0


async def test_a_schema_change_goes_on_without_governance_and_says_so(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        await bench.get(MemoryFusion).remember("add a column", kind="schema", source="memories")
        assert "not put to governance" in bench.logs["memory_fusion"].lines[-1]


@pytest.mark.in_task("replaces code while the kernel runs")
async def test_the_probe_leaves_no_memory_and_fails_when_nothing_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.probe()
        assert await memory.size() == 0
        monkeypatch.setattr(Store, "recall", lambda *told: ([], []))
        with pytest.raises(NotReady, match="not recalled"):
            await memory.probe()


def remember_and_die(path: Path) -> int:
    program = (
        "import os, signal, sys; from pathlib import Path; from kernels.memory_fusion import Store\n"
        "Store(Path(sys.argv[1])).remember('written before the kill', 'note', '', '', 1.0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", program, path], env=environment, check=False, timeout=30).returncode


@dataclass(frozen=True)
class Word:
    decision: str
    reason: str = "because"
    policies: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.decision == "allow"


def incident(key: str, message: str, state: str = "resolved") -> IncidentRecord:
    return IncidentRecord(
        id=key,
        kernel="coding_agent",
        phase="start",
        kind="TypeError",
        message=message,
        title=f"coding_agent: {message}",
        signature=f"s-{key}",
        coarse="c",
        state=state,  # type: ignore[arg-type]
        opened_at=1.0,
        last_at=1.0,
        count=1,
        timeline=((1.0, "room", "opened"),),
    )


async def test_a_lost_index_of_words_is_made_anew_from_the_memories(tmp_path: Path) -> None:
    async with running(*KINDS, workspace=tmp_path) as bench:
        memory = bench.get(MemoryFusion)
        await memory.remember("the heron stands still")
        with closing(sqlite3.connect(tmp_path / ".grace" / "memory.db")) as other, other:
            other.execute("INSERT INTO words(words) VALUES ('delete-all')")
        assert await memory.recall("heron") == ()
        assert await memory.rebuild_index() == "indexed the words of 1 memories again"
        assert [found.text for found in await memory.recall("heron")] == ["the heron stands still"]
        assert "store" in await memory.clear_caches()
