"""A Procfile becomes a workspace that opens; what cannot be read is refused with its line, and nothing is written."""

from pathlib import Path

import pytest

from grace_tui.settings import load_settings
from tests.cli.fake_room import Shell

PROCFILE = """\
# the app
web: python -m myapp --name 'a b'

Worker_1: bundle exec sidekiq -q $QUEUE && echo done
scheduler: ./tick
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_processes_become_commands(grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(PROCFILE)
    assert grace("new", "room", "--from-procfile", "Procfile") == 0
    assert grace.out == f"{tmp_path}/room\n"
    settings = load_settings(tmp_path / "room" / "grace.toml")
    commands = {name: found.command for name, found in settings.kernels.items()}
    web, worker, tick = commands["web"], commands["worker_1"], commands["scheduler-app"]
    assert web
    assert worker
    assert tick
    assert web.argv == ("python", "-m", "myapp", "--name", "a b")
    assert worker.argv == ("sh", "-c", "bundle exec sidekiq -q $QUEUE && echo done")
    assert [found.env for found in (web, worker, tick)] == [{"PORT": "5000"}, {"PORT": "5100"}, {"PORT": "5200"}]
    assert {found.cwd for found in (web, worker, tick)} == {str(tmp_path)}
    assert (tmp_path / "room" / "kernels" / "librarian.py").is_file()


def test_what_is_different_is_told_and_stands_in_the_file(grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(PROCFILE)
    assert grace("new", "room", "--from-procfile", "Procfile") == 0
    text = (tmp_path / "room" / "grace.toml").read_text()
    for remark in ("scheduler-app: was named scheduler", "worker_1: was named Worker_1", "PORT that foreman"):
        assert remark in grace.err
        assert remark.partition(": ")[2] in text
    assert "# a shell runs this one" in text


def test_env_file_beside_it_is_taken(grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: run\napi: run\n")
    (tmp_path / ".env").write_text("A=1\nPORT=7000\n")
    assert grace("new", ".", "--from-procfile", "Procfile", "--bare") == 0
    commands = [found.command for found in load_settings(tmp_path / "grace.toml").kernels.values()]
    assert [(found.env_files, found.env["PORT"], found.cwd) for found in commands if found] == [
        ((".env",), "7000", "."),
        ((".env",), "7100", "."),
    ]


def test_bare_workspace_has_no_kernel(grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("scheduler: run\n")
    assert grace("new", "room", "--from-procfile", "Procfile", "--bare") == 0
    assert list((tmp_path / "room" / "kernels").iterdir()) == []
    assert set(load_settings(tmp_path / "room" / "grace.toml").kernels) == {"scheduler"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web: run\nnonsense\n", "Procfile:2: 'nonsense' is no process; expected `name: command`"),
        ("web:\n", "Procfile:1: 'web:' is no process"),
        ("web: a\nweb: b\n", "Procfile:2: web stands in line 1 already"),
        ("# nothing\n", "Procfile: has no process; expected lines such as"),
        (b"web: \xff\n", "Procfile:1: is not UTF-8 text"),
        ("web: " + "x" * (1 << 20), "expected at most 1048576"),
    ],
)
def test_bad_file_is_refused_and_nothing_written(grace: Shell, tmp_path: Path, text: str | bytes, message: str) -> None:
    (tmp_path / "Procfile").write_bytes(text.encode() if isinstance(text, str) else text)
    assert grace("new", "room", "--from-procfile", "Procfile") == 2
    assert message in grace.err
    assert not (tmp_path / "room").exists()


def test_missing_file_is_refused(grace: Shell, tmp_path: Path) -> None:
    assert grace("new", "room", "--from-procfile", "Procfile") == 2
    assert "Procfile: cannot be read: no such file" in grace.err


def test_settings_that_are_there_are_not_replaced(grace: Shell, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: run\n")
    (tmp_path / "grace.toml").write_text("# mine\n")
    assert grace("new", ".", "--from-procfile", "Procfile") == 2
    assert "has grace.toml already" in grace.err
    assert (tmp_path / "grace.toml").read_text() == "# mine\n"
    assert not (tmp_path / "kernels").exists()


def test_two_sources_are_a_wrong_call(grace: Shell, tmp_path: Path) -> None:
    assert grace("new", "room", "--from-procfile", "a", "--from-process-compose", "b") == 2
