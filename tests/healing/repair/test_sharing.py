"""Knowledge as one signed file: whole or refused by name, trusted by its key, discounted until it is proven here."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.repair.knowledge import Knowledge, Recalled, recall, told
from grace_tui.healing.repair.knowledge.keys import KeyProblem, Keys, fingerprint, public_bytes
from grace_tui.healing.repair.knowledge.sharing import HoldsSecret, Parcel, Tampered, opened, read_file, sealed, take_in
from grace_tui.healing.repair.patch import FileEdit, Patch, Site

BEFORE = "def f(a):\n    return a\n"
AFTER = "def f(a, b=None):\n    return a, b\n"
SITE = Site("unexpected_keyword", "lib.py", "f", "b", "", ("main.py",))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
def store(tmp_path: Path, refused_keyword: Failure) -> Knowledge:
    store = Knowledge(tmp_path / "mine", "demo")
    for name in ("one", "two"):
        store.learn(name, refused_keyword, Patch("o", SITE, name, (FileEdit("lib.py", BEFORE, AFTER),)))
    return store


def exported(store: Knowledge, keys: Keys) -> bytes:
    return sealed(store.chosen([]), keys)


def test_what_was_exported_is_imported_elsewhere_and_applies_there(
    store: Knowledge, keys: Keys, tmp_path: Path
) -> None:
    parcel = opened(exported(store, keys))
    assert parcel.fingerprint == fingerprint(public_bytes(keys.own()))
    assert str(tmp_path) not in exported(store, keys).decode()
    other = Knowledge(tmp_path / "other", "elsewhere")
    assert dict(take_in(parcel, other)) == {"one": "imported", "two": "imported"}
    fix = other.named("one")
    recalled = recall(fix, {"lib.py": f"# elsewhere\n{BEFORE}"}.get)
    assert isinstance(recalled, Recalled)
    assert recalled.patch.edits[0].after == f"# elsewhere\n{AFTER}"


def test_an_imported_fix_counts_in_part_and_is_never_exact_until_it_is_proven_here(
    store: Knowledge, keys: Keys, tmp_path: Path
) -> None:
    other = Knowledge(tmp_path / "other")
    take_in(opened(exported(store, keys)), other)
    fix = other.named("one")
    assert (fix.successes, fix.imported_by, fix.trusted) == (0, (1, 0), True)
    assert 0.5 < fix.confidence < store.named("one").confidence
    assert "on this machine it has to pass every gate first" in told(fix)
    recalled = recall(fix, {"lib.py": BEFORE}.get)
    assert isinstance(recalled, Recalled)
    assert not recalled.exact
    proven = other.outcome("one", True, recalled.patch)
    assert proven is not None
    again = recall(proven, {"lib.py": BEFORE}.get)
    assert isinstance(again, Recalled)
    assert again.exact


def test_a_fix_that_failed_elsewhere_as_often_as_it_helped_is_not_trusted(
    store: Knowledge, keys: Keys, tmp_path: Path
) -> None:
    store.outcome("one", success=False)
    other = Knowledge(tmp_path / "other")
    take_in(opened(exported(store, keys)), other)
    assert not other.named("one").trusted


def test_what_was_proven_here_is_not_replaced(store: Knowledge, keys: Keys) -> None:
    before = store.named("one")
    said = dict(take_in(opened(exported(store, keys)), store))
    assert said["one"] == "known here already, by what was proven here"
    assert store.named("one") == before


def _fix(told: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(fix for fix in told["fixes"] if fix["signature"] == name)
    return found


def changed_fix(told: dict[str, Any]) -> None:
    _fix(told, "two")["files"][0]["anchors"][0]["text"] = "import os\n"


def changed_count(told: dict[str, Any]) -> None:
    _fix(told, "one")["successes"] = 99


def added(told: dict[str, Any]) -> None:
    told["fixes"].append({**_fix(told, "one"), "signature": "three"})


def removed(told: dict[str, Any]) -> None:
    told["fixes"] = [fix for fix in told["fixes"] if fix["signature"] != "one"]


def other_fingerprint(told: dict[str, Any]) -> None:
    told["header"]["fingerprint"] = "SHA256:friend"


def other_date(told: dict[str, Any]) -> None:
    told["header"]["exported_at"] = 0.0


def no_header(told: dict[str, Any]) -> None:
    del told["header"]


def no_signature(told: dict[str, Any]) -> None:
    told["signature"] = "!"


def unreadable_fix(told: dict[str, Any]) -> None:
    told["fixes"][0]["files"] = "none"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (changed_fix, "two was changed after it was signed"),
        (changed_count, "one was changed after it was signed"),
        (added, "three was added after it was signed"),
        (removed, "one was signed and is missing"),
        (other_fingerprint, "the fingerprint in it is not that of its public key"),
        (other_date, "its header .* is not what was signed"),
        (no_header, "it has no header and fixes"),
        (no_signature, "the signature in it is no base64"),
        (unreadable_fix, "a fix in it cannot be read"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused_with_what_is_wrong(
    store: Knowledge, keys: Keys, change: Callable[[dict[str, Any]], None], named: str
) -> None:
    told = json.loads(exported(store, keys))
    change(told)
    with pytest.raises(Tampered, match=named):
        opened(json.dumps(told).encode())


def test_a_header_signed_by_another_key_is_refused(store: Knowledge, keys: Keys, tmp_path: Path) -> None:
    mine, other = json.loads(exported(store, keys)), json.loads(exported(store, Keys(tmp_path / "others")))
    mine["signature"] = other["signature"]
    with pytest.raises(Tampered, match="is not what was signed"):
        opened(json.dumps(mine).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_exported_knowledge_is_refused(data: bytes) -> None:
    with pytest.raises(Tampered, match="it is no exported knowledge"):
        opened(data)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Tampered, match=r"gone\.json: No such file"):
        read_file(tmp_path / "gone.json")


def test_a_signed_fix_that_names_a_file_elsewhere_is_refused(store: Knowledge, keys: Keys) -> None:
    fix = store.named("one")
    wild = replace(fix, files=(replace(fix.files[0], path="../lib.py"),))
    with pytest.raises(Tampered, match=r"one: it names '\.\./lib\.py', which is not below the root"):
        opened(sealed([wild], keys))


def test_a_fix_that_shows_a_secret_is_not_exported(tmp_path: Path, keys: Keys, refused_keyword: Failure) -> None:
    store = Knowledge(tmp_path / "mine")
    after = AFTER + 'API_KEY = "sk-0123456789abcdef0123"\n'
    store.learn("s", refused_keyword, Patch("o", SITE, "s", (FileEdit("lib.py", BEFORE, after),)))
    with pytest.raises(HoldsSecret, match="s holds what looks like a secret"):
        sealed(store.chosen([]), keys)


def test_trusted_keys_are_remembered_and_ones_own_is_one(keys: Keys) -> None:
    assert keys.trusted() == {}
    keys.trust("SHA256:friend")
    own = fingerprint(public_bytes(keys.own()))
    assert set(Keys(keys.folder).trusted()) == {"SHA256:friend", own}
    assert (keys.folder / "knowledge.pem").stat().st_mode & 0o777 == 0o600


def test_keys_that_cannot_be_read_are_named(keys: Keys) -> None:
    keys.folder.mkdir()
    (keys.folder / "trusted.toml").write_text("keys = 3")
    with pytest.raises(KeyProblem, match=r"trusted\.toml: keys is 3; expected a table"):
        keys.trusted()
    (keys.folder / "knowledge.pem").write_text("no key")
    with pytest.raises(KeyProblem, match=r"knowledge\.pem"):
        keys.own()


def test_only_what_is_named_is_taken_in(store: Knowledge, keys: Keys, tmp_path: Path) -> None:
    parcel: Parcel = opened(exported(store, keys))
    other = Knowledge(tmp_path / "other")
    assert take_in(parcel, other, ["two"]) == (("two", "imported"),)
    assert [fix.signature for fix in other.all()[0]] == ["two"]
