"""What git knows of the workspace's changes: its working tree against the last commit. Reads only, within bounds.

Nothing of the repository's own is run (no external diff, no text conversion, no monitor), and its index is not touched.
"""

import os
import shutil
import subprocess
import threading
from pathlib import Path

from grace_tui.kernel.errors import GraceError

SECONDS = 5.0
"""Longest that one question may take."""
LARGEST = 256 * 1024
_QUIET = ("-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "--no-optional-locks", "--no-pager")
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--relative", "HEAD", "--", ".")
_HEAD = ("log", "-1", "--no-color", "--format=# against %h of %cI: %s")


class NoGit(GraceError):
    """There is nothing that git could tell."""


class Git:
    """Asks git about one folder; `stop` ends a question that is being asked, from any thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._asking: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def changes(self) -> str:
        """The commit that is checked out, and the diff from it to the files as they are.

        Raises:
            NoGit: no git, no repository, no commit yet, or no answer in time.
        """
        program = shutil.which("git")
        if program is None:
            raise NoGit("there is no git on this machine")
        head = self._ask(program, *_HEAD)
        diff = self._ask(program, *_DIFF)
        return head + (diff or "nothing has changed\n")

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._asking is not None:
                self._asking.kill()

    def _ask(self, program: str, *words: str) -> str:
        process = self._begin([program, *_QUIET, *words])
        timer = threading.Timer(SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            with process:
                assert process.stdout is not None
                out = process.stdout.read(LARGEST + 1)
                if len(out) > LARGEST:
                    process.kill()
                    return out[:LARGEST].decode("utf-8", "replace")
                code = process.wait()
        finally:
            timer.cancel()
            with self._lock:
                self._asking = None
        if code == 0:
            return out.decode("utf-8", "replace")
        if code < 0:
            raise NoGit("the room closed first" if self._stopped else f"git did not answer within {SECONDS:g} s")
        raise NoGit(f"git {words[0]}: {out.decode('utf-8', 'replace').strip().partition(chr(10))[0]}")

    def _begin(self, words: list[str]) -> "subprocess.Popen[bytes]":
        own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        with self._lock:
            if self._stopped:
                raise NoGit("the room closed first")
            self._asking = subprocess.Popen(
                words,
                cwd=self.root,
                env={**own, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            return self._asking
