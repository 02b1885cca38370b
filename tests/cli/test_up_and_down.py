"""A room in the background: real processes, real sockets, and no process left behind."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from grace_tui.cli.exits import Ended
from grace_tui.cli.opening import is_open, open_detached, ready_workspace
from grace_tui.workspace import Workspace, default_workspace
from tests.cli.fake_room import FakeRoom, Shell

ROOM = """
import os, socket, sys
print("room of", os.getcwd(), "leads its session:", os.getsid(0) == os.getpid(), flush=True)
server = socket.socket(socket.AF_UNIX)
server.bind(".grace/socket")
server.listen()
while True:
    line, _ = server.accept()
    line.close()
"""


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def python(code: str) -> Sequence[str]:
    return (sys.executable, "-c", code)


def test_detached_room_is_waited_for(workspace: Workspace, processes: list[subprocess.Popen[bytes]]) -> None:
    processes.append(open_detached(workspace, python(ROOM)))
    assert is_open(workspace.socket)
    assert workspace.room_log.read_text() == f"room of {workspace.root} leads its session: True\n"


def test_room_that_dies_at_once_is_told_with_its_last_words(workspace: Workspace) -> None:
    workspace.prepare()
    workspace.room_log.write_text("of an earlier room\n")
    with pytest.raises(Ended) as caught:
        open_detached(workspace, python("import sys; print('no luck'); sys.exit(4)"))
    assert str(caught.value) == "the room ended at once (exit code 4)\n  no luck"


def test_room_that_never_answers_is_ended(workspace: Workspace) -> None:
    with pytest.raises(Ended, match=r"did not answer within 0\.2 s; .*room\.log is empty"):
        open_detached(workspace, python("import time; time.sleep(60)"), patience=0.2)


def test_up_detached_leaves_an_open_room_alone(room: FakeRoom, grace: Shell) -> None:
    assert grace("up", "--detach") == 0
    assert grace.err == f"a room is open in {room.workspace.root} already; join it with `grace-tui attach`\n"
    assert room.asked == []


def test_wrong_settings_are_told_before_the_screen_changes(
    workspace: Workspace, grace: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.settings_file.write_text("[rom]\n")
    monkeypatch.setattr("grace_tui.cli.opening.need_terminal", lambda instead: None)
    assert grace("up") == 2
    assert "rom is not a setting; did you mean room?" in grace.err
    assert grace.out == ""


@pytest.mark.parametrize("text", ["[rom]", "[room]\nscreen_rate = 'fast'", "[room"])
def test_wrong_settings_are_told_before_a_process_is_started(workspace: Workspace, grace: Shell, text: str) -> None:
    workspace.settings_file.write_text(text)
    assert grace("up", "--detach") == 2
    assert grace.err.startswith(f"grace-tui: {workspace.settings_file}:")
    assert grace.err.count("\n") == 1
    assert not workspace.room_log.exists()


def test_stale_socket_is_no_room(workspace: Workspace) -> None:
    room = FakeRoom(workspace)
    assert is_open(workspace.socket)
    room.close()
    assert workspace.socket.exists()
    assert not is_open(workspace.socket)


def test_default_workspace_is_made_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    found = ready_workspace(None)
    assert found == default_workspace()
    assert found.exists
    assert capsys.readouterr().err == f"no workspace in {tmp_path}/empty; using {found.root}\n"
    assert list((tmp_path / "empty").iterdir()) == []


def test_down_waits_until_the_room_is_gone(room: FakeRoom, grace: Shell) -> None:
    child = subprocess.Popen(python("input()"), stdin=subprocess.PIPE)

    def close(args: object) -> tuple[bool, str, dict[str, int]]:
        room.closing = True
        room.server.close()
        assert child.stdin
        child.stdin.close()
        return True, "", {"pid": child.pid}

    room.replies["down"] = close
    assert grace("down") == 0
    assert child.wait() != 0
    assert grace.err == f"the room of {room.workspace.root} is closed\n"


def test_down_of_a_room_that_stays_ends_with_1(room: FakeRoom, grace: Shell) -> None:
    room.says("down", {})
    assert grace("down", "--timeout", "0.1") == 1
    assert "is still closing after 0.1 s" in grace.err


def test_new_makes_a_workspace_and_prints_where(tmp_path: Path, grace: Shell) -> None:
    assert grace("new", str(tmp_path / "mine")) == 0
    assert grace.out == f"{tmp_path}/mine\n"
    assert (tmp_path / "mine" / "kernels").is_dir()
    assert grace("new", str(tmp_path / "mine")) == 2
    assert "has kernels/ already" in grace.err
