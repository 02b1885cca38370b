"""What a person does with the program in a terminal, from the first screen to the last."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace_tui.workspace import make_workspace
from tests.journeys.terminals import Terminals

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    # A socket's name is short; a test's folder need not be.
    with tempfile.TemporaryDirectory(prefix="grace-") as home:
        found = Terminals(Path(home), make_workspace(tmp_path / "room").root)
        try:
            yield found
        finally:
            found.close()


def test_a_person_looks_around_restarts_a_kernel_and_leaves(terminals: Terminals) -> None:
    terminals.open("here")
    terminals.shows("here", "20/20", "message_bus", "incidents")
    terminals.press("here", "g", "Enter")
    terminals.shows("here", "requires", "kernels/")
    terminals.press("here", "Escape")
    terminals.hides("here", "kernels/")
    terminals.press("here", "?")
    terminals.shows("here", "Restart the kernel")
    terminals.press("here", "Escape")
    terminals.hides("here", "Restart the kernel")
    terminals.press("here", "/")
    terminals.press("here", "-l", "libr")
    filtered = terminals.shows("here", "/libr")
    assert "librarian" in filtered
    terminals.hides("here", "voice_conversation")
    terminals.press("here", "Enter")
    terminals.press("here", "r")
    # The key is on its way while these ask: what it did is waited for, not looked up once.
    terminals.eventually(
        lambda: "kernel.restart" in terminals.run("audit", "tail").stdout, "a restart in the audit log"
    )
    running = terminals.run("status", "--wait", "running=20", "--json")
    assert running.returncode == 0, running.stderr
    terminals.press("here", "Escape")
    terminals.shows("here", "message_bus", "20/20")
    terminals.tmux("resize-window", "-t", "here", "-x", "80", "-y", "24")
    small = terminals.until("here", lambda screen: "20/20" in screen and len(screen.splitlines()) <= 24, "80x24")
    assert max(len(line) for line in small.splitlines()) <= 80
    terminals.press("here", "q")
    terminals.shows("here", "Stop the room?")
    terminals.press("here", "y")
    terminals.ended("here")
    assert terminals.run("status").returncode == 3


def test_a_detached_room_outlives_the_terminals_that_join_it(terminals: Terminals) -> None:
    opened = terminals.run("up", "--detach")
    assert opened.returncode == 0, opened.stderr
    assert terminals.status("--wait", "running=20")["total"] == 20
    terminals.open("large", "attach")
    terminals.open("small", "attach", width=80, height=24)
    terminals.shows("large", "20/20")
    terminals.shows("small", "20/20")
    terminals.status("--wait", "screens=2")
    terminals.press("large", "C-\\")
    terminals.ended("large")
    terminals.tmux("kill-session", "-t", "small")
    assert terminals.status("--wait", "screens=0")["running"] == 20
    closed = terminals.run("down")
    assert closed.returncode == 0, closed.stderr
    assert terminals.run("status").returncode == 3


def test_a_room_goes_on_when_its_own_terminal_vanishes(terminals: Terminals) -> None:
    terminals.open("here")
    terminals.shows("here", "20/20")
    terminals.tmux("kill-session", "-t", "here")
    assert terminals.status("--wait", "running=20", "--wait", "screens=0")["running"] == 20
    terminals.open("again", "attach")
    terminals.shows("again", "20/20")
    assert terminals.run("down").returncode == 0
    terminals.ended("again")
