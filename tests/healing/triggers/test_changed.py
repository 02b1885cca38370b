"""Kernels' files against their last good run, and whether they compile."""

from pathlib import Path

from grace_tui.healing.triggers.changed import Broken, Healthy, HealthyRecord, broken, sources


def write(root: Path, name: str, text: str | bytes) -> str:
    path = root / "kernels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return f"kernels/{name}"


def keep(record: HealthyRecord, root: Path, kernel: str, path: str) -> None:
    record.keep(kernel, Healthy(1.0, "", sources(root, path, {})))


def test_what_changed_since_the_last_good_run_is_named_also_after_a_restart(tmp_path: Path) -> None:
    record = HealthyRecord(tmp_path / ".grace")
    keep(record, tmp_path, "one", write(tmp_path, "one.py", "a = 1\n"))
    keep(record, tmp_path, "many", write(tmp_path, "many/__init__.py", "b = 1\n"))
    again = HealthyRecord(tmp_path / ".grace")
    assert again.changes(tmp_path) == []
    write(tmp_path, "one.py", "a = 2\n")
    write(tmp_path, "many/part.py", "c = 1\n")
    found = [(change.kernel, change.files) for change in again.changes(tmp_path)]
    assert found == [("many", ("kernels/many/part.py",)), ("one", ("kernels/one.py",))]


def test_a_file_that_is_gone_has_changed_and_one_that_is_back_has_not(tmp_path: Path) -> None:
    record = HealthyRecord(tmp_path / ".grace")
    path = tmp_path / write(tmp_path, "one.py", "a = 1\n")
    keep(record, tmp_path, "one", "kernels/one.py")
    path.unlink()
    assert [change.files for change in record.changes(tmp_path)] == [("kernels/one.py",)]
    write(tmp_path, "one.py", "a = 1\n")
    assert record.changes(tmp_path) == []


def test_a_damaged_record_knows_of_no_good_run(tmp_path: Path) -> None:
    (tmp_path / "triggers").mkdir()
    (tmp_path / "triggers" / "healthy.json").write_text("[")
    assert HealthyRecord(tmp_path).changes(tmp_path) == []


def test_files_that_do_not_compile_are_named_with_their_line(tmp_path: Path) -> None:
    files = [
        write(tmp_path, "good.py", "x = 1\n"),
        write(tmp_path, "marked.py", b"\xef\xbb\xbfx = 1\n"),
        write(tmp_path, "bad.py", "x = 1\ndef f(:\n"),
        write(tmp_path, "null.py", b"x = 1\0"),
        "kernels/absent.py",
    ]
    found = broken(tmp_path, files)
    assert [one.file for one in found] == ["kernels/bad.py", "kernels/null.py"]
    assert isinstance(found[0], Broken)
    assert (found[0].line, bool(found[0].problem)) == (2, True)
