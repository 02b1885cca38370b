"""Snapshots: content kept once, put back exactly, and nothing lost on the way."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from grace_tui.disk import FileMoved, atomic_write
from grace_tui.healing import kept_files, manifests
from grace_tui.healing import snapshots as module
from grace_tui.healing.manifests import SnapshotMissing
from grace_tui.healing.objects import SnapshotDamaged
from grace_tui.healing.snapshots import Snapshots
from grace_tui.kernel.ports import SnapshotPort
from grace_tui.kernel.testing import ManualClock


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "kernels/a.py", "a = 1\n")
    write(tmp_path, "kernels/deep/b.py", "b = 1\n")
    write(tmp_path, "grace.toml", "title = 'x'\n")
    write(tmp_path, "tests/kernels/test_a.py", "a = 1\n")
    return tmp_path


@pytest.fixture
def snapshots(root: Path) -> Snapshots:
    return another(root)


def another(root: Path) -> Snapshots:
    return Snapshots(root, root / ".grace/snapshots", ManualClock(1_795_392_000.0))


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def objects(root: Path) -> list[Path]:
    return sorted((root / ".grace/snapshots/objects").glob("??/*"))


async def test_the_port_takes_and_compares_off_the_loop(root: Path, snapshots: Snapshots) -> None:
    port: SnapshotPort = snapshots
    record = await port.take("boot")
    assert (record.reason, record.files) == ("boot", 4)
    assert port.all() == (record,)
    write(root, "kernels/a.py", "a = 2\n")
    assert await port.changed_since(record.id) == ("kernels/a.py",)
    assert await snapshots.restore(record.id) == ("kernels/a.py",)
    assert await snapshots.prune(1) == (record.id,)


def test_equal_content_is_kept_once_and_the_bytes_added_are_told(root: Path, snapshots: Snapshots) -> None:
    first = snapshots.take_now("boot")
    assert len(objects(root)) == 3
    assert first.bytes == sum(file.stat().st_size for file in objects(root))
    assert snapshots.take_now("again").bytes == 0


def test_only_the_workspaces_own_sources_are_kept(root: Path, snapshots: Snapshots) -> None:
    for name in ("logs/a.log", ".grace/room.db", "kernels/__pycache__/a.pyc", "kernels/.grace-x1", "kernels/a.py~",
                 "tests/test_other.py", "README.md"):  # fmt: skip
        write(root, name, "x")
    (root / "kernels/link.py").symlink_to("/etc/passwd")
    (root / "themes").symlink_to("/etc")
    record = snapshots.take_now("boot")
    assert record.files == 4


def test_a_file_too_large_to_be_a_source_is_named_not_kept(
    root: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_files, "FILE_LIMIT", 10)
    write(root, "kernels/weights.bin", "x" * 11)
    record = snapshots.take_now("boot")
    manifest = (root / f".grace/snapshots/manifests/{record.id}.json").read_text()
    assert (
        '"skipped":["grace.toml: 12 bytes; the limit is 10","kernels/weights.bin: 11 bytes; the limit is 10"]'
        in manifest
    )


def test_what_changed_is_what_is_new_gone_or_different(root: Path, snapshots: Snapshots) -> None:
    record = snapshots.take_now("boot")
    assert snapshots.changed_since_now(record.id) == ()
    assert snapshots.diff(record.id) == ""
    write(root, "kernels/new.py", "n = 1\n")
    write(root, "grace.toml", "title = 'y'")
    (root / "kernels/a.py").unlink()
    assert snapshots.changed_since_now(record.id) == ("grace.toml", "kernels/a.py", "kernels/new.py")
    assert snapshots.diff(record.id) == (
        "--- a/grace.toml\n+++ b/grace.toml\n@@ -1 +1 @@\n-title = 'x'\n+title = 'y'\n\\ No newline at end of file\n"
        "--- a/kernels/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-a = 1\n"
        "--- /dev/null\n+++ b/kernels/new.py\n@@ -0,0 +1 @@\n+n = 1\n"
    )


def test_a_diff_shows_no_secret_and_no_binary(root: Path, snapshots: Snapshots) -> None:
    record = snapshots.take_now("boot")
    write(root, "grace.toml", "token = 'correct-horse-battery'\n")
    (root / "kernels/data.bin").write_bytes(b"\xff\x00")
    diff = snapshots.diff(record.id)
    assert "correct-horse-battery" not in diff
    assert "Binary file kernels/data.bin differs\n" in diff


def test_restoring_brings_back_content_and_mode_and_keeps_what_was_there(root: Path, snapshots: Snapshots) -> None:
    path = root / "kernels/a.py"
    path.chmod(0o755)
    good = snapshots.take_now("good")
    path.write_text("a = 'broken'\n")
    path.chmod(0o600)
    (root / "kernels/deep/b.py").unlink()
    extra = write(root, "kernels/mine.py", "mine = 1\n")
    assert sorted(snapshots.restore_now(good.id)) == ["kernels/a.py", "kernels/deep/b.py"]
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("a = 1\n", 0o755)
    assert extra.read_text() == "mine = 1\n"
    before = snapshots.all()[0]
    assert before.reason == f"before restoring {good.id}"
    snapshots.restore_now(before.id, ["kernels/a.py"])
    assert path.read_text() == "a = 'broken'\n"


def test_only_the_files_asked_for_are_restored(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    write(root, "kernels/a.py", "x")
    write(root, "grace.toml", "x")
    assert snapshots.restore_now(good.id, ["kernels/a.py"]) == ("kernels/a.py",)
    assert (root / "grace.toml").read_text() == "x"


def test_what_a_snapshot_does_not_have_is_named(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    with pytest.raises(SnapshotMissing, match=rf"kernels/z\.py is not in snapshot {good.id}"):
        snapshots.restore_now(good.id, ["kernels/a.py", "kernels/z.py"])
    with pytest.raises(SnapshotMissing, match="there is no snapshot S-0"):
        snapshots.diff("S-0")


def moving(root: Path, name: str, write_now: Callable[[Path], object]) -> Callable[..., None]:
    """An atomic_write during which somebody else saves another file."""

    def write_and_move(path: Path, data: bytes, *, mode: int | None = None) -> None:
        atomic_write(path, data, mode=mode)
        if path.parent.name == "kernels":
            write_now(root / name)

    return write_and_move


def test_a_file_saved_meanwhile_undoes_the_restore_and_stays(
    root: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = snapshots.take_now("good")
    write(root, "kernels/a.py", "broken\n")
    write(root, "tests/kernels/test_a.py", "also broken\n")
    hurried = moving(root, "tests/kernels/test_a.py", lambda path: path.write_text("saved by a person\n"))
    monkeypatch.setattr(module, "atomic_write", hurried)
    with pytest.raises(FileMoved, match=r"test_a\.py changed meanwhile"):
        snapshots.restore_now(good.id, ["kernels/a.py", "tests/kernels/test_a.py"])
    assert (root / "tests/kernels/test_a.py").read_text() == "saved by a person\n"
    assert (root / "kernels/a.py").read_text() == "broken\n"


def test_a_damaged_object_stops_a_restore_before_it_changes_anything(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    write(root, "kernels/a.py", "x")
    write(root, "kernels/deep/b.py", "x")
    for file in objects(root)[:2]:
        file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(SnapshotDamaged, match="is damaged"):
        snapshots.restore_now(good.id)
    assert (root / "kernels/a.py").read_text() == (root / "kernels/deep/b.py").read_text() == "x"


def test_a_damaged_object_is_mended_by_the_next_snapshot(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    for file in objects(root):
        file.write_bytes(b"")
    snapshots.take_now("again")
    write(root, "kernels/a.py", "x")
    snapshots.restore_now(good.id)
    assert (root / "kernels/a.py").read_text() == "a = 1\n"


def test_a_manifest_cannot_lead_out_of_the_workspace(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    file = root / f".grace/snapshots/manifests/{good.id}.json"
    for evil in ("kernels/../../evil.py", ".grace/room.db", "/tmp/evil.py"):
        file.write_text(file.read_text().replace('"kernels/a.py"', f'"{evil}"'))
        with pytest.raises(SnapshotDamaged, match="which is not a file that snapshots keep"):
            another(root).restore_now(good.id, [evil])
        file.write_text(file.read_text().replace(f'"{evil}"', '"kernels/a.py"'))


def test_a_folder_that_became_a_link_leads_nowhere(root: Path, snapshots: Snapshots, tmp_path: Path) -> None:
    good = snapshots.take_now("good")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (root / "kernels/deep/b.py").unlink()
    (root / "kernels/deep").rmdir()
    (root / "kernels/deep").symlink_to(outside)
    with pytest.raises(SnapshotDamaged):
        snapshots.restore_now(good.id)
    assert list(outside.iterdir()) == []


def test_a_manifest_that_cannot_be_read_is_told_skipped_and_left(root: Path, snapshots: Snapshots) -> None:
    good = snapshots.take_now("good")
    bad = write(root, ".grace/snapshots/manifests/S-20261123-0009-bad0.json", '{"id": ')
    again = another(root)
    assert [record.id for record in again.all()] == [good.id]
    assert len(again.problems) == 1
    assert bad.name in again.problems[0]
    assert bad.exists()


def test_pruning_keeps_the_newest_and_everything_they_need(root: Path, snapshots: Snapshots) -> None:
    for number in range(5):
        write(root, "kernels/a.py", f"a = {number}\n")
        snapshots.take_now(f"number {number}")
    kept = snapshots.all()[:2]
    assert len(snapshots.prune_now(2)) == 3
    assert snapshots.all() == another(root).all() == kept
    assert len(objects(root)) == 5
    for record in kept:
        another(root).restore_now(record.id)
        assert (root / "kernels/a.py").read_text() == f"a = {record.reason[-1]}\n"


def test_pruning_deletes_no_content_while_a_manifest_cannot_be_read(root: Path, snapshots: Snapshots) -> None:
    damaged = snapshots.take_now("old")
    file = root / f".grace/snapshots/manifests/{damaged.id}.json"
    whole = file.read_text()
    file.write_text(whole[:20])
    write(root, "kernels/a.py", "a = 2\n")
    newer = another(root)
    newer.take_now("new")
    newer.prune_now(1)
    file.write_text(whole)
    another(root).restore_now(damaged.id)
    assert (root / "kernels/a.py").read_text() == "a = 1\n"


def test_what_another_process_took_is_seen_and_not_pruned_away(root: Path, snapshots: Snapshots) -> None:
    assert snapshots.all() == ()
    write(root, "kernels/a.py", "from elsewhere\n")
    elsewhere = another(root).take_now("by the command line")
    write(root, "kernels/a.py", "a = 1\n")
    snapshots.take_now("here")
    snapshots.prune_now(2)
    snapshots.restore_now(elsewhere.id)
    assert (root / "kernels/a.py").read_text() == "from elsewhere\n"


def test_two_that_take_at_once_wait_for_one_another(root: Path, snapshots: Snapshots) -> None:
    script = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'w') as file:\n"
        "    fcntl.flock(file, fcntl.LOCK_EX)\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    (root / ".grace/snapshots").mkdir(parents=True)
    holder = Popen([sys.executable, "-c", script, str(root / ".grace/snapshots/lock")], stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    thread = threading.Thread(target=snapshots.take_now, args=("waits",))
    thread.start()
    assert snapshots.all() == ()
    assert thread.is_alive()
    holder.communicate(b"")
    thread.join()
    assert [record.reason for record in snapshots.all()] == ["waits"]


def test_a_snapshot_cut_off_before_its_manifest_is_no_snapshot(
    root: Path, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes, *, mode: int | None = None) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(manifests, "atomic_write", full)
    with pytest.raises(OSError, match="disk full"):
        snapshots.take_now("cut off")
    assert snapshots.all() == another(root).all() == ()


def test_kept_sources_are_for_their_owner_only(root: Path, snapshots: Snapshots) -> None:
    snapshots.take_now("boot")
    manifests = (root / ".grace/snapshots/manifests").iterdir()
    assert {file.stat().st_mode & 0o777 for file in (*objects(root), *manifests)} == {0o600}
    assert (root / ".grace/snapshots").stat().st_mode & 0o777 == 0o700
