"""The environment of a program: which value wins, what a file of it may say, and what is refused with its line."""

from pathlib import Path

import pytest

from grace_tui.runtime.hosts.command import CommandSpec
from grace_tui.runtime.hosts.command.environ import environment, read_env_file
from grace_tui.runtime.hosts.command.errors import CommandUnusable


def test_later_files_win_and_the_table_wins_over_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "room")
    monkeypatch.setenv("B", "room")
    (tmp_path / "one").write_text("B=one\nC=one\nD=one\n")
    (tmp_path / "two").write_text("C=two\nD=two\n")
    spec = CommandSpec(("true",), env={"D": "table"}, env_files=("one", "two"), replica=2)
    found = environment(spec, tmp_path, "web", "mark")
    assert [found[name] for name in "ABCD"] == ["room", "one", "two", "table"]
    assert (found["GRACE_KERNEL"], found["GRACE_REPLICA"], found["GRACE_ROOM"]) == ("web", "2", "mark/web")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        pytest.param("X=plain words", "plain words", id="plain"),
        pytest.param("  export X = spaced  ", "spaced", id="export-and-spaces"),
        pytest.param("X=a#b # said", "a#b", id="comment"),
        pytest.param("X='a # \"b\"' # said", 'a # "b"', id="single-quotes"),
        pytest.param(r'X="a \"b\"\n\\c"', 'a "b"\n\\c', id="double-quotes"),
        pytest.param("X=", "", id="empty"),
        pytest.param("X=a=b", "a=b", id="equals-sign"),
    ],
)
def test_a_line_means_what_a_shell_would_make_of_it(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / "env").write_text(f"# said\n\n{line}\n")
    assert read_env_file(tmp_path / "env") == {"X": value}


@pytest.mark.parametrize("line", ["no equals sign", "1X=a", "X='open", 'X="a" b', "X-Y=a"])
def test_a_bad_line_is_named_and_its_secret_is_not(tmp_path: Path, line: str) -> None:
    (tmp_path / "env").write_text(f"A=1\n{line} hunter2\n")
    with pytest.raises(CommandUnusable, match=r"env:2: expected NAME=value") as caught:
        read_env_file(tmp_path / "env")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandUnusable, match=f"{tmp_path}/env cannot be read: No such file"):
        read_env_file(tmp_path / "env")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"\xff\xfe")
    with pytest.raises(CommandUnusable, match="is not UTF-8 text"):
        read_env_file(tmp_path / "env")
