"""Bundles on disk: whole or absent, bounded, and no worse for a full disk, a folder that refuses or a sudden end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.healing.incidents.evidence.bundle import (
    BUNDLE_LIMIT,
    FILE_LIMIT,
    INDEX,
    Bundles,
    CannotWrite,
    Part,
    read_index,
)

PARTS = (Part("traceback.txt", "the failure", "boom\n"), Part("later.diff", "changes", follows=True))


@pytest.fixture
def bundles(tmp_path: Path) -> Bundles:
    return Bundles(tmp_path / "incidents")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_bundle_has_its_parts_and_an_index_of_them(bundles: Bundles) -> None:
    folder = bundles.write("I-1", (*PARTS, Part("locals.json", "variables", missing="there were none")))
    assert names(folder) == [INDEX, "traceback.txt"]
    index = read_index(folder)
    assert index is not None
    assert [(part.name, part.bytes, part.missing, part.follows) for part in index.parts] == [
        ("traceback.txt", 5, "", False),
        ("later.diff", 0, "", True),
        ("locals.json", 0, "there were none", False),
    ]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_part_that_follows_takes_its_place_in_the_index(bundles: Bundles) -> None:
    folder = bundles.write("I-1", PARTS)
    bundles.add(folder, Part("later.diff", "changes", "+1\n"))
    bundles.add(folder, Part("traceback.txt", "the failure", "boom and more\n"))
    index = read_index(folder)
    assert index is not None
    assert [(part.name, part.bytes, part.follows) for part in index.parts] == [
        ("traceback.txt", 14, False),
        ("later.diff", 3, False),
    ]
    assert (folder / "traceback.txt").read_text() == "boom and more\n"


def test_a_bundle_that_was_deleted_meanwhile_stays_deleted(bundles: Bundles) -> None:
    folder = bundles.write("I-1", PARTS)
    bundles.remove("I-1")
    bundles.add(folder, Part("later.diff", "changes", "+1\n"))
    assert names(bundles.folder) == []


def test_a_long_part_is_cut_between_characters_and_says_so(bundles: Bundles) -> None:
    folder = bundles.write("I-1", (Part("kernel.log", "log", "é" * FILE_LIMIT),))
    data = (folder / "kernel.log").read_bytes()
    index = read_index(folder)
    assert index is not None
    assert len(data) <= FILE_LIMIT
    assert data.decode().endswith(f"\n… {index.parts[0].cut} more bytes were left out\n")
    assert len(data) == index.parts[0].bytes


def test_half_a_json_file_is_none(bundles: Bundles) -> None:
    folder = bundles.write("I-1", (Part("settings.json", "settings", '"' + "x" * FILE_LIMIT + '"'),))
    index = read_index(folder)
    assert index is not None
    assert index.parts[0].missing == f"it has {FILE_LIMIT + 2} bytes, which is more than is kept"
    assert names(folder) == [INDEX]


def test_all_parts_together_are_bounded_and_the_first_ones_win(bundles: Bundles) -> None:
    folder = bundles.write("I-1", tuple(Part(f"{number}.txt", "text", "x" * 200_000) for number in range(8)))
    bundles.add(folder, Part("late.diff", "changes", "y" * 200_000))
    index = read_index(folder)
    assert index is not None
    assert index.bytes <= BUNDLE_LIMIT
    assert [part.bytes for part in index.parts[:5]] == [200_000] * 5
    assert all(part.missing or part.cut for part in index.parts[5:])


def test_what_a_crash_left_half_done_is_swept_away_and_nothing_else(bundles: Bundles) -> None:
    bundles.write("I-1", PARTS)
    (bundles.folder / ".I-2.part").mkdir()
    (bundles.folder / ".I-2.part/traceback.txt").write_text("half")
    (bundles.folder / ".I-3.gone.part").mkdir()
    bundles.sweep()
    assert names(bundles.folder) == ["I-1"]


KILLED = """
import sys
from pathlib import Path
from grace_tui.healing.incidents.evidence.bundle import Bundles, Part

