"""Evidence: a whole bundle or none, taken when it happened, without a secret in it."""

import json
import linecache
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.incidents import evidence as module
from grace_tui.healing.incidents.book import IncidentBook
from grace_tui.healing.incidents.evidence import FILE_LIMIT, Evidence, Sources
from grace_tui.healing.store import open_store
from grace_tui.kernel.records import IncidentRecord
from grace_tui.kernel.testing import ManualClock
from tests.healing.incidents.workshop import failed, load, raised, story

FILES = {
    "failure.json", "traceback.txt", "kernel.log", "beats.json", "resources.json", "related.json", "changes.diff",
    "settings.json", "versions.json",
}  # fmt: skip


@dataclass
class Bench:
    root: Path
    sources: Sources
    opened: list[IncidentBook] = field(default_factory=list)

    def bundle_of(self, error: BaseException) -> tuple[IncidentRecord, Path]:
        """Record a failure, wait until its bundle is written, and return both."""
        store = open_store(self.root / ".grace/room.db")
        evidence = Evidence(self.root / "logs/incidents", self.root, self.sources)
        book = IncidentBook(store, ManualClock(), self.root, lambda event: None, evidence)
        record = book.record(failed(error))
        book.close()
        known = book.get(record.id)
        store.close()
        assert known is not None
        return known, self.root / "logs/incidents" / record.id


SOURCES = Sources(
    log_tail=lambda kernel: [f"{kernel}: line {number}" for number in range(3)],
    beats=lambda kernel: {"kernel": kernel, "ages": [0.5, 1.5]},
    settings=lambda: {"kernels": {"api_server": {"port": 8080, "token": "correct-horse-battery"}}},
    changes=lambda: "--- a/grace.toml\n+++ b/grace.toml\n+api_key = 'correct-horse-battery'\n",
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, SOURCES)


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_bundle_holds_everything_and_is_named_by_the_incident(bench: Bench) -> None:
    record, folder = bench.bundle_of(story(bench.root))
    assert record.bundle == f"logs/incidents/{record.id}"
    assert {file.name for file in folder.iterdir()} == FILES
    assert (folder / "kernel.log").read_text().startswith("coding_agent: line 0\n")
    assert loaded(folder / "beats.json") == {"kernel": "coding_agent", "ages": [0.5, 1.5]}
    assert loaded(folder / "failure.json")["callee"]["qualname"] == "ImmutableLog.append"
    assert loaded(folder / "resources.json")["process"]["rss_bytes"] > 1_000_000
    assert "msgspec" in loaded(folder / "versions.json")["packages"]
    assert len(record.timeline) == 1


def test_no_secret_reaches_a_bundle(bench: Bench) -> None:
    source = 'def go():\n    password = "correct-horse-battery"\n    raise ValueError(f"token={password}")\n'
    _, folder = bench.bundle_of(raised(load(bench.root, "kernels/leaky.py", source).go))
    texts = {file.name: file.read_text() for file in folder.iterdir()}
    assert [name for name, text in texts.items() if "correct-horse-battery" in text] == []
    assert loaded(folder / "settings.json")["kernels"]["api_server"] == {"port": 8080, "token": "[redacted]"}


def test_the_traceback_shows_the_projects_lines_as_they_were_when_it_failed(bench: Bench) -> None:
    source = "".join(f"# line {number}\n" for number in range(1, 10)) + "def go():\n    x = 1\n    x / 0\n    # after\n"
    module = load(bench.root, "kernels/a.py", source)
    error = raised(module.go)
    error.add_note("seen at dawn")
    linecache.getlines(str(bench.root / "kernels/a.py"))

    def repaired_meanwhile(kernel: str) -> list[str]:
        (bench.root / "kernels/a.py").write_text("# repaired\n" * 20)
        linecache.checkcache()
        return []

    bench.sources = replace(SOURCES, log_tail=repaired_meanwhile)
    _, folder = bench.bundle_of(error)
    text = (folder / "traceback.txt").read_text()
    assert "  >    12      x / 0\n" in text
    assert "        8  # line 8\n" in text
    assert 'File "kernels/a.py", line 12, in go' in text
    assert text.endswith("ZeroDivisionError: division by zero\nseen at dawn\n")
    assert "repaired" not in text


def test_the_traceback_shows_causes_before_what_they_caused(bench: Bench) -> None:
    source = """
def go():
    try:
        {}["a"]
    except KeyError as error:
        raise ValueError("b") from error
"""
    _, folder = bench.bundle_of(raised(load(bench.root, "kernels/a.py", source).go))
    text = (folder / "traceback.txt").read_text()
    assert (
        text.index("Before it:")
        < text.index("KeyError: 'a'")
        < text.index("The failure:")
        < text.index("ValueError: b")
    )


