"""The doctor finds what is wrong, says what to do, and ends with 1 only where a room cannot work."""

import time
from pathlib import Path

import pytest

from grace_tui.cli.doctor.finding import Finding
from grace_tui.cli.doctor.machine import inotify_limits, python_version
from grace_tui.cli.doctor.processes import open_files, process_findings
from grace_tui.cli.doctor.terminal import colours, encoding, terminal_size
from grace_tui.cli.doctor.workspace import free_disk, grouping, kernel_files, settings, shipped_kernels, state_folder
from grace_tui.cli.verbs.doctor import report
from grace_tui.workspace import Workspace
from tests.cli.fake_room import FakeRoom, Shell


@pytest.mark.parametrize(("version", "level"), [((3, 10), "bad"), ((3, 11), "ok"), ((3, 14), "ok"), ((3, 15), "warn")])
def test_python_version_is_judged(version: tuple[int, int], level: str) -> None:
    assert python_version(version).level == level


def test_low_inotify_limit_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "max_user_watches").write_text("100\n")
    (tmp_path / "max_user_instances").write_text("128\n")
    low, fine = inotify_limits(tmp_path)
    assert (low.level, fine.level) == ("warn", "ok")
    assert "sysctl fs.inotify.max_user_watches=65536" in low.advice


@pytest.mark.parametrize(
    ("hard", "level", "words"),
    [(1024, "ok", "enough for 206 programs"), (256, "warn", "enough for 14 programs"), (-1, "ok", "no limit")],
)
def test_limit_of_open_files_is_judged_by_programs(hard: int, level: str, words: str) -> None:
    found = open_files(hard)
    assert (found.level, words in found.found) == (level, True)


def test_system_without_proc_is_warned_of(tmp_path: Path) -> None:
    found = {finding.name: finding for finding in process_findings(tmp_path / "none")}
    assert (found["/proc"].level, found["/proc"].found) == ("warn", "not there")
    assert set(found) == {"open files", "pidfd", "death signal", "thread clock", "/proc"}


def test_system_that_counts_no_threads_work_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid")
    found = {finding.name: finding for finding in process_findings()}
    assert (found["thread clock"].level, found["thread clock"].found) == ("warn", "not there")


@pytest.mark.parametrize(("columns", "lines", "level"), [(80, 24, "ok"), (79, 24, "warn"), (39, 24, "bad")])
def test_terminal_size_is_judged(columns: int, lines: int, level: str) -> None:
    assert terminal_size(columns, lines).level == level


@pytest.mark.parametrize(
    ("environment", "terminfo", "level"),
    [
        ({"COLORTERM": "truecolor"}, 8, "ok"),
        ({}, 256, "ok"),
        ({}, 8, "warn"),
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, 256, "warn"),
    ],
)
def test_colours_are_judged(environment: dict[str, str], terminfo: int, level: str) -> None:
    assert colours(environment, terminfo).level == level


@pytest.mark.parametrize(("name", "level"), [("UTF-8", "ok"), ("utf8", "ok"), ("ascii", "bad"), ("", "bad")])
def test_encoding_is_judged(name: str, level: str) -> None:
    assert encoding(name).level == level


@pytest.mark.parametrize(("free", "level"), [(5 << 30, "ok"), (500 << 20, "warn"), (50 << 20, "bad")])
def test_free_disk_is_judged(free: int, level: str) -> None:
    assert free_disk(free).level == level


def test_open_state_folder_is_bad(workspace: Workspace) -> None:
    assert state_folder(workspace.state).level == "ok"
    workspace.prepare()
    assert state_folder(workspace.state).level == "ok"
    workspace.state.chmod(0o750)
    assert state_folder(workspace.state).level == "bad"


def test_wrong_settings_are_bad(workspace: Workspace) -> None:
    assert settings(workspace.settings_file).level == "ok"
    workspace.settings_file.write_text("[rom]\n")
    found = settings(workspace.settings_file)
    assert found.level == "bad"
    assert "did you mean room?" in found.found


