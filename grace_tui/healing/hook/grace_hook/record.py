"""Writes what `describe` tells into the folder of evidence: one file a failure, whole or not at all."""

from __future__ import annotations

import itertools
import os
import sys
import sysconfig
from types import FrameType

from . import describe, names
from .calls import Plain
from .files import put
from .held import held_by

MOST_FILES = 500
"""Failures of one process that are written; more tell nothing new."""
_LINKS = 4
_NUMBERS = itertools.count(1)
_OUTSIDE = frozenset({"site-packages", "dist-packages", "node_modules", ".git"})


class Evidence:
    """The folder, and what is the program's own: files below the root where one is named, else all but libraries."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        root = os.environ.get("GRACE_ROOT", "")
        self.root = os.path.join(os.path.realpath(root), "") if root else ""
        self._own: dict[str, bool] = {}

    def own(self, file: str) -> bool:
        known = self._own.get(file)
        if known is None:
            known = self._own[file] = self._is_own(file)
        return known

    def _is_own(self, file: str) -> bool:
        if not file or file.startswith("<"):
            return False
        real = os.path.realpath(file)
        if self.root:
            parts = real[len(self.root) :].split(os.sep)
            return real.startswith(self.root) and _OUTSIDE.isdisjoint(parts) and not _below_prefix(real, self.root)
        return _OUTSIDE.isdisjoint(real.split(os.sep)) and not real.startswith(_stdlib()) and not _is_hook(real)

    def write(self, error: BaseException, *, fatal: bool, handled: bool, test: str = "") -> list[str]:
        """Describe an exception and keep what is told; return the files' names."""
        return [self.keep(plain) for plain in self.told(error, fatal=fatal, handled=handled, test=test)]

    def told(self, error: BaseException, *, fatal: bool, handled: bool, test: str = "") -> list[Plain]:
        """The failures that an exception tells of; of one that ended something also what it was raised from."""
        about = process(fatal=fatal, handled=handled, test=test)
        found = [{**plain, "process": about} for plain in describe.describe(error, self.own)]
        if not fatal:
            return found
        earlier = [link for leaf in describe.leaves_of(error)[:1] for link in describe.links_of(leaf)[-_LINKS:]]
        earlier = [link for link in earlier if link.__traceback__ is not None]  # else it was only told of, in text
        before = {**about, "fatal": False, "handled": True}
        found += [
            {**plain, "process": about} for each in self._held(error) for plain in describe.describe(each, self.own)
        ]
        return [{**plain, "process": before} for link in earlier for plain in describe.describe(link, self.own)] + found

    def _held(self, error: BaseException) -> list[BaseException]:
        """What an assertion about a result is really about."""
        none: list[BaseException] = []
        return names.seen(lambda: held_by(error, self.own), none) if isinstance(error, AssertionError) else none

    def unawaited(self, coroutine: object, frame: FrameType | None, test: str) -> list[Plain]:
        about = process(fatal=False, handled=False, test=test)
        return [{**plain, "process": about} for plain in describe.unawaited(coroutine, frame, self.own)]

    def keep(self, plain: Plain) -> str:
        number = next(_NUMBERS)
        if number > MOST_FILES:
            return ""
        return put(self.folder, f"{os.getpid()}-{number}.json", plain)


def _folder() -> str:
    return os.getcwd() if os.path.isdir(".") else ""


def process(*, fatal: bool, handled: bool, test: str) -> Plain:
    """What is known of this process."""
    return {
        "argv": list(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv]),
        "python": sys.executable,
        "version": ".".join(map(str, sys.version_info[:3])),
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "stdlib": sysconfig.get_path("stdlib") or "",
        "path": [os.path.abspath(entry) for entry in sys.path],
        "cwd": _folder(),
        "pid": os.getpid(),
        "parent": os.getppid(),
        "test": test or os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0],
        "fatal": fatal,
        "handled": handled,
    }


def _stdlib() -> str:
    return os.path.join(os.path.realpath(os.path.dirname(os.__file__)), "")


def _is_hook(file: str) -> bool:
    return file.startswith(os.path.join(os.path.dirname(os.path.realpath(__file__)), ""))


def _below_prefix(file: str, root: str) -> bool:
    """Whether a file belongs to an environment, or to a Python, that lies below the root."""
    for prefix in {sys.prefix, sys.base_prefix}:
        folder = os.path.join(os.path.realpath(prefix), "")
        if folder.startswith(root) and folder != root and file.startswith(folder):
            return True
    return False
