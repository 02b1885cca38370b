"""The audit log: what was written is found again, and what was touched afterwards is named."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grace_tui.kernel import GraceError
from grace_tui.kernel.testing import ManualClock
from grace_tui.runtime.audit import AuditChain, chain, verify_folder
from grace_tui.runtime.audit.lines import segments

APPENDER = """
import sys
from pathlib import Path
from grace_tui.kernel.testing import ManualClock
from grace_tui.runtime.audit import AuditChain
root = Path(sys.argv[1])
log = AuditChain(root / "audit", root / "head.json", ManualClock())
while True:
    log.append({"actor": "me", "action": "write", "text": "x" * 500})
    log.sync()
    print(log.count, flush=True)
"""


def opened(root: Path) -> AuditChain:
    return AuditChain(root / "audit", root / "head.json", ManualClock())


def written(root: Path, entries: int = 5) -> Path:
    log = opened(root)
    for number in range(1, entries + 1):
        log.append({"actor": "me", "action": f"act{number}"})
    log.close()
    return segments(root / "audit")[-1]


def problem(root: Path) -> str:
    return verify_folder(root / "audit", root / "head.json").problem


def test_a_log_verifies_while_open_after_closing_and_when_opened_again(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for number in range(5):
        log.append({"actor": "me", "number": number})
    assert (log.verify().ok, log.verify().entries, log.count) == (True, 5, 5)
    log.close()
    assert verify_folder(tmp_path / "audit", tmp_path / "head.json").ok
    again = opened(tmp_path)
    assert again.append({"actor": "me"}).sequence == 6
    assert again.verify().ok
    again.close()


def test_a_changed_entry_is_named(tmp_path: Path) -> None:
    segment = written(tmp_path)
    segment.write_bytes(segment.read_bytes().replace(b"act3", b"ACT3"))
    assert problem(tmp_path) == "audit-000001.jsonl: entry 3 was changed"


def test_a_removed_entry_is_named(tmp_path: Path) -> None:
    segment = written(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:2] + lines[3:]))
    assert problem(tmp_path) == "audit-000001.jsonl: entry 4 follows entry 2"


def test_reordered_entries_are_named(tmp_path: Path) -> None:
    segment = written(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], lines[2], lines[1], *lines[3:]]))
    assert problem(tmp_path) == "audit-000001.jsonl: entry 3 follows entry 1"


def test_an_unreadable_line_is_named(tmp_path: Path) -> None:
    segment = written(tmp_path)
    segment.write_bytes(segment.read_bytes().replace(b'{"at"', b'{"at', 1))
    assert "the line after entry 0 cannot be read" in problem(tmp_path)


def test_a_cut_tail_is_found_by_the_head_outside_the_log(tmp_path: Path) -> None:
    segment = written(tmp_path)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:3]))
    assert problem(tmp_path) == "the log ends at entry 3, but entry 5 was written"


def test_a_cut_tail_stays_found_after_the_log_went_on(tmp_path: Path) -> None:
    segment = written(tmp_path)
    segment.write_bytes(b"".join(segment.read_bytes().splitlines(keepends=True)[:3]))
    log = opened(tmp_path)
    log.append({"actor": "me", "action": "cover up"})
    assert "entry 6 follows entry 3" in log.verify().problem
    log.close()
    assert "entry 6 follows entry 3" in problem(tmp_path)


def test_a_log_that_was_sealed_anew_is_found_by_the_head(tmp_path: Path) -> None:
    written(tmp_path)
    forged = tmp_path / "forged"
    other = opened(forged)
    for number in range(5):
        other.append({"actor": "liar", "number": number})
    other.close()
    segments(tmp_path / "audit")[0].write_bytes(segments(forged / "audit")[0].read_bytes())
    assert problem(tmp_path) == "entry 5 is not the one that was written"


def test_a_torn_last_line_is_kept_aside_and_cut_off(tmp_path: Path) -> None:
    segment = written(tmp_path)
    with segment.open("ab") as file:
        file.write(b'{"n": 6, "half')
    log = opened(tmp_path)
    assert log.tail(1)[0].record["action"] == "audit.recovered"
    assert log.verify().ok
    log.close()
    assert [path.read_bytes() for path in (tmp_path / "audit").glob("*.torn-*")] == [b'{"n": 6, "half']


def test_segments_roll_over_and_verify_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "SEGMENT_BYTES", 600)
    written(tmp_path, entries=20)
    assert len(segments(tmp_path / "audit")) > 3
    assert problem(tmp_path) == ""
    segments(tmp_path / "audit")[1].unlink()
    assert "follows entry" in problem(tmp_path)


def test_a_segment_that_cannot_be_opened_leaves_the_full_one_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "SEGMENT_BYTES", 600)
    log = opened(tmp_path)
    blocker = tmp_path / "audit" / "audit-000002.jsonl"
    blocker.mkdir()
    for number in range(10):
        log.append({"number": number})
    blocker.rmdir()
    log.append({"number": 10})
    log.append({"number": 11})
    assert [path.name for path in segments(tmp_path / "audit")] == ["audit-000001.jsonl", "audit-000002.jsonl"]
    assert log.verify().ok
    log.close()


def test_a_disk_that_takes_half_a_line_leaves_a_whole_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = opened(tmp_path)
    log.append({"number": 1})
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: write(handle, data[:10]))
        with pytest.raises(OSError, match="no room for an audit entry"):
            log.append({"number": 2})
    log.append({"number": 2})
    assert (log.verify().ok, log.count) == (True, 2)
    log.close()


def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append({"actor": "me", "password": "open sesame", "text": "token=abcdefgh"})
    log.close()
    text = segments(tmp_path / "audit")[0].read_text()
    assert "sesame" not in text
    assert "abcdefgh" not in text


def test_search_goes_by_actor_action_text_and_time_newest_first(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for actor, action in [("a", "x"), ("b", "x"), ("a", "y"), ("a", "x")]:
        log.append({"actor": actor, "action": action})
    assert [entry.sequence for entry in log.search(actor="a", action="x")] == [4, 1]
    assert [entry.sequence for entry in log.search(text='"Y"')] == [3]
    assert log.search(since=2_000.0) == []
    assert len(log.search(limit=2)) == 2
    log.close()


def test_only_a_mapping_can_be_recorded(tmp_path: Path) -> None:
    log = opened(tmp_path)
    with pytest.raises(GraceError, match="an audit record is a mapping, not str"):
        log.append("text")  # type: ignore[arg-type]
    log.close()


text = st.text(st.characters(codec="utf-8"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(records=st.lists(st.dictionaries(text, plain, max_size=4), max_size=4))
def test_whatever_was_recorded_verifies(
    records: list[dict[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("log")
    log = opened(root)
    for record in records:
        log.append(record)
    log.close()
    assert problem(root) == ""


def test_a_killed_writer_leaves_a_log_that_verifies(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", APPENDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer:
        while int(writer.stdout.readline()) < 50:
            pass
        writer.send_signal(signal.SIGKILL)
        last = max((int(line) for line in writer.stdout.read().split()), default=50)
    log = opened(tmp_path)
    assert log.verify().ok
    assert log.count >= last
    log.close()
