"""Evidence: a whole bundle or none, taken when it happened, completed a moment later, without a secret in it."""

import linecache
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.incidents.evidence import collecting as module
from grace_tui.healing.incidents.evidence.bundle import Bundles
from grace_tui.healing.incidents.evidence.sources import LogTail, Sources
from tests.healing.incidents.evidence.places import SECRET, SOURCES, Desk, bundle_of, desk
from tests.healing.incidents.workshop import load, raised, story

FILES = {
    "failure.json", "traceback.txt", "provider.json", "locals.json", "kernel.log", "beats.json", "bus.json",
    "incident.json",
    "resources.json", "related.json", "settings.json", "versions.json", "changes.diff", "index.json",
}  # fmt: skip


def test_a_bundle_holds_everything_and_is_named_by_the_incident(tmp_path: Path) -> None:
    kept = bundle_of(tmp_path, story(tmp_path))
    assert kept.record.bundle == f"logs/incidents/{kept.record.id}"
    assert kept.names == FILES
    assert kept.text("kernel.log").startswith("coding_agent: line 0\n")
    assert kept.json("beats.json") == {"kernel": "coding_agent", "ages": [0.5, 1.5]}
    assert kept.json("incident.json")["signature"] == kept.record.signature
    assert kept.json("failure.json")["callee"]["qualname"] == "ImmutableLog.append"
    assert kept.json("provider.json")["file"] == "kernels/immutable_log.py"
    assert kept.json("locals.json")[0]["values"]["self"].startswith("CodingAgent(")
    assert kept.json("resources.json")["process"]["rss_bytes"] > 1_000_000
    assert kept.json("resources.json")["room"] == {"loop_lag_ms": 0.4}
    assert "msgspec" in kept.json("versions.json")["packages"]
    assert len(kept.record.timeline) == 1


def test_the_index_tells_each_part_its_size_and_why_one_is_not_there(tmp_path: Path) -> None:
    kept = bundle_of(tmp_path, ValueError("no frames"))
    parts = {part["name"]: part for part in kept.json("index.json")["parts"]}
    assert parts["traceback.txt"]["bytes"] == len(kept.text("traceback.txt"))
    assert all(part["says"] for part in parts.values())
    assert parts["locals.json"]["missing"] == "nothing was raised here"
    assert "not a git repository" in parts["changes.git.diff"]["missing"]
    assert kept.names | {"locals.json"} == FILES


def test_the_bus_is_told_with_the_kernels_own_mailboxes_and_the_busiest_topics(tmp_path: Path) -> None:
    told = bundle_of(tmp_path, ValueError("x")).json("bus.json")
    assert (told["published"], told["dropped"]) == (10, 1)
    assert told["waiting"] == {"all": 4, "coding_agent": 4}
    assert told["mailboxes"] == [{"pattern": "told.*", "waiting": 4, "capacity": 8, "dropped": 1}]
    assert (next(iter(told["topics"])), len(told["topics"]), told["other_topics"]) == ("topic.29", 20, 10)


def test_no_secret_reaches_a_bundle(tmp_path: Path) -> None:
    source = f'def go():\n    password = "{SECRET}"\n    raise ValueError(f"token={{password}}")\n'
    kept = bundle_of(tmp_path, raised(load(tmp_path, "kernels/leaky.py", source).go))
    assert [name for name in kept.names if SECRET in kept.text(name)] == []
    hidden = {"port": 8080, "token": "[redacted]", "api_keys": ["[redacted]"]}
    assert kept.json("settings.json")["kernels"]["api_server"] == hidden
    assert kept.json("locals.json")[0]["values"] == {"password": "[redacted]"}


def test_the_traceback_shows_the_projects_lines_as_they_were_when_it_failed(tmp_path: Path) -> None:
    source = "".join(f"# line {number}\n" for number in range(1, 10)) + "def go():\n    x = 1\n    x / 0\n    # after\n"
    error = raised(load(tmp_path, "kernels/a.py", source).go)
    error.add_note("seen at dawn")
    linecache.getlines(str(tmp_path / "kernels/a.py"))

    def repaired_meanwhile(kernel: str) -> LogTail:
        (tmp_path / "kernels/a.py").write_text("# repaired\n" * 20)
        linecache.checkcache()
        return LogTail()

    text = bundle_of(tmp_path, error, replace(SOURCES, log=repaired_meanwhile)).text("traceback.txt")
    assert "  >    12      x / 0\n" in text
    assert "        8  # line 8\n" in text
    assert 'File "kernels/a.py", line 12, in go' in text
    assert text.endswith("ZeroDivisionError: division by zero\nseen at dawn\n")
    assert "repaired" not in text


def test_the_traceback_shows_causes_before_what_they_caused(tmp_path: Path) -> None:
    source = """
def go():
    try:
        {}["a"]
    except KeyError as error:
        raise ValueError("b") from error
"""
    text = bundle_of(tmp_path, raised(load(tmp_path, "kernels/a.py", source).go)).text("traceback.txt")
    order = ["Before it:", "KeyError: 'a'", "The failure:", "ValueError: b"]
    assert sorted(order, key=text.index) == order


def test_a_syntax_error_is_shown_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "kernels/bad.py"
    bad.parent.mkdir()
    bad.write_text("def broken(:\n")
    text = bundle_of(tmp_path, raised(lambda: compile(bad.read_text(), str(bad), "exec"))).text("traceback.txt")
    assert 'File "kernels/bad.py", line 1' in text
    assert "def broken(:" in text


