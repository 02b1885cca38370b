"""Real pseudo-terminals, entered and given back."""

import os
import pty
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from grace_tui.faces.remote.terminal import RawTerminal, color_of
from grace_tui.kernel.errors import GraceError


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    master, slave = pty.openpty()
    yield master, slave
    os.close(slave)
    with suppress(OSError):  # a test may have closed it
        os.close(master)


@pytest.mark.parametrize(
    ("environ", "color"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "tmux-256color"}, "256"),
        ({"TERM": "xterm"}, "256"),
        ({"TERM": "linux"}, "16"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none"),
    ],
)
def test_colours_are_read_from_the_environment(environ: dict[str, str], color: str) -> None:
    assert color_of(environ) == color


def test_a_terminal_is_given_back_as_it_was(pair: tuple[int, int]) -> None:
    master, slave = pair
    before = termios.tcgetattr(slave)
    terminal = RawTerminal(os.ttyname(slave))
    terminal.start()
    assert not termios.tcgetattr(slave)[3] & termios.ISIG
    terminal.restore(b"bye")
    terminal.restore(b"twice")
    assert termios.tcgetattr(slave) == before
    assert os.read(master, 100) == b"bye"


def test_the_shells_own_descriptor_stays_blocking(pair: tuple[int, int]) -> None:
    terminal = RawTerminal(os.ttyname(pair[1]))
    assert os.get_blocking(pair[1])
    assert not os.get_blocking(terminal.fd)
    terminal.restore()


def test_a_terminal_that_takes_nothing_is_given_up_on(pair: tuple[int, int]) -> None:
    terminal = RawTerminal(os.ttyname(pair[1]))
    assert not terminal.put(b"x" * 1_000_000, seconds=0.05)
    terminal.restore()


def test_a_terminal_that_is_gone_is_given_up_on(pair: tuple[int, int]) -> None:
    terminal = RawTerminal(os.ttyname(pair[1]))
    terminal.start()
    os.close(pair[0])
    assert not terminal.put(b"x")
    terminal.restore()


def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(GraceError, match="is no terminal"):
        RawTerminal(str(file))
    with pytest.raises(GraceError, match="no terminal to show a screen on"):
        RawTerminal(str(tmp_path / "missing"))
