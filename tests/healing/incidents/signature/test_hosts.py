"""sign: a failure has one signature whether it was raised here, told by a kernel's process, or printed by a program."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grace_tui.healing.failure import Failure
from grace_tui.healing.incidents.capture import capture
from grace_tui.healing.incidents.signature import Signature, sign
from grace_tui.kernel.errors import RemoteFailure
from tests.healing.incidents.signature.test_pythons import VERSIONS, python_of
from tests.healing.incidents.workshop import load, raised

NAME = "app/work.py"
SOURCE = """
import asyncio
import sys


class Client:
    def fetch(self, items):
        return [self.look_up({"a": 1}, item) for item in items]

    def look_up(self, table, key):
        try:
            return table[key]
        except KeyError as error:
            raise ValueError(f"no row for user {key!r} at {id(self)}") from error

    def nested(self):
        def inner():
            return (lambda: self.nope)()

        return inner()

    async def group(self):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.later())
            tasks.create_task(asyncio.sleep(5))

    async def later(self):
        await asyncio.sleep(0)
        self.append(subsystem="x")

    def append(self, *, result=""):
        pass


def recurse(number):
    return again(number + 1)


def again(number):
    return recurse(number)


def while_handling():
    try:
        1 / 0
    except ZeroDivisionError:
        open("/nonexistent/file.bin")


def decorated(function):
    def wrapper():
        return function()

    return wrapper


@decorated
def summed():
    return sum(1 // number for number in range(3))


ACTS = {
    "chained": lambda: Client().fetch(["alice"]),
    "nested": lambda: Client().nested(),
    "grouped": lambda: asyncio.run(Client().group()),
    "recursive": lambda: recurse(0),
    "handling": while_handling,
    "wrapped": summed,
}

if __name__ == "__main__":
    ACTS[sys.argv[1]]()
"""
ACTS = ("chained", "nested", "grouped", "recursive", "handling", "wrapped")


def captured(error: BaseException, root: Path) -> Failure:
    return capture(error, kernel="work", phase="run", root=root, at=1.0)


def raised_here(act: str, root: Path) -> Failure:
    return captured(raised(load(root, NAME, SOURCE).ACTS[act]), root)


def printed_by(python: str, act: str, root: Path) -> Signature:
    load(root, NAME, SOURCE)
    ran = subprocess.run([python, NAME, act], cwd=root, capture_output=True, text=True, timeout=30)
    return sign(captured(RemoteFailure("CommandExited", "exited with status 1", printed=ran.stderr), root))


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_program_prints_is_signed_as_if_it_were_raised_here(tmp_path: Path, act: str, version: str) -> None:
    python = python_of(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    assert printed_by(python, act, tmp_path / "elsewhere") == sign(raised_here(act, tmp_path / "here"))


@pytest.mark.parametrize("act", ACTS)
def test_what_a_process_describes_is_signed_as_if_it_were_raised_here(tmp_path: Path, act: str) -> None:
    failure = raised_here(act, tmp_path)
    described = msgspec.to_builtins(failure)
    told = captured(RemoteFailure(failure.kind, failure.message, described=described), tmp_path)
    assert sign(told) == sign(failure)


def test_the_acts_are_as_many_failures(tmp_path: Path) -> None:
    assert len({sign(raised_here(act, tmp_path)).strict for act in ACTS}) == len(ACTS)
    assert printed_by(sys.executable, "nested", tmp_path).parts[-1] == f"at {NAME} Client.nested.inner"