def test_a_syntax_error_is_shown_with_its_line(bench: Bench) -> None:
    bad = bench.root / "kernels/bad.py"
    bad.parent.mkdir()
    bad.write_text("def broken(:\n")
    _, folder = bench.bundle_of(raised(lambda: compile(bad.read_text(), str(bad), "exec")))
    text = (folder / "traceback.txt").read_text()
    assert 'File "kernels/bad.py", line 1' in text
    assert "def broken(:" in text


def test_a_source_that_fails_costs_its_part_and_is_told(bench: Bench) -> None:
    def broken(kernel: str) -> list[str]:
        raise KeyError(kernel)

    bench.sources = replace(SOURCES, log_tail=broken)
    record, folder = bench.bundle_of(ValueError("x"))
    assert {file.name for file in folder.iterdir()} == FILES
    assert record.bundle
    assert record.timeline[-1][1:] == ("evidence", "evidence without kernel.log (KeyError: 'coding_agent')")


def test_a_place_that_refuses_loses_the_bundle_but_never_the_incident(bench: Bench) -> None:
    (bench.root / "logs").write_text("a file where a folder should be")
    record, _ = bench.bundle_of(ValueError("x"))
    assert (record.state, record.bundle) == ("open", "")
    assert record.timeline[-1][2].startswith("no evidence kept: ")


def test_a_disk_that_fills_up_leaves_no_half_of_a_bundle(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    write = Path.write_bytes

    def into_full(path: Path, data: bytes) -> int:
        return write(full if path.name == "related.json" else path, data)

    monkeypatch.setattr(Path, "write_bytes", into_full)
    record, _ = bench.bundle_of(ValueError("x"))
    assert "No space left on device" in record.timeline[-1][2]
    assert list((bench.root / "logs/incidents").iterdir()) == []


def test_a_long_log_is_cut_at_the_limit(bench: Bench) -> None:
    bench.sources = replace(SOURCES, log_tail=lambda kernel: ["x" * 100_000] * 4)
    _, folder = bench.bundle_of(ValueError("x"))
    data = (folder / "kernel.log").read_bytes()
    assert len(data) < FILE_LIMIT + 100
    assert data.decode().endswith(f"{400_003 - FILE_LIMIT} more bytes were left out\n")


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[tuple[Evidence, threading.Event]]:
    """Evidence whose thread waits for the event."""
    free = threading.Event()

    def waits() -> str:
        free.wait(10)
        return ""

    evidence = Evidence(tmp_path / "logs", tmp_path, Sources(changes=waits))
    yield evidence, free
    free.set()
    evidence.close()


def test_a_storm_of_different_failures_is_not_collected_without_end(
    stuck: tuple[Evidence, threading.Event], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_LIMIT", 3)
    evidence, free = stuck
    store = open_store(tmp_path / "room.db")
    book = IncidentBook(store, ManualClock(), tmp_path, lambda event: None, evidence)
    records = [book.record(failed(ValueError(name))) for name in ("one", "two", "three", "four", "five")]
    refused = [record for record in records if "already waiting" in record.timeline[-1][2]]
    assert [record.message for record in refused] == ["four", "five"]
    free.set()
    book.close()
    assert sum(bool(record.bundle) for record in book.all()) == 3
    store.close()


def test_a_reopened_incident_keeps_its_first_bundle_and_gets_another(bench: Bench) -> None:
    first, folder = bench.bundle_of(ValueError("x"))
    before = (folder / "failure.json").read_bytes()
    store = open_store(bench.root / ".grace/room.db")
    book = IncidentBook(store, ManualClock(), bench.root, lambda event: None)
    book.move(first.id, "resolved", "fixed", "coding_agent")
    store.close()
    again, _ = bench.bundle_of(ValueError("x"))
    assert (again.id, again.state, again.bundle) == (first.id, "reopened", f"{first.bundle}/again-2")
    assert (folder / "failure.json").read_bytes() == before


def test_a_forgotten_incidents_bundle_is_deleted(bench: Bench) -> None:
    record, folder = bench.bundle_of(ValueError("x"))
    evidence = Evidence(bench.root / "logs/incidents", bench.root, SOURCES)
    evidence.remove(record.id)
    evidence.close()
    assert not folder.exists()


def test_measuring_and_writing_happen_in_another_thread(tmp_path: Path) -> None:
    threads: dict[str, str] = {}

    def noted(name: str, value: Any) -> Callable[..., Any]:
        def source(*kernel: str) -> Any:
            threads[name] = threading.current_thread().name
            return value

        return source

    sources = Sources(noted("log", []), noted("beats", {}), noted("settings", {}), noted("changes", ""))
    Bench(tmp_path, sources).bundle_of(ValueError("x"))
    own = threading.current_thread().name
    assert threads == {"log": own, "beats": own, "settings": own, "changes": "evidence_0"}
