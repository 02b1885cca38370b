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
