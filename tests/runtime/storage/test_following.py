"""A log is followed across rotations: every line once, in order, and a loss is said."""

from pathlib import Path

import pytest

from grace_tui.kernel.errors import GraceError
from grace_tui.runtime.storage import following, logs
from grace_tui.runtime.storage.following import place_before, read_on, readable
from grace_tui.runtime.storage.logs import KernelLog


@pytest.fixture
def log(tmp_path: Path) -> KernelLog:
    return KernelLog(tmp_path / "web.jsonl", "web")


def write(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def rotate(path: Path) -> None:
    for number in (2, 1):
        if (older := path.with_suffix(f".{number}.jsonl")).exists():
            older.replace(path.with_suffix(f".{number + 1}.jsonl"))
    path.replace(path.with_suffix(".1.jsonl"))
    path.touch()


def follow(path: Path, place: str) -> tuple[list[str], str]:
    """Read until nothing follows."""
    found: list[str] = []
    while True:
        part = read_on(path, place)
        assert not part.missed
        if not part.lines:
            return found, part.place
        found += [line.decode() for line in part.lines]
        place = part.place


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "web.jsonl"
    found.touch()
    return found


@pytest.mark.parametrize(("lines", "expected"), [(0, []), (2, ["c", "d"]), (3, ["b", "c", "d"]), (9, list("abcd"))])
def test_last_lines_reach_back_into_rotated_files(path: Path, lines: int, expected: list[str]) -> None:
    write(path, "a", "b")
    rotate(path)
    write(path, "c", "d")
    assert follow(path, place_before(path, lines))[0] == expected


def test_lines_are_read_once_and_in_order_across_rotations(path: Path) -> None:
    write(path, "a")
    got, place = follow(path, place_before(path, 5))
    for turn in range(6):
        write(path, f"{turn}-before")
        rotate(path)
        write(path, f"{turn}-after")
        more, place = follow(path, place)
        got += more
    assert got == ["a", *(f"{turn}-{when}" for turn in range(6) for when in ("before", "after"))]


def test_several_rotations_between_two_looks_lose_nothing(path: Path) -> None:
    write(path, "a")
    place = place_before(path, 0)
    for line in "bcd":
        write(path, line)
        rotate(path)
    write(path, "e")
    assert follow(path, place)[0] == ["b", "c", "d", "e"]


def test_what_was_rotated_away_is_told(path: Path) -> None:
    write(path, "a")
    place = place_before(path, 0)
    for line in "bcdef":
        rotate(path)
        write(path, line)
    part = read_on(path, place)
    assert part.missed
    assert part.lines == [b"c", b"d", b"e", b"f"]


def test_line_that_is_being_written_is_left_for_later(path: Path) -> None:
    path.write_text("whole\nhal")
    part = read_on(path, "")
    assert part.lines == [b"whole"]
    with path.open("a") as file:
        file.write("f\n")
    assert read_on(path, part.place).lines == [b"half"]


def test_much_is_read_in_parts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PART_BYTES", 50)
    lines = [f"line {number}" for number in range(100)]
    write(path, *lines[:40])
    rotate(path)
    write(path, *lines[40:])
    assert follow(path, place_before(path, 100))[0] == lines


def test_line_too_long_for_an_answer_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PART_BYTES", 50)
    write(path, "short", "x" * 200_000, "after")
    lines, _ = follow(path, place_before(path, 3))
    assert (lines[0], lines[2]) == ("short", "after")
    assert "a line of 200001 bytes is left out" in lines[1]


def test_reused_inode_is_not_taken_for_the_old_file(path: Path) -> None:
    write(path, "first file, line one", "first file, line two")
    _, offset, mark = place_before(path, 0).split(":")
    path.write_text("another file that has grown beyond the place in the first one\n")
    assert read_on(path, f"{path.stat().st_ino}:{offset}:{mark}").missed


def test_place_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(GraceError, match="expected one that an earlier answer gave"):
        read_on(path, "here")


def test_real_log_is_followed_while_it_rotates(log: KernelLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "ROTATE_BYTES", 2_000)
    place, got = place_before(log.path, 0), 0
    for number in range(200):
        log.output("stdout", [f"line {number}"])
        if number % 25 == 24:
            lines, place = follow(log.path, place)
            said = [readable(line.encode()).split(" ", 1)[1] for line in lines]
            assert said == [f"stdout  line {got + index}" for index in range(len(lines))]
            got += len(lines)
    assert got == 200
    log.close()


def test_line_that_was_cut_is_shown_as_it_is() -> None:
    assert readable(b'{"at":1.0,"level":"in') == '{"at":1.0,"level":"in'
