"""Saved states: whole or absent, and a damaged one is put aside."""

from pathlib import Path

import pytest

from grace_tui.kernel import GraceError
from grace_tui.runtime.storage import StateStore


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, notices: list[str]) -> StateStore:
    return StateStore(tmp_path / "state", notices.append)


def test_a_state_comes_back_as_it_was_saved(store: StateStore) -> None:
    assert store.load("calm") == {}
    store.save("calm", {"total": 3, "names": ["a"]})
    assert store.load("calm") == {"total": 3, "names": ["a"]}


def test_only_its_owner_can_read_a_state(store: StateStore) -> None:
    store.save("calm", {})
    assert (store.folder / "calm.json").stat().st_mode & 0o777 == 0o600
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_an_unchanged_state_is_not_written_again(store: StateStore) -> None:
    store.save("calm", {"total": 1})
    before = (store.folder / "calm.json").stat().st_ino
    store.save("calm", {"total": 1})
    assert (store.folder / "calm.json").stat().st_ino == before
    store.save("calm", {"total": 2})
    assert (store.folder / "calm.json").stat().st_ino != before


@pytest.mark.parametrize("damage", [b"{half", b"[1]", b"\xff"])
def test_a_damaged_state_is_put_aside_and_saved_afresh(store: StateStore, notices: list[str], damage: bytes) -> None:
    store.save("calm", {"total": 1})
    (store.folder / "calm.json").write_bytes(damage)
    assert store.load("calm") == {}
    assert (store.folder / "calm.damaged.json").read_bytes() == damage
    assert "the saved state of calm cannot be read" in notices[0]
    store.save("calm", {"total": 1})
    assert store.load("calm") == {"total": 1}


@pytest.mark.parametrize("state", [{"a": object()}, {"a": {(1, 2): 3}}])
def test_a_state_that_is_no_json_is_refused_and_the_last_one_stays(store: StateStore, state: dict[str, object]) -> None:
    store.save("calm", {"total": 1})
    with pytest.raises(GraceError, match="the saved state of calm is not plain JSON"):
        store.save("calm", state)
    assert store.load("calm") == {"total": 1}


def test_a_failed_write_leaves_the_last_state(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("calm", {"total": 1})

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as full:
        full.setattr("os.replace", refuse)
        with pytest.raises(OSError, match="disk full"):
            store.save("calm", {"total": 2})
    assert store.load("calm") == {"total": 1}
    assert [path.name for path in store.folder.iterdir()] == ["calm.json"]
    store.save("calm", {"total": 2})
    assert store.load("calm") == {"total": 2}
