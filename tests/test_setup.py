"""setup.sh finds Python, installs once, and passes exit codes through: run by dash among programs made for the test."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("dirname", "cksum", "cat", "id", "env", "sed", "rm", "mkdir", "cp", "chmod")
GOOD_PYTHON = """
case "$*" in
*'version_info[:2]'*) echo 3.12 ;;
--version) echo Python 3.12.1 ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$(dirname "$0")/grace-tui" "$3/bin/" ;;
*) ;;
esac
"""
OLD_PYTHON = "exit 1"
PYTHON_WITHOUT_VENV = """
case "$*" in
*ensurepip*) exit 1 ;;
*'version_info[:2]'*) echo 3.11 ;;
esac
"""


class Machine:
    """A folder of programs that is the whole PATH; each notes its calls in `calls`."""

    def __init__(self, home: Path) -> None:
        self.programs, self.project, self.calls = home / "bin", home / "project", home / "calls"
        self.programs.mkdir()
        self.project.mkdir()
        self.calls.touch()
        for name in ("setup.sh", "pyproject.toml"):
            shutil.copy(ROOT / name, self.project)
        for name in NEEDED:
            (self.programs / name).symlink_to(shutil.which(name) or "")
        self.has("grace-tui", 'exit "${CODE:-0}"')

    def has(self, name: str, script: str) -> None:
        program = self.programs / name
        program.write_text(f'#!/bin/sh\nprintf \'%s %s\\n\' "{name}" "$*" >>"{self.calls}"\n{script}\n')
        program.chmod(0o755)

    def setup(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self.calls.write_text("")
        return subprocess.run(
            ["/bin/sh", str(self.project / "setup.sh"), *words],
            capture_output=True,
            text=True,
            env={"PATH": str(self.programs)} | environment,
        )

    @property
    def called(self) -> str:
        return self.calls.read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("words", [(), ("fly",)])
def test_wrong_call_shows_the_three_verbs(machine: Machine, words: tuple[str, ...]) -> None:
    found = machine.setup(*words)
    assert found.returncode == 2
    assert [line.split()[2] for line in found.stderr.splitlines()] == ["run", "test", "dev"]


def test_first_run_installs_and_opens_the_room(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON)
    found = machine.setup("run", "status", "--json")
    assert found.returncode == 0, found.stderr
    assert f"pip install --quiet --disable-pip-version-check --editable {machine.project}\n" in machine.called
    assert machine.called.endswith("grace-tui status --json\n")


def test_second_run_installs_nothing_and_passes_the_exit_code(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON)
    machine.setup("run")
    found = machine.setup("run", "x", CODE="3")
    assert (found.returncode, found.stderr) == (3, "")
    assert "install" not in machine.called


def test_changed_requirements_are_installed_again(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON)
    machine.setup("run")
    with (machine.project / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    assert machine.setup("run").returncode == 0
    assert "pip install" in machine.called


def test_environment_of_a_developer_serves_the_room_too(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON)
    machine.setup("dev")
    assert f"--editable {machine.project}[dev]\n" in machine.called
    machine.setup("run")
    assert "install" not in machine.called


def test_environment_may_lie_elsewhere(machine: Machine, tmp_path: Path) -> None:
    machine.has("python3", GOOD_PYTHON)
    assert machine.setup("run", GRACE_VENV=str(tmp_path / "else")).returncode == 0
    assert (tmp_path / "else" / "grace-stamp").is_file()
    assert not (machine.project / ".venv").exists()


def test_newer_python_is_found_beside_an_old_one(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON)
    machine.has("python3.12", GOOD_PYTHON)
    assert machine.setup("run").returncode == 0


def test_python_that_is_too_old_is_told(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON)
    found = machine.setup("run")
    assert found.returncode == 1
    assert "setup: Python 3.11 or newer is needed; install it, or name it in PYTHON" in found.stderr


def test_missing_venv_is_installed_on_debian(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_VENV)
    machine.has("sudo", 'exec "$@"')
    machine.has("apt-get", "")
    machine.setup("run")
    assert "apt-get update -qq\n" in machine.called
    assert "apt-get install -y -qq --no-install-recommends python3.11-venv\n" in machine.called


def test_missing_venv_is_told_elsewhere(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_VENV)
    found = machine.setup("run")
    assert found.returncode == 1
    assert "has no venv; install the package python3.11-venv" in found.stderr


def test_failed_installation_is_tried_again(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON.replace("*) ;;", '"-m pip"*) exit 1 ;;'))
    for _ in range(2):
        found = machine.setup("run")
        assert found.returncode == 1
        assert "setup: pip could not install; its message is above" in found.stderr


def test_tests_bring_the_programs_they_drive(machine: Machine) -> None:
    machine.has("python3", GOOD_PYTHON)
    machine.has("sudo", 'exec "$@"')
    machine.has("apt-get", "")
    machine.has("ssh", "")
    assert machine.setup("test", "-k", "x").returncode == 0
    assert "--no-install-recommends tmux\n" in machine.called
    assert machine.called.endswith("-m pytest -k x\n")
