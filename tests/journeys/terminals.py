"""Real terminals of a tmux server of the test's own, in which the real program runs on a scratch workspace."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
PATIENCE = 30.0
PAUSE = 0.05
"""Seconds between two looks at a terminal."""


class Terminals:
    """Sessions of one tmux server, by name; the room of one workspace."""

    def __init__(self, home: Path, root: Path) -> None:
        assert shutil.which("tmux"), "the journeys need tmux: apt-get install tmux"
        self.home, self.root = home, root
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TMUX")},
            "PYTHONPATH": str(PROJECT),
            "XDG_DATA_HOME": str(home / "data"),
            "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/sh",
        }

    def open(self, name: str, *arguments: str, width: int = 120, height: int = 40) -> None:
        """Run `grace-tui ARGUMENTS` in a new terminal."""
        size = ("-x", str(width), "-y", str(height))
        self.tmux("new-session", "-d", "-s", name, *size, "-c", str(self.root), *self._words(arguments))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `grace-tui ARGUMENTS` without a terminal, and wait for its end."""
        words = self._words(arguments)
        return subprocess.run(
            words, capture_output=True, text=True, cwd=self.root, env=self.environment, timeout=2 * PATIENCE
        )

    def status(self, *arguments: str) -> dict[str, Any]:
        done = self.run("status", "--json", "--timeout", str(PATIENCE), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        view: dict[str, Any] = json.loads(done.stdout)
        return view

    def press(self, name: str, *keys: str) -> None:
        self.tmux("send-keys", "-t", name, *keys)

    def screen(self, name: str) -> str:
        return self.tmux("capture-pane", "-p", "-t", name)

    def shows(self, name: str, *texts: str) -> str:
        """Wait until a terminal shows all of `texts`."""
        return self.until(name, lambda screen: all(text in screen for text in texts), f"{texts}")

    def hides(self, name: str, text: str) -> str:
        return self.until(name, lambda screen: text not in screen, f"no {text!r}")

    def until(self, name: str, reached: Callable[[str], bool], what: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while not reached(screen := self.screen(name)):
            assert time.monotonic() < deadline, f"{name} does not show {what} but\n{screen}"
            time.sleep(PAUSE)
        return screen

    def eventually(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something outside the terminals holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"

    def ended(self, name: str) -> None:
        """Wait until what ran in a terminal has ended, and the terminal with it."""
        deadline = time.monotonic() + PATIENCE
        while name in self.names():
            assert time.monotonic() < deadline, f"{name} still runs:\n{self.screen(name)}"
            time.sleep(PAUSE)

    def names(self) -> list[str]:
        done = self._tmux("list-sessions", "-F", "#{session_name}")
        return done.stdout.split() if done.returncode == 0 else []

    def tmux(self, *words: str) -> str:
        done = self._tmux(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def close(self) -> None:
        """End the room, where it is still open, and every terminal."""
        done = self.run("down")
        self._tmux("kill-server")
        assert done.returncode in (0, 3), done.stderr

    def _tmux(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = ["tmux", "-S", str(self.home / "tmux"), "-f", os.devnull, *words]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=PATIENCE)

    def _words(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "grace_tui", *arguments]
