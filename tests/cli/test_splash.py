"""The first frame comes before the screens are imported, and is taken away when they never come up."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from grace_tui.workspace import Workspace

ROOT = Path(__file__).parents[2]
FAKE_ROOM = """
import sys, types
from grace_tui.kernel.errors import GraceError
room = types.ModuleType("grace_tui.room")
def open_in_terminal(workspace):
    assert "textual" not in sys.modules
    {body}
room.open_in_terminal = open_in_terminal
sys.modules["grace_tui.room"] = room
from grace_tui.cli import run
sys.exit(run(["up"]))
"""


def in_terminal(code: str, folder: Path) -> tuple[int, bytes]:
    """Run `code` on a terminal of its own; returns its exit code and all that it painted."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHON_COLORS": "0"},
    ) as process:
        os.close(theirs)
        painted = b""
        try:
            while data := os.read(ours, 65536):
                painted += data
        except OSError:  # how Linux tells that the other end of a terminal is closed
            pass
        finally:
            os.close(ours)
    return process.returncode, painted


@pytest.mark.parametrize(
    ("body", "code", "end"),
    [
        pytest.param("return 0", 0, b"", id="opened"),
        pytest.param("raise GraceError('no luck')", 1, b"grace-tui: no luck\r\n", id="refused"),
        pytest.param("1 / 0", 1, b"ZeroDivisionError: division by zero\r\n", id="defect"),
    ],
)
def test_splash_is_left_when_the_room_fails(workspace: Workspace, body: str, code: int, end: bytes) -> None:
    found, painted = in_terminal(FAKE_ROOM.format(body=body), workspace.root)
    assert found == code
    assert painted.startswith(b"\x1b[?1049h")
    assert f"opening {workspace.root}"[:40].encode() in painted
    assert (b"\x1b[?1049l" in painted) == bool(end)
    assert painted.endswith(end)
