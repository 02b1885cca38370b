"""A kernel's log: bounded on disk, redacted, and never a reason for a kernel to fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from grace_tui.runtime.storage import KernelLog, logs


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_are_json_on_disk_and_words_in_the_tail(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "deep" / "calm.jsonl", "calm")
    log.info("started", port=80)
    log.warning("slow")
    log.error("failed")
    log.close()
    found = lines(tmp_path / "deep" / "calm.jsonl")
    assert [(line["level"], line["kernel"], line["message"]) for line in found] == [
        ("info", "calm", "started"),
        ("warning", "calm", "slow"),
        ("error", "calm", "failed"),
    ]
    assert found[0]["fields"] == {"port": 80}
    assert "info    started  port=80" in log.tail()[0]
    assert len(log.tail(2)) == 2


def test_secrets_reach_neither_the_file_nor_the_tail(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "calm.jsonl", "calm")
    log.info("token=abcdefgh", password="open sesame", nested={"api_key": "ijklmnop"})
    log.close()
    for text in ((tmp_path / "calm.jsonl").read_text(), log.tail()[0]):
        assert not any(secret in text for secret in ("abcdefgh", "sesame", "ijklmnop"))


def test_a_full_file_rotates_and_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ROTATE_BYTES", 100)
    log = KernelLog(tmp_path / "calm.jsonl", "calm")
    for number in range(10):
        log.info(f"line {number} {'x' * 100}")
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "calm.1.jsonl",
        "calm.2.jsonl",
        "calm.3.jsonl",
        "calm.jsonl",
    ]
    assert "line 9" in (tmp_path / "calm.1.jsonl").read_text()
    assert "line 7" in (tmp_path / "calm.3.jsonl").read_text()
    assert log.lost == 0


def test_a_disk_that_refuses_costs_lines_and_the_log_recovers_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ROTATE_BYTES", 100)
    log = KernelLog(tmp_path / "calm.jsonl", "calm")
    blocker = tmp_path / "calm.1.jsonl"
    blocker.mkdir()
    (blocker / "file").touch()
    (tmp_path / "calm.2.jsonl").mkdir()
    (tmp_path / "calm.2.jsonl" / "file").touch()
    (tmp_path / "calm.3.jsonl").mkdir()
    (tmp_path / "calm.3.jsonl" / "file").touch()
    log.info("x" * 200)
    assert log.lost == 1
    for number in (1, 2, 3):
        (tmp_path / f"calm.{number}.jsonl" / "file").unlink()
        (tmp_path / f"calm.{number}.jsonl").rmdir()
    log.info("after")
    log.close()
    assert log.lost == 1
    assert len(log.tail()) == 2
    assert lines(tmp_path / "calm.1.jsonl")[-1]["message"] == "after"


def test_a_closed_log_stays_closed_and_counts_what_it_lost(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "calm.jsonl", "calm")
    log.close()
    log.info("late")
    assert log.lost == 1
    assert (tmp_path / "calm.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        pytest.param("\udcff", {}, id="lone-surrogate"),
        pytest.param("m", {"text": "\udcff"}, id="lone-surrogate-in-a-field"),
        pytest.param("m", {"odd": {(1, 2): 3}}, id="keys-that-no-json-has"),
        pytest.param("m", {"big": 2**80}, id="a-number-beyond-64-bits"),
        pytest.param("m", {"error": ValueError("bad")}, id="an-exception"),
    ],
)
def test_whatever_a_kernel_logs_becomes_a_line(tmp_path: Path, message: str, fields: dict[str, object]) -> None:
    log = KernelLog(tmp_path / "calm.jsonl", "calm")
    log.info(message, **fields)
    log.close()
    assert len(lines(tmp_path / "calm.jsonl")) == 1
    log.tail()[0].encode()


def test_what_a_program_prints_is_one_batch_of_lines_with_the_stream_as_level(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "web.jsonl", "web")
    log.output("stderr", ["one", "password=sesame123", "\x1b[2Jthree"])
    log.close()
    found = lines(tmp_path / "web.jsonl")
    assert [(line["level"], line["kernel"], line["message"], line["fields"]) for line in found] == [
        ("stderr", "web", "one", {}),
        ("stderr", "web", "password=[redacted]", {}),
        ("stderr", "web", "\x1b[2Jthree", {}),
    ]
    assert log.tail()[0].endswith("stderr  one")


def test_of_a_large_batch_the_tail_keeps_the_newest(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "web.jsonl", "web")
    log.output("stdout", [f"line {number}" for number in range(2_000)])
    log.close()
    assert len(lines(tmp_path / "web.jsonl")) == 2_000
    assert len(log.tail(10_000)) == logs.TAIL_LINES
    assert log.tail(1)[0].endswith("line 1999")


def test_a_program_that_floods_is_rotated_and_what_the_disk_refuses_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ROTATE_BYTES", 10_000)
    log = KernelLog(tmp_path / "web.jsonl", "web")
    for _ in range(20):
        log.output("stdout", ["x" * 100] * 50)
    log.close()
    log.output("stdout", ["late"] * 3)
    assert {path.name for path in tmp_path.iterdir()} == {"web.jsonl", "web.1.jsonl", "web.2.jsonl", "web.3.jsonl"}
    assert all(path.stat().st_size < 20_000 for path in tmp_path.iterdir())
    assert log.lost == 3


def test_text_that_no_utf_8_can_say_becomes_a_line(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "web.jsonl", "web")
    log.output("stdout", ["odd \udcff"])
    log.close()
    assert lines(tmp_path / "web.jsonl")[0]["message"] == "odd \\udcff"
    log.tail()[0].encode()


def test_of_a_very_long_line_the_tail_keeps_the_beginning_and_the_file_all(tmp_path: Path) -> None:
    log = KernelLog(tmp_path / "web.jsonl", "web")
    log.output("stdout", ["x" * 10_000])
    log.close()
    assert len(lines(tmp_path / "web.jsonl")[0]["message"]) == 10_000
    assert log.tail()[0].endswith("x… 6000 more characters")