def test_rules_of_grouping_are_judged_where_there_are_any(tmp_path: Path) -> None:
    path = tmp_path / "grouping.toml"
    assert list(grouping(path)) == []
    path.write_text('[[rule]]\nkind = "X"\ngroup = "x"\n')
    assert [found.level for found in grouping(path)] == ["ok"]
    path.write_text('[[rule]]\nkind = "X"\n')
    (found,) = grouping(path)
    assert (found.level, found.found) == ("bad", f"{path}:1: a rule has either group or split_by")


def test_kernel_file_that_does_not_compile_is_named(workspace: Workspace) -> None:
    (workspace.kernels / "good.py").write_text("x = 1\n")
    assert kernel_files(workspace.kernels).found == "1 compile"
    (workspace.kernels / "deep").mkdir()
    (workspace.kernels / "deep" / "broken.py").write_text("def f(:\n")
    found = kernel_files(workspace.kernels)
    assert (found.level, found.found) == ("bad", "kernels/deep/broken.py:1: invalid syntax")


def test_doctor_as_json_names_every_check(room: FakeRoom, grace: Shell) -> None:
    assert grace("doctor", "--json") == 0
    found = {finding["name"]: finding for finding in grace.json["findings"]}
    assert grace.json["ok"] is True
    assert found["room"]["found"] == "open"
    assert {"python", "terminal", "colours", "encoding", "workspace", "settings", "state", "free disk"} <= set(found)


def test_doctor_ends_with_1_where_a_room_cannot_work(workspace: Workspace, grace: Shell) -> None:
    workspace.settings_file.write_text("x = \n")
    assert grace("doctor") == 1
    assert "✖ bad" in grace.out


def test_doctor_fits_80_columns(workspace: Workspace, grace: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert grace("doctor") == 0
    assert max(len(line) for line in grace.out.splitlines()) <= 80


def test_report_cuts_nothing_and_puts_what_to_do_below() -> None:
    found = [Finding("python", "ok", "3.11"), Finding("settings", "bad", "word " * 30, "correct grace.toml")]
    lines = list(report(found, 60))
    assert lines[0] == "✓ ok    python    3.11"
    assert lines[1].startswith("✖ bad   settings  word")
    assert "".join(lines).count("word") == 30
    assert lines[-1] == " " * 16 + "→ correct grace.toml"
    assert max(map(len, lines)) <= 60


KERNEL = "from grace_tui.kernel import Kernel\n\n\nclass One(Kernel):\n    pass\n"


def kernels_in(root: Path, **files: str) -> Path:
    folder = root / "kernels"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_shipped_kernels_that_are_missing_or_others_are_told(tmp_path: Path) -> None:
    theirs = kernels_in(tmp_path / "shipped", one=KERNEL, two=KERNEL, three=KERNEL)
    own = kernels_in(tmp_path / "own", one=KERNEL, two=KERNEL + "\nOLDER = 1\n", mine=KERNEL)
    missing, changed = shipped_kernels(own, theirs)
    assert (missing.level, missing.found.partition(" ")[0]) == ("warn", "three")
    assert str(theirs) in missing.advice
    assert (changed.level, changed.found.partition(" ")[0]) == ("ok", "two")


def test_a_workspace_as_it_was_made_has_the_shipped_kernels(tmp_path: Path) -> None:
    theirs = kernels_in(tmp_path / "shipped", one=KERNEL, two=KERNEL)
    own = kernels_in(tmp_path / "own", one=KERNEL, two=KERNEL)
    (found,) = shipped_kernels(own, theirs)
    assert (found.level, found.found.partition(",")[0]) == ("ok", "2")


def test_a_workspace_of_own_kernels_only_is_not_compared(tmp_path: Path) -> None:
    theirs = kernels_in(tmp_path / "shipped", one=KERNEL)
    assert list(shipped_kernels(kernels_in(tmp_path / "own", mine=KERNEL), theirs)) == []
