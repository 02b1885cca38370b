"""Who gets the socket."""

import os
import socket
from pathlib import Path

import pytest

from grace_tui.faces.remote.address import short_name
from grace_tui.faces.remote.server.claim import RoomIsOpen, claim
from grace_tui.kernel.errors import GraceError


def test_a_claim_is_for_this_user_only(tmp_path: Path) -> None:
    folder = tmp_path / ".grace"
    folder.mkdir(mode=0o777)
    claimed = claim(folder / "socket")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert claimed.path.stat().st_mode & 0o777 == 0o600
    claimed.release()
    assert not claimed.path.exists()


def test_the_socket_of_a_dead_room_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    claimed = claim(path)
    claimed.listener.listen()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    claimed.release()


def test_a_living_room_is_refused_even_before_it_listens(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    claimed = claim(path)
    with pytest.raises(RoomIsOpen, match=f"a room is already open at {path}"):
        claim(path)
    claimed.release()
    claim(path).release()


def test_a_listener_without_a_lock_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(path))
        stranger.listen()
        with pytest.raises(RoomIsOpen):
            claim(path)
    assert path.is_socket()


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    path.write_text("mine")
    with pytest.raises(GraceError, match="is no socket"):
        claim(path)
    assert path.read_text() == "mine"


def test_a_shared_folder_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(GraceError, match="is shared"):
        claim(shared / "socket")
    assert shared.stat().st_mode & 0o7777 == 0o1777


def test_a_long_path_is_claimed_and_found(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 120) / ".grace" / "socket"
    claimed = claim(path)
    claimed.listener.listen()
    assert path.is_socket()
    with socket.socket(socket.AF_UNIX) as client, short_name(path) as name:
        client.connect(name)
    with pytest.raises(RoomIsOpen):
        claim(path)
    before = len(os.listdir("/proc/self/fd"))
    claimed.release()
    assert len(os.listdir("/proc/self/fd")) == before - 2
