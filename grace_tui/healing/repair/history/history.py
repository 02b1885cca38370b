"""What the sources were before: the questions that diagnosis and the operators put to a history.

Versions are given newest first, and their texts are read when somebody looks at them.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from grace_tui.healing.repair.index.outline import parse


@dataclass(frozen=True)
class Version:
    """A file as it was at one time."""

    id: str
    """Of the commit or snapshot that held it."""
    at: float
    path: str
    """Where it was then, relative to the root."""
    read: Callable[[], str] = field(repr=False, compare=False)
    key: str = ""
    """The history's own name of the content, where it has one."""

    @cached_property
    def text(self) -> str:
        return self.read()

    @property
    def parses(self) -> bool:
        return isinstance(parse(self.text), ast.Module)


@dataclass(frozen=True)
class Place:
    """Where something used to be defined."""

    path: str
    qualname: str
    version: Version


@dataclass(frozen=True)
class Change:
    """What one step of history did to the files: the newest is what is not committed yet."""

    id: str
    """Of the state before it, which brings everything back."""
    at: float
    words: str
    """The step in a few words, such as `the changes since commit 1a2b3c4`."""
    files: tuple["Changed", ...]


@dataclass(frozen=True)
class Changed:
    """One file in a change. `before` is None for a file that it made, `after` for one that it deleted."""

    before: Version | None
    after: Version | None

    @property
    def old_path(self) -> str:
        return self.before.path if self.before is not None else ""

    @property
    def path(self) -> str:
        return self.after.path if self.after is not None else ""

    @property
    def moved(self) -> bool:
        return bool(self.path and self.old_path) and self.path != self.old_path


class History(Protocol):
    """Reads only. Without an answer in time, what is not known is left out."""

    @property
    def changes(self) -> Sequence[Change]:
        """The newest steps, newest first: uncommitted work, then the last commits or snapshots."""

    def versions(self, path: str) -> Iterator[Version]:
        """Earlier versions of a file, also of one that is gone, renames followed; only such as differ from the next."""

    def text_before(self, path: str) -> str | None:
        """What the file was before its last change; None where nothing is known."""

    def last_good(self, path: str) -> Version | None:
        """The newest earlier version that parses."""

    def defined(self, name: str) -> Sequence[Place]:
        """Where a name, or a qualified name such as `Log.append`, used to be defined and is no more; newest first."""

    def moved(self, path: str) -> tuple[str, ...]:
        """Where the content of a file that is gone went, newest first; for one that is there, where it came from."""

    def deleted(self) -> Sequence[Version]:
        """Last versions of the files that went in the newest steps, those that were moved included; newest first."""


class NoHistory:
    """A tree of which nothing earlier is known."""

    changes: Sequence[Change] = ()

    def versions(self, path: str) -> Iterator[Version]:
        yield from ()

    def text_before(self, path: str) -> str | None:
        return None

    def last_good(self, path: str) -> Version | None:
        return None

    def defined(self, name: str) -> Sequence[Place]:
        return ()

    def moved(self, path: str) -> tuple[str, ...]:
        return ()

    def deleted(self) -> Sequence[Version]:
        return ()
