"""Diffs are taken by `git apply`, byte for byte, whatever the files are called and however they are written."""

import subprocess
from pathlib import Path

import pytest

from grace_tui.healing.repair.diffs import diff, diff_bytes, quoted, unquoted
from grace_tui.healing.repair.patch import FileEdit
from grace_tui.healing.repair.sources import decode
from grace_tui.healing.repair.unified import edits_of

NAMES = ["plain.py", "with blank.py", "é.py", "two\nlines.py", 'quo"ted\\.py', "tab\t.py", "-dash.py", "\x1b[31m.py"]
BODIES = [
    b"one\ntwo\n",
    b"one\r\ntwo\r\n",
    b"one\ntwo",
    b"\xef\xbb\xbfone\ntwo\n",
    b"# coding: latin-1\n# caf\xe9\none\ntwo\n",
    b"# caf\xe9\none\ntwo\n",
    b"one\x0c\x1c\xc2\x85 more\rone\ntwo\n",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", BODIES)
def test_git_applies_it(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    edit = FileEdit(name, decode(body), decode(body).replace("two", "2"))
    git_apply(tmp_path, diff_bytes([edit]))
    assert (tmp_path / name).read_bytes() == body.replace(b"two", b"2")


def test_git_makes_new_files(tmp_path: Path) -> None:
    git_apply(tmp_path, diff_bytes([FileEdit("new/é.py", None, "one\n"), FileEdit("other.py", None, "two")]))
    assert (tmp_path / "new/é.py").read_text() == "one\n"
    assert (tmp_path / "other.py").read_text() == "two"


@pytest.mark.parametrize("name", NAMES)
def test_names_are_read_as_they_were_written(name: str) -> None:
    assert unquoted(quoted(name)) == name
    edit = FileEdit(name, "one\x0c\ntwo\n", "one\x0c\n2\n")
    assert edits_of(diff([edit]), lambda path: edit.before if path == name else None) == (edit,)


def git_apply(folder: Path, patch: bytes) -> None:
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"], cwd=folder, input=patch, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
