"""Installed packages against those that were accepted, and against what a project asks for."""

import os
from pathlib import Path

import pytest

from grace_tui.healing.triggers.versions import Installed, is_older, regressions, replaced, unmet

OLD = {"anyio": "4.12.0", "psutil": "7.0"}


def folder_of(root: Path, **packages: str) -> Path:
    for name, version in packages.items():
        (root / f"{name}-{version}.dist-info").mkdir(parents=True)
    return root


def test_installed_packages_are_read_again_when_one_changes(tmp_path: Path) -> None:
    folder_of(tmp_path, Some_Thing="1.0", psutil="7.0")
    installed = Installed([f"{tmp_path}", f"{tmp_path / 'absent'}"])
    first = installed.read()
    assert first == {"some-thing": "1.0", "psutil": "7.0"}
    assert installed.read() is first
    (tmp_path / "psutil-7.0.dist-info").rename(tmp_path / "psutil-7.1.dist-info")
    os.utime(tmp_path, ns=(1, 1))
    assert installed.read()["psutil"] == "7.1"


def test_this_python_has_what_these_tests_use() -> None:
    assert {"msgspec", "pytest", "psutil"} <= set(Installed().read())


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (OLD, []),
        ({**OLD, "anyio": "4.13"}, []),
        ({**OLD, "new": "1"}, []),
        ({**OLD, "anyio": "4.9.0"}, ["anyio 4.9.0, was 4.12.0"]),
        ({"anyio": "4.12.0"}, ["psutil 7.0 is gone"]),
    ],
)
def test_older_or_gone_is_a_regression_and_newer_is_none(now: dict[str, str], found: list[str]) -> None:
    assert regressions(OLD, now) == found


def test_versions_are_compared_as_versions() -> None:
    assert is_older("4.9", "4.12")
    assert not is_older("4.12", "4.9")
    assert is_older("what", "4.9")


def test_whatever_changes_under_a_running_process_was_replaced() -> None:
    assert replaced(OLD, {"anyio": "4.13"}) == ["anyio 4.12.0 -> 4.13", "psutil 7.0 -> gone"]


def test_what_a_project_asks_for_and_does_not_get_is_named(tmp_path: Path) -> None:
    assert unmet(tmp_path, OLD, "3.11.4") == []
    (tmp_path / "pyproject.toml").write_text(
        "[project]\nname = 'x'\nrequires-python = '>=3.12'\n"
        "dependencies = ['anyio>=4.13', 'psutil', 'absent', 'other; python_version < \"3\"', '???']\n"
    )
    assert [found.partition(":")[0] for found in unmet(tmp_path, OLD, "3.11.4")] == [
        "Python 3.11.4, pyproject.toml asks for >=3.12",
        "anyio 4.12.0, pyproject.toml asks for >=4.13",
        "absent is missing, pyproject.toml asks for it",
        "pyproject.toml",
    ]
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nrequires-python = '>=3.10'\n")
    assert unmet(tmp_path, OLD, "3.11.4") == []