class Dies(str):
    def encode(self, *how):
        sys.stdout.write("half\\n")
        sys.stdout.flush()
        sys.stdin.read()

bundles = Bundles(Path(sys.argv[1]))
bundles.write("I-1", (Part("a.txt", "", "whole"), Part("b.txt", "", Dies("never written"))))
"""


def test_a_process_that_is_killed_while_it_writes_leaves_no_bundle(bundles: Bundles) -> None:
    words = [sys.executable, "-c", KILLED, str(bundles.folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        writer.send_signal(signal.SIGKILL)
    assert names(bundles.folder) == [".I-1.part"]
    assert names(bundles.folder / ".I-1.part") == ["a.txt"]
    assert bundles.sizes() == {}
    bundles.sweep()
    assert names(bundles.folder) == []
    assert read_index(bundles.write("I-1", PARTS)) is not None


# ---- a disk that refuses


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_nothing_and_is_named_and_takes_bundles_again_when_it_has_room(small_disk: Path) -> None:
    bundles = Bundles(small_disk / "incidents")
    (small_disk / "ballast").write_bytes(bytes(100_000))
    parts = (Part("a.txt", "", "x" * 20_000), Part("b.txt", "", "x" * 60_000))
    with pytest.raises(CannotWrite) as refused:
        bundles.write("I-1", parts)
    assert str(refused.value) == f"{bundles.folder} cannot be written: No space left on device"
    assert names(bundles.folder) == []
    with pytest.raises(CannotWrite):
        bundles.try_disk()
    (small_disk / "ballast").unlink()
    bundles.try_disk()
    assert names(bundles.write("I-1", parts)) == ["a.txt", "b.txt", INDEX]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from grace_tui.healing.incidents.evidence.bundle import Bundles, CannotWrite, Part

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
bundles = Bundles(Path(sys.argv[1]))
try:
    bundles.write("I-1", (Part("a.txt", "", "x"), Part("b.txt", "", "x" * 10_000)))
except CannotWrite as error:
    print(error)
"""


def test_a_limit_of_the_file_size_leaves_nothing_and_is_named(bundles: Bundles) -> None:
    words = [sys.executable, "-c", LIMITED, str(bundles.folder)]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told.stdout == f"{bundles.folder} cannot be written: File too large\n"
    assert names(bundles.folder) == []


def test_a_part_that_does_not_fit_any_more_leaves_the_bundle_as_it_was(small_disk: Path) -> None:
    bundles = Bundles(small_disk / "incidents")
    folder = bundles.write("I-1", PARTS)
    before = (folder / INDEX).read_bytes()
    with pytest.raises(CannotWrite):
        bundles.add(folder, Part("later.diff", "changes", "x" * 200_000))
    assert (folder / INDEX).read_bytes() == before
    assert names(folder) == [INDEX, "traceback.txt"]


def test_a_file_in_the_folders_place_is_named(bundles: Bundles) -> None:
    bundles.folder.write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match=r"incidents cannot be written: (Not a directory|File exists)"):
        bundles.write("I-1", PARTS)


@pytest.fixture
def read_only(bundles: Bundles) -> Iterator[Bundles]:
    """A folder without write permission, which root may not write either."""
    bundles.folder.mkdir()
    if os.geteuid():
        bundles.folder.chmod(0o500)
        yield bundles
        bundles.folder.chmod(0o700)
        return
    locked = subprocess.run(["chattr", "+i", str(bundles.folder)], capture_output=True)
    if locked.returncode:
        pytest.skip(f"root writes everywhere here: {locked.stderr.decode().strip()}")
    yield bundles
    subprocess.run(["chattr", "-i", str(bundles.folder)], check=True)


def test_a_folder_without_write_permission_is_named(read_only: Bundles) -> None:
    with pytest.raises(CannotWrite, match=r"incidents cannot be written: (Operation not permitted|Permission denied)"):
        read_only.write("I-1", PARTS)
    assert names(read_only.folder) == []
