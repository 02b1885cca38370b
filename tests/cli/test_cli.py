"""The exit codes, the streams and the words of a call that goes wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui import __version__, drill
from grace_tui.cli import opening
from grace_tui.cli.group import VERBS
from grace_tui.workspace import Workspace
from tests.cli.fake_room import FakeRoom, Shell

ASKING = (
    "down",
    "status",
    "kernel list",
    "kernel restart x",
    "kernel logs x",
    "incident list",
    "task show x",
    "snapshot list",
    "knowledge list",
    "audit verify",
)
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
HEAVY = ("click", "textual", "rich", "msgspec", "sqlalchemy", "libcst", "asyncio")


@pytest.mark.parametrize("call", ASKING)
def test_asking_without_a_room_ends_with_3(workspace: Workspace, grace: Shell, call: str) -> None:
    assert grace(*call.split()) == 3
    assert grace.err == f"grace-tui: no room is open in {workspace.root}; open one with `grace-tui`\n"
    assert grace.out == ""


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("statsu", "statsu is not a verb; did you mean status?"),
        ("xyzzy", "xyzzy is not a verb; there are up, attach"),
        ("status --jsn", "grace-tui: no such option"),
        ("status --timeout x", "grace-tui: invalid value for '--timeout': 'x'"),
        ("kernel frob x", "no such command 'frob' (see `grace-tui kernel --help`)"),
        ("kernel show", "missing argument 'NAME' (see `grace-tui kernel show --help`)"),
        ("drill sed", "'sed' is not 'seed'"),
        ("--drill sed", "'sed' is not 'seed'"),
        ("up --drill sed", "'sed' is not 'seed'"),
        ("--drill seed status", "--drill opens a room; leave out status"),
        ("status -w nowhere", "nowhere has no kernels/; make a workspace of it with `grace-tui new nowhere`"),
        ("up --detach --drill seed", "a drill is for watching; leave out --detach"),
    ],
)
def test_wrong_call_ends_with_2(workspace: Workspace, grace: Shell, call: str, message: str) -> None:
    assert grace(*call.split()) == 2
    assert message in grace.err
    assert grace.err.count("\n") == 1
    assert grace.out == ""


@pytest.mark.parametrize("call", ["", "up", "attach", "--drill seed", "up --drill seed"])
def test_screen_needs_a_terminal(workspace: Workspace, grace: Shell, call: str) -> None:
    assert grace(*call.split()) == 2
    assert grace.err.startswith("grace-tui: this needs a terminal; ")


def test_drills_that_the_options_name_are_those_that_can_be_played() -> None:
    assert opening.DRILLS == drill.DRILLS


def test_refusal_of_the_room_ends_with_1(room: FakeRoom, grace: Shell) -> None:
    room.says("kernel.show", {}, ok=False, text="there is no kernel nobody")
    assert grace("kernel", "show", "nobody") == 1
    assert (grace.out, grace.err) == ("", "grace-tui: there is no kernel nobody\n")


def test_answer_of_another_version_is_told(room: FakeRoom, grace: Shell) -> None:
    room.says("status", {"kernels": 5})
    assert grace("status") == 1
    assert "the room's answer cannot be read" in grace.err


def test_workspace_may_be_named_before_or_after_the_verb(
    room: FakeRoom, grace: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    room.says("task.list", {"tasks": []})
    assert grace("-w", str(room.workspace.root), "task", "list") == 0
    assert grace("task", "list", "--workspace", str(room.workspace.root)) == 0
    assert grace("task", "list") == 3


def test_version_is_printed(grace: Shell) -> None:
    assert grace("--version") == 0
    assert grace.out == f"grace-tui {__version__}\n"


def test_help_names_every_verb_and_code(grace: Shell) -> None:
    assert grace("--help") == 0
    for verb in VERBS:
        assert f"\n  {verb} " in grace.out
    assert "3\n  no room is open" in grace.out or "3 no room is open" in grace.out


def python(code: str) -> str:
    """What `code` prints in an interpreter of its own."""
    words = [sys.executable, "-c", code]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, env=ENVIRONMENT).stdout


def test_nothing_heavy_is_imported_before_the_verb_is_known() -> None:
    code = f"import sys, grace_tui.cli; print([name for name in {HEAVY} if name in sys.modules])"
    assert python(code) == "[]\n"


def test_verb_that_asks_imports_no_screen(room: FakeRoom) -> None:
    room.says("task.list", {"tasks": []})
    code = (
        "import sys; from grace_tui.cli import run; assert run(['task', 'list', '--json']) == 0;"
        f"print([name for name in {HEAVY[1:3] + HEAVY[4:]} if name in sys.modules])"
    )
    assert python(code) == "[]\n[]\n"


def test_reader_that_goes_away_is_no_traceback(room: FakeRoom) -> None:
    room.says("kernel.logs", {"lines": ["line"] * 50_000})
    words = [sys.executable, "-m", "grace_tui", "kernel", "logs", "x"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, cwd=room.workspace.root, env=ENVIRONMENT) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