def test_a_source_that_fails_costs_its_part_and_is_told(tmp_path: Path) -> None:
    def broken(kernel: str) -> LogTail:
        raise KeyError(kernel)

    kept = bundle_of(tmp_path, story(tmp_path), replace(SOURCES, log=broken))
    assert kept.names == FILES - {"kernel.log"}
    why = "it could not be had: KeyError: 'coding_agent'"
    assert kept.record.timeline[-1][1:] == ("evidence", f"evidence without kernel.log ({why})")
    assert kept.entry("kernel.log")["missing"] == why


def test_changes_that_cannot_be_had_are_said_in_the_index(tmp_path: Path) -> None:
    def broken(kernel: str) -> str:
        raise OSError("the disk is tired")

    kept = bundle_of(tmp_path, story(tmp_path), replace(SOURCES, changes=broken))
    assert kept.entry("changes.diff")["missing"] == "the disk is tired"
    assert kept.names == FILES - {"changes.diff"}


# ---- what comes after the bundle


class Logging:
    """A kernel's log that grows as a test says."""

    def __init__(self) -> None:
        self.lines: list[str] = ["before"]

    def __call__(self, kernel: str) -> LogTail:
        return LogTail(self.lines[-2:], len(self.lines))


def settled(at: Desk) -> None:
    """Wait until the threads have done what they were told to."""
    for pool in (at.evidence._writer, at.evidence._later):
        pool.submit(int).result()


def test_what_the_kernel_writes_afterwards_follows_a_second_later(tmp_path: Path) -> None:
    log = Logging()
    with desk(tmp_path, replace(SOURCES, log=log)) as at:
        record = at.record(ValueError("x"))
        settled(at)
        path = at.folder / record.id / "kernel.log"
        assert path.read_text() == "before\n"
        log.lines.append("after")
        at.evidence.look(at.book.all, at.book.unbundled)
        settled(at)
        assert path.read_text() == "before\n"
        at.second()
        settled(at)
        assert path.read_text() == "before\n---- what it wrote afterwards\nafter\n"
        log.lines.append("much later")
        at.second()
        settled(at)
        assert "much later" not in path.read_text()


def test_a_room_that_closes_looks_at_the_log_at_once(tmp_path: Path) -> None:
    log = Logging()
    with desk(tmp_path, replace(SOURCES, log=log)) as at:
        record = at.record(ValueError("x"))
        settled(at)
        log.lines += ["one", "two", "three"]
    text = (at.folder / record.id / "kernel.log").read_text()
    assert text == "before\n---- what it wrote afterwards\ntwo\nthree\n"


def test_a_room_that_closes_does_not_wait_for_changes_that_take_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.0)
    begun, free = threading.Event(), threading.Event()

    def slow(kernel: str) -> str:
        begun.set()
        free.wait(10)
        return "changed"

    with desk(tmp_path, replace(SOURCES, changes=slow)) as at:
        first, second = at.record(ValueError("one")), at.record(ValueError("two"))
        begun.wait(10)
        threading.Timer(0.05, free.set).start()
    assert (at.folder / first.id / "changes.diff").exists()
    assert not (at.folder / second.id / "changes.diff").exists()
    assert (at.folder / second.id / "traceback.txt").exists()


# ---- a storm, and what is deleted


def test_a_storm_of_different_failures_is_not_collected_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_LIMIT", 3)
    free = threading.Event()
    write = Bundles.write

    def late(bundles: Bundles, incident: str, parts: Any) -> Path:
        free.wait(10)
        return write(bundles, incident, parts)

    monkeypatch.setattr(Bundles, "write", late)
    with desk(tmp_path) as at:
        records = [at.record(ValueError(name)) for name in ("one", "two", "three", "four", "five")]
        refused = [record for record in records if "already waiting" in record.timeline[-1][2]]
        assert [record.message for record in refused] == ["four", "five"]
        free.set()
    assert sum(bool(record.bundle) for record in at.book.all()) == 3


def test_a_reopened_incident_keeps_its_first_bundle_and_the_newest_others(tmp_path: Path) -> None:
    first = bundle_of(tmp_path, ValueError("x"))
    before = first.text("failure.json")
    for number in range(2, 7):
        with desk(tmp_path, start=1_000.0 + number) as at:
            at.book.move(first.record.id, "resolved", "fixed", "coding_agent")
            at.record(ValueError("x"))
        again = at.book.get(first.record.id)
        assert again is not None
        assert (again.state, again.bundle) == ("reopened", f"{first.record.bundle}/again-{number}")
    assert {path.name for path in first.folder.glob("again-*")} == {"again-4", "again-5", "again-6"}
    assert first.text("failure.json") == before


def test_a_forgotten_incidents_bundle_is_deleted(tmp_path: Path) -> None:
    with desk(tmp_path) as at:
        record = at.record(ValueError("x"))
        settled(at)
        at.evidence.remove(record.id)
        settled(at)
        assert list(at.folder.iterdir()) == []


def test_what_is_quick_is_taken_on_the_loop_and_the_rest_in_other_threads(tmp_path: Path) -> None:
    threads: dict[str, str] = {}

    def noted(name: str, value: Any) -> Callable[..., Any]:
        def source(*kernel: str) -> Any:
            threads[name] = threading.current_thread().name
            return value

        return source

    names = ("log", "beats", "bus", "settings", "measured", "changes")
    values: tuple[Any, ...] = (LogTail(), {}, None, {}, {}, "")
    bundle_of(tmp_path, ValueError("x"), Sources(*(noted(*pair) for pair in zip(names, values, strict=True))))
    own = threading.current_thread().name
    assert threads == {**dict.fromkeys(names, own), "changes": "evidence-later_0"}
